#include "app/chain_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

using store::WatchedBlock;
using Evaluation = store::WatchFile::Evaluation;

std::string to_json(const core::Archive& archive) {
    std::string out;
    snapshot::append_json(archive, 0, out);
    return out;
}

core::Archive to_archive(const alert::Subject& subject) {
    core::Archive out;
    out.set("chain", subject.chain);
    out.set("protocol", subject.protocol);
    out.set("market", subject.market);
    out.set_optional("wallet", subject.wallet);
    return out;
}

alert::Subject restore_subject(const core::Archive& archive) {
    alert::Subject out{.chain = archive.text("chain"),
                       .protocol = archive.text("protocol"),
                       .market = archive.text("market"),
                       .wallet = std::nullopt};
    if (archive.has("wallet")) {
        out.wallet = archive.address("wallet");
    }
    return out;
}

/// A state that only tells when it was seen last need not be written with every block.
bool is_worth_writing(const alert::State& before, const alert::State& after) {
    const bool is_other = after.phase != alert::Phase::Quiet && before.last != after.last;
    return is_other || before.phase != after.phase || after.phase == alert::Phase::Pending ||
           after.seen.block < before.seen.block || before.sequence != after.sequence ||
           before.unknown_since_s != after.unknown_since_s || !before.seen_any;
}

}  // namespace

/// The answers of the last block, for the next one.
class ChainWatch::Kept : public collect::ReadingStore {
  public:
    [[nodiscard]] std::optional<snapshot::Snapshot> find(const collect::ChainRequest& /*request*/,
                                                         const chains::Block& /*block*/) override {
        return std::nullopt;
    }
    [[nodiscard]] std::optional<chains::evm::KeptAnswers> answers(
        const collect::ChainRequest& /*request*/) override {
        return answers_;
    }
    void keep(const collect::ChainRequest& /*request*/,
              const snapshot::Snapshot& /*read*/) override {}
    void keep(const collect::ChainRequest& /*request*/,
              const chains::evm::KeptAnswers& answers) override {
        answers_ = answers;
    }
    void forget() { answers_.reset(); }

  private:
    std::optional<chains::evm::KeptAnswers> answers_;
};

ChainWatch::ChainWatch(World& world, const WatchPlan& plan, ChosenChain chosen,
                       std::unique_ptr<chains::evm::RpcTransport> transport, store::WatchFile file)
    : world_(world),
      plan_(plan),
      chosen_(std::move(chosen)),
      transport_(std::move(transport)),
      file_(std::move(file)),
      instance_(file_.instance()),
      begun_at_s_(world.wall_s()),
      last_new_(world.clock.now()),
      kept_(std::make_unique<Kept>()) {
    restore();
}

ChainWatch::~ChainWatch() = default;

void ChainWatch::restore() {
    last_ = file_.last_block(chosen_.chain.name);
    Evaluation evaluation{.chain = chosen_.chain.name};
    for (const store::KeptAlert& kept : file_.alerts(chosen_.chain.name)) {
        Known known{.subject = restore_subject(snapshot::parse_json(kept.subject, {})),
                    .state = alert::restore_state(snapshot::parse_json(kept.state, {}))};
        const bool has_rule =
            std::any_of(plan_.rules.begin(), plan_.rules.end(), [&](const auto& rule) {
                const bool is_of_chain = known.subject.market.empty() && !known.subject.wallet;
                return rule.name == kept.rule &&
                       (rule.quantity != alert::Quantity::BlockAge || is_of_chain);
            });
        if (has_rule) {
            known_[kept.rule].insert_or_assign(kept.key, std::move(known));
        } else {
            forget(kept.rule, kept.key, known, evaluation);
        }
    }
    write(std::move(evaluation));
}

void ChainWatch::look(const std::function<bool()>& is_asked_to_stop) {
    const settings::Chain& chain = chosen_.chain;
    try {
        const auto head =
            chains::evm::read_head_of(*transport_, chain.name, chain.chain_id, "latest");
        plan_.listener->saw_head(chain.name, head.block);
        follow(head.block, is_asked_to_stop);
        if (is_blind_) {
            say(world_, fmt::format("chain {} can be read again", chain.name));
            is_blind_ = false;
        }
    } catch (const core::ChainError& error) {
        if (!is_blind_) {
            say(world_, fmt::format("chain {} could not be read: {}", chain.name, error.what()));
            is_blind_ = true;
        }
        plan_.listener->could_not_read(chain.name, error.kind());
        evaluate_blind(error.what());
    }
    evaluate_age();
    plan_.listener->looked(chain.name, !is_blind_);
}

std::optional<std::uint64_t> ChainWatch::last_that_stands(const chains::Block& head,
                                                          Evaluation& evaluation) {
    if (!last_) {
        return std::nullopt;
    }
    const bool is_lower = head.number.value() < last_->number;
    std::vector<WatchedBlock> kept{*last_};
    if (is_lower) {
        kept = file_.blocks(chosen_.chain.name);
        std::erase_if(kept,
                      [&](const WatchedBlock& one) { return one.number > head.number.value(); });
        if (kept.empty()) {  // it lags behind all that is known: that proves nothing
            return last_->number;
        }
    }
    const auto number = core::BlockNumber(kept.front().number);
    if (chains::evm::read_block(*transport_, number).hash == kept.front().hash) {
        // All that the node has is as it was; where that is lower, it lags.
        return last_->number;
    }
    return find_fork(head, evaluation);
}

std::optional<std::uint64_t> ChainWatch::find_fork(const chains::Block& head,
                                                   Evaluation& evaluation) {
    const std::string& chain = chosen_.chain.name;
    std::vector<WatchedBlock> kept = file_.blocks(chain);
    std::erase_if(kept, [&](const WatchedBlock& one) { return one.number > head.number.value(); });
    std::vector<core::BlockNumber> numbers;
    numbers.reserve(kept.size());
    for (const WatchedBlock& one : kept) {
        numbers.emplace_back(one.number);
    }
    const auto now = chains::evm::read_blocks(*transport_, numbers);
    const std::uint64_t highest = last_->number;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (now[i].hash == kept[i].hash) {
            say(world_, fmt::format("chain {}: blocks {} to {} were reorganised away", chain,
                                    kept[i].number + 1, highest));
            plan_.listener->reorganised(chain, highest - kept[i].number);
            evaluation.forget_after = kept[i].number;
            last_ = kept[i];
            return last_->number;
        }
    }
    say(world_, fmt::format("chain {}: all of the last {} blocks that were evaluated were "
                            "reorganised away",
                            chain, kept.size()));
    plan_.listener->reorganised(chain, kept.size());
    evaluation.forget_after = 0;
    last_.reset();
    return std::nullopt;
}

void ChainWatch::follow(const chains::Block& head, const std::function<bool()>& is_asked_to_stop) {
    Evaluation evaluation{.chain = chosen_.chain.name};
    const auto last = last_that_stands(head, evaluation);
    if (evaluation.forget_after) {
        undo(*evaluation.forget_after, evaluation);
        write(std::exchange(evaluation, {.chain = chosen_.chain.name}));
    }
    const std::uint64_t to = head.number.value();
    std::uint64_t from = last ? *last + 1 : to;
    if (to >= from + kCatchUp) {
        say(world_, fmt::format("chain {}: blocks {} to {} are not evaluated: they passed while "
                                "nobody watched",
                                chosen_.chain.name, from, to - kCatchUp));
        from = to - kCatchUp + 1;
    }
    for (std::uint64_t number = from; number <= to && !is_asked_to_stop(); ++number) {
        try {
            evaluate({number == to ? core::to_hex(head.hash) : std::to_string(number)});
            failures_ = 0;
        } catch (const core::ChainError& error) {
            // It is tried again with the next look; the head, whatever it is then, for ever.
            if (number == to || ++failures_ < kTries) {
                throw;
            }
            say(world_, fmt::format("chain {}: block {} is not evaluated: {}", chosen_.chain.name,
                                    number, error.what()));
            failures_ = 0;
        }
    }
}

void ChainWatch::undo(std::uint64_t after, Evaluation& evaluation) {
    kept_->forget();
    for (auto& [rule, alerts] : known_) {
        for (auto& [key, known] : alerts) {
            const alert::State before = known.state;
            alert::undo_after(after, known.state);
            if (is_worth_writing(before, known.state)) {
                keep(rule, key, known, evaluation);
            }
        }
    }
}

void ChainWatch::keep(const std::string& rule, const std::string& key, const Known& known,
                      Evaluation& evaluation) {
    evaluation.alerts.push_back({.key = key,
                                 .rule = rule,
                                 .subject = to_json(to_archive(known.subject)),
                                 .state = to_json(alert::to_archive(known.state))});
}

snapshot::Snapshot ChainWatch::read(const collect::BlockSelector& block) {
    collect::CollectOptions how;
    how.readings = kept_.get();
    how.clock = &world_.clock;
    const auto unreadable = [&](std::string_view why) {
        return core::ChainError(core::ErrorKind::UnknownBlock, chosen_.chain.name, why);
    };
    try {
        auto read = collect::collect(plan_.settings,
                                     {{.chain = chosen_.chain,
                                       .transport = transport_.get(),
                                       .block = block,
                                       .wallets = chosen_.wallets}},
                                     how);
        const auto& gaps = read.snapshot.gaps;
        if (!read.unreadable_chains.empty() || read.snapshot.chains.empty()) {
            throw unreadable(gaps.empty() ? "it could not be read" : gaps.front().detail);
        }
        // Some 35,000 years, which keeps sums of seconds within 64 bits.
        constexpr std::uint64_t kSecondsMax = std::uint64_t{1} << 40U;
        if (read.snapshot.chains.front().timestamp.value() > kSecondsMax) {
            throw unreadable("its block is of a time that cannot be");
        }
        return std::move(read.snapshot);
    } catch (const core::InputError& error) {
        // A block that a node behind the same address does not have, or not any more.
        throw unreadable(error.what());
    }
}

void ChainWatch::evaluate(const collect::BlockSelector& block) {
    const auto begun = world_.clock.now();
    const snapshot::Snapshot snapshot = read(block);
    auto options = plan_.report;
    options.wallets = chosen_.wallets;
    const auto kept =
        std::make_shared<const report::Report>(report::make_report(snapshot, options));
    const report::Report& report = *kept;
    const snapshot::ChainCut& cut = snapshot.chains.front();
    last_ = WatchedBlock{
        .number = cut.number.value(), .hash = cut.hash, .timestamp = cut.timestamp.value()};
    last_new_ = world_.clock.now();
    Evaluation evaluation{.chain = chosen_.chain.name, .block = last_};
    for (const alert::Rule& rule : plan_.rules) {
        const auto values =
            alert::observe(report, chosen_.chain.name, chosen_.wallets, rule.quantity);
        for (const auto& [subject, value] : values) {
            step(rule, subject, value, evaluation);
        }
        if (rule.quantity != alert::Quantity::BlockAge) {
            evaluate_absent(rule, report, values, evaluation);
        }
    }
    write(std::move(evaluation));
    plan_.listener->evaluated(chosen_.chain.name, *last_, kept, world_.clock.now() - begun);
}

void ChainWatch::evaluate_absent(const alert::Rule& rule, const report::Report& report,
                                 const std::map<alert::Subject, alert::Value>& values,
                                 Evaluation& evaluation) {
    for (auto& [key, known] : known_[rule.name]) {
        if (values.contains(known.subject)) {
            continue;
        }
        const auto value = alert::value_of_absent(report, known.subject, chosen_.wallets);
        if (value.is_known && !alert::is_watched(report, known.subject, chosen_.wallets)) {
            forget(rule.name, key, known, evaluation);
        } else {
            step(rule, known.subject, value, evaluation);
        }
    }
}

/// Nobody asked for it any more: that is no good news of it.
void ChainWatch::forget(const std::string& rule, const std::string& key, Known& known,
                        Evaluation& evaluation) {
    const alert::State before = known.state;
    alert::forget(known.state);
    if (before.phase != alert::Phase::Quiet) {
        say(world_,
            fmt::format("not watched any more, and not resolved: {}", core::printable(key, 300)));
    }
    if (is_worth_writing(before, known.state)) {
        keep(rule, key, known, evaluation);
    }
}

void ChainWatch::evaluate_blind(const std::string& why) {
    Evaluation evaluation{.chain = chosen_.chain.name};
    for (const alert::Rule& rule : plan_.rules) {
        // That nothing is read is told once, by the age of the last block.
        if (rule.quantity == alert::Quantity::BlockAge ||
            rule.quantity == alert::Quantity::CoverageGaps) {
            continue;
        }
        for (auto& [key, known] : known_[rule.name]) {
            step(rule, known.subject, alert::unknown(why), evaluation);
        }
    }
    write(std::move(evaluation));
}

void ChainWatch::evaluate_age() {
    Evaluation evaluation{.chain = chosen_.chain.name};
    const std::uint64_t now_s = world_.wall_s();
    const std::uint64_t since = last_ ? last_->timestamp : begun_at_s_;
    // A clock on the wall that goes wrong hides no silence.
    const auto waited =
        std::chrono::duration_cast<std::chrono::seconds>(world_.clock.now() - last_new_);
    const std::uint64_t age =
        std::max(now_s > since ? now_s - since : 0, static_cast<std::uint64_t>(waited.count()));
    const alert::Subject subject{
        .chain = chosen_.chain.name, .protocol = {}, .market = {}, .wallet = std::nullopt};
    for (const alert::Rule& rule : plan_.rules) {
        if (rule.quantity == alert::Quantity::BlockAge) {
            step(rule, subject, {.number = alert::whole(age), .is_known = true, .because = {}},
                 evaluation);
        }
    }
    write(std::move(evaluation));
}

void ChainWatch::write(Evaluation evaluation) {
    evaluation.at = world_.wall_s();
    file_.write(evaluation);
    plan_.listener->wrote(chosen_.chain.name);
    for (const std::string& line : std::exchange(told_, {})) {
        print_line(world_, line);
    }
}

void ChainWatch::step(const alert::Rule& rule, const alert::Subject& subject,
                      const alert::Value& value, Evaluation& evaluation) {
    const std::string key = alert_key(rule, subject);
    const auto found = known_[rule.name].try_emplace(key, Known{.subject = subject, .state = {}});
    alert::State& state = found.first->second.state;
    const alert::State before = state;
    const std::uint64_t now_s = world_.wall_s();
    const alert::Moment at{.block = last_ ? last_->number : 0,
                           .chain_s = last_ ? last_->timestamp : 0,
                           .wall_s = now_s};
    for (const alert::Transition& transition : alert::step(rule, value, at, state)) {
        tell({.rule = rule,
              .subject = subject,
              .value = value,
              .state = state,
              .transition = transition,
              .chain_id = chosen_.chain.chain_id,
              .block = at.block,
              .block_hash = last_ ? last_->hash : core::Hash{},
              .block_time = core::Timestamp(at.chain_s),
              .at_s = now_s},
             evaluation);
    }
    if (is_worth_writing(before, state)) {
        keep(rule.name, key, found.first->second, evaluation);
    }
}

void ChainWatch::tell(const AlertMessage& message, Evaluation& evaluation) {
    told_.push_back(to_text(message));
    const std::string alert = alert_key(message.rule, message.subject);
    const auto& names = message.rule.channels.empty() ? plan_.channels : message.rule.channels;
    const std::string body = to_json(message);
    plan_.listener->found(chosen_.chain.name, message, body);
    for (const std::string& channel : names) {
        evaluation.messages.push_back(
            {.id = 0,
             .key = message_key(instance_, alert, message.transition, channel),
             .alert = alert,
             .channel = channel,
             .body = body,
             .is_urgent = message.rule.severity == alert::Severity::Critical,
             .created_at = message.at_s,
             .attempts = 0});
    }
}

}  // namespace margrave::app
