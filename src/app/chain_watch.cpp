#include "app/chain_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "report/health_report.hpp"
#include "snapshot/claims.hpp"
#include "store/compress.hpp"
#include "store/watch_facts.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {
namespace {

using store::WatchedBlock;
using Evaluation = store::WatchFile::Evaluation;

/// The newest episode that somebody acknowledged, by alert.
Notes read_notes(store::WatchFile& file, std::uint64_t now_s) {
    Notes notes{.silences = store::read_silences(file.database(), now_s), .acknowledged = {}};
    for (const auto& [alert, one] : store::read_acknowledgements(file.database())) {
        notes.acknowledged.emplace(alert, one.episode);
    }
    return notes;
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
                       std::unique_ptr<chains::evm::RpcTransport> transport, store::WatchFile file,
                       std::optional<CascadeWatch> cascade)
    : world_(world),
      plan_(plan),
      chosen_(std::move(chosen)),
      transport_(std::move(transport)),
      file_(std::move(file)),
      book_(plan_, chosen_.chain.name, chosen_.chain.chain_id, chosen_.wallets, file_.instance()),
      series_(chosen_.chain.name, chosen_.wallets),
      begun_at_s_(world.wall_s()),
      last_new_(world.clock.now()),
      kept_(std::make_unique<Kept>()),
      kept_of_near_(std::make_unique<Kept>()),
      pace_(chosen_.chain.far_every_s, chosen_.wallets),
      cascade_watch_(std::move(cascade)) {
    restore();
}

ChainWatch::~ChainWatch() = default;

void ChainWatch::restore() {
    last_ = file_.last_block(chosen_.chain.name);
    say_all(book_.restore(file_.alerts(chosen_.chain.name)));
    book_.restore_facts(store::read_facts(file_.database(), chosen_.chain.name),
                        last_.value_or(WatchedBlock{}));
}

FoundAt ChainWatch::now() const {
    FoundAt out{.block = last_.value_or(WatchedBlock{}), .wall_s = world_.wall_s()};
    if (snapshot_ && !is_of_all_) {
        out.kept_of.emplace(snapshot_->wallets.begin(), snapshot_->wallets.end());
    }
    return out;
}

void ChainWatch::look(const std::function<bool()>& is_asked_to_stop) {
    const settings::Chain& chain = chosen_.chain;
    try {
        const auto head =
            chains::evm::read_head_of(*transport_, chain.name, chain.chain_id, "latest");
        plan_.listener->saw_head(chain.name, head.block);
        follow(head, is_asked_to_stop);
        if (is_blind_) {
            say(world_, fmt::format("chain {} can be read again", chain.name));
            is_blind_ = false;
            whole_.is_due = true;  // what was not known meanwhile
            cascade_.every_s = std::min(cascade_.every_s, kCascadeAgainS);
        }
    } catch (const core::ChainError& error) {
        if (!is_blind_) {
            say(world_, fmt::format("chain {} could not be read: {}", chain.name, error.what()));
            is_blind_ = true;
        }
        pace_.forget();
        plan_.listener->could_not_read(chain.name, error.kind());
        book_.evaluate_blind(error.what(), now());
    }
    if (!is_blind_) {  // else it would be known of a chain of which nothing is
        take_what_came();
    }
    evaluate_age();
    plan_.listener->looked(chain.name, !is_blind_);
}

std::optional<std::uint64_t> ChainWatch::last_that_stands(const chains::Block& head) {
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
    return find_fork(head);
}

std::optional<std::uint64_t> ChainWatch::find_fork(const chains::Block& head) {
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
            last_ = kept[i];
            undo_after(last_->number);
            return last_->number;
        }
    }
    say(world_, fmt::format("chain {}: all of the last {} blocks that were evaluated were "
                            "reorganised away",
                            chain, kept.size()));
    plan_.listener->reorganised(chain, kept.size());
    last_.reset();
    undo_after(0);
    return std::nullopt;
}

/// A head that was passed over is looked at when that is due meanwhile.
std::uint64_t ChainWatch::first_new(std::optional<std::uint64_t> last, std::uint64_t head) const {
    if (!last) {
        return head;
    }
    const std::uint64_t passed = passed_over_ ? passed_over_->number.value() + 1 : 0;
    return std::max(*last + 1, std::min(passed, head));
}

void ChainWatch::follow(const chains::evm::Head& newest,
                        const std::function<bool()>& is_asked_to_stop) {
    const chains::Block& head = newest.block;
    const auto last = last_that_stands(head);
    const std::uint64_t to = head.number.value();
    std::uint64_t from = first_new(last, to);
    if (to >= from + kCatchUp && !pace_.is_nobody_near()) {
        say(world_, fmt::format("chain {}: blocks {} to {} are not evaluated: they passed while "
                                "nobody watched",
                                chosen_.chain.name, from, to - kCatchUp));
        from = to - kCatchUp + 1;
    }
    for (std::uint64_t number = from; number <= to && !is_asked_to_stop(); ++number) {
        number = pace_.is_nobody_near() ? to : number;
        try {
            const auto next = number == to ? newest
                                           : chains::evm::read_head_of(
                                                 *transport_, chosen_.chain.name,
                                                 chosen_.chain.chain_id, std::to_string(number));
            check_follows(next);
            evaluate(next.block);
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

/// Of the nodes behind an endpoint some may not have heard of a reorganisation yet: a block of
/// theirs must not stand for the one that is before this.
void ChainWatch::check_follows(const chains::evm::Head& next) const {
    const bool is_next = last_ && next.block.number.value() == last_->number + 1;
    if (is_next && next.parent && *next.parent != last_->hash) {
        throw core::ChainError(
            core::ErrorKind::WrongBlock, chosen_.chain.name,
            fmt::format("block {} does not follow the block {} that was evaluated",
                        next.block.number.value(), last_->number));
    }
}

void ChainWatch::undo_after(std::uint64_t number) {
    kept_->forget();
    kept_of_near_->forget();
    pace_.forget();
    passed_over_.reset();
    discard_after(number, whole_);
    discard_after(number, cascade_);
    book_.undo_after(number);
    close({.chain = chosen_.chain.name, .forget_after = number});
}

snapshot::Snapshot ChainWatch::read(const core::Hash& block,
                                    const std::vector<core::Address>& wallets) {
    collect::CollectOptions how;
    how.readings = wallets.size() == chosen_.wallets.size() ? kept_.get() : kept_of_near_.get();
    how.clock = &world_.clock;
    constexpr std::size_t kCallsMax = 2'500;
    how.calls_max = kCallsMax;
    const auto unreadable = [&](std::string_view why) {
        return core::ChainError(core::ErrorKind::UnknownBlock, chosen_.chain.name, why);
    };
    try {
        auto read = collect::collect(plan_.settings,
                                     {{.chain = chosen_.chain,
                                       .transport = transport_.get(),
                                       .block = {core::to_hex(block)},
                                       .wallets = wallets}},
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

report::Options ChainWatch::report_options(const std::vector<core::Address>& wallets) const {
    auto options = plan_.report;
    options.wallets = wallets;
    return options;
}

void ChainWatch::evaluate(const chains::Block& block) {
    const auto wallets = pace_.due(block.timestamp.value());
    if (wallets.empty()) {
        if (!passed_over_ || passed_over_->hash != block.hash) {
            passed_over_ = block;
            last_new_ = world_.clock.now();
            plan_.listener->passed_over(chosen_.chain.name, block);
        }
        return;
    }
    const auto begun = world_.clock.now();
    snapshot_ = std::make_shared<const snapshot::Snapshot>(read(block.hash, wallets));
    is_of_all_ = wallets.size() == chosen_.wallets.size();
    passed_over_.reset();  // not before it could be read: till then nothing is silent
    const snapshot::ChainCut& cut = snapshot_->chains.front();
    last_ = WatchedBlock{
        .number = cut.number.value(), .hash = cut.hash, .timestamp = cut.timestamp.value()};
    last_new_ = world_.clock.now();
    if (is_of_all_) {
        evaluate_all(begun);
    } else {
        evaluate_near(wallets, begun);
    }
}

void ChainWatch::evaluate_all(Time begun) {
    const auto report = report::make_health_report(*snapshot_, report_options(chosen_.wallets));
    book_.learn_facts(*snapshot_, report, now());
    say_all(book_.evaluate(report, alert::Depth::Health, now()));
    learn_pace(report, chosen_.wallets);
    close({.chain = chosen_.chain.name,
           .block = last_,
           .points = series_.record(report, alert::Depth::Health, last_->number, last_->timestamp),
           .schedule = new_schedule()});
    plan_.listener->evaluated(chosen_.chain.name, *last_, report, world_.clock.now() - begun);
    put_aside();
}

void ChainWatch::evaluate_near(const std::vector<core::Address>& wallets, Time begun) {
    const auto report = report::make_health_report(*snapshot_, report_options(wallets));
    book_.evaluate_some(report, wallets, now());
    learn_pace(report, wallets);
    close({.chain = chosen_.chain.name,
           .block = last_,
           .points = series_.record_some(report, wallets, last_->number, last_->timestamp),
           .schedule = new_schedule()});
    plan_.listener->evaluated_near(chosen_.chain.name, *last_, world_.clock.now() - begun);
}

void ChainWatch::learn_pace(const report::Report& report,
                            const std::vector<core::Address>& wallets) {
    if (pace_.far_every_s() == 0) {
        return;
    }
    pace_.learn(report, wallets, book_.waiting(), last_->timestamp);
    const bool may_miss_accounts =
        std::any_of(report.gaps.begin(), report.gaps.end(), [](const auto& gap) {
            return snapshot::parse_smart_account_kind(gap.protocol).has_value();
        });
    if (may_miss_accounts && !is_of_all_) {
        pace_.forget();  // of which only a look at all says that they are not known
    }
}

/// For people; nullopt where the file has it.
std::optional<store::Schedule> ChainWatch::new_schedule() {
    store::Schedule now{
        .far_every_s = pace_.far_every_s(), .wallets = chosen_.wallets.size(), .near = {}};
    for (const core::Address& wallet : pace_.near()) {
        now.near.push_back(wallet.to_string());
    }
    if (schedule_ == now) {
        return std::nullopt;
    }
    schedule_ = now;
    return now;
}

void ChainWatch::put_aside() {
    // After a start, or a reorganisation, there is no reading of the last block.
    if (!last_ || !is_of_all_ || !snapshot_ || snapshot_->chains.front().hash != last_->hash) {
        return;
    }
    put_aside(whole_);
    if (cascade_watch_) {
        put_aside(cascade_);
    }
}

/// When it is due. A reorganisation can lead back in time.
void ChainWatch::put_aside(Aside& aside) const {
    const bool is_due = aside.is_due || !aside.block || last_->timestamp < aside.block->timestamp ||
                        last_->timestamp - aside.block->timestamp >= aside.every_s;
    if (is_due && aside.desk.is_free()) {
        aside.desk.put({.block = *last_, .snapshot = snapshot_});
        aside.block = last_;
        aside.is_due = false;
    }
}

void ChainWatch::discard_after(std::uint64_t number, Aside& aside) {
    if (aside.block && aside.block->number > number) {
        aside.desk.discard();
        aside.block.reset();
    }
}

bool ChainWatch::report_aside() {
    return whole_.desk.work([&](Task task) {
        try {
            task.report = std::make_shared<const report::Report>(
                report::make_report(*task.snapshot, report_options(chosen_.wallets)));
        } catch (const std::exception& error) {
            // A defect in what takes whole markets is no reason to look at nobody's health.
            task.failed_because = error.what();
        }
        return task;
    });
}

bool ChainWatch::cascade_aside(const std::function<bool()>& is_asked_to_stop) {
    return cascade_.desk.work([&](Task task) {
        auto found = cascade_watch_->carry_out(*task.snapshot, is_asked_to_stop);
        task.report = std::make_shared<const report::Report>(std::move(found.report));
        task.reading = std::move(found.reading);
        // Of one that was broken off nothing is told.
        return is_asked_to_stop() ? std::nullopt : std::optional(std::move(task));
    });
}

void ChainWatch::take_what_came() {
    if (const auto whole = whole_.desk.take()) {
        take_report(*whole);
    }
    if (const auto found = cascade_.desk.take()) {
        take_cascade(*found);
    }
    put_aside();  // what was due while the one before was in hand
}

void ChainWatch::take_report(const Task& whole) {
    const FoundAt at{.block = whole.block, .wall_s = world_.wall_s()};
    if (!whole.report) {
        say(world_, fmt::format("chain {}: the report of block {} could not be made: {}",
                                chosen_.chain.name, whole.block.number, whole.failed_because));
        book_.evaluate_unmade(
            report::make_health_report(*whole.snapshot, report_options(chosen_.wallets)),
            "the report could not be made: " + whole.failed_because, at);
        close({.chain = chosen_.chain.name}, at, alert::Depth::Whole, evidence_of(whole.snapshot));
        return;
    }
    book_.learn_factors(*whole.report);
    say_all(book_.evaluate(*whole.report, alert::Depth::Whole, at));
    close({.chain = chosen_.chain.name,
           .points = series_.record(*whole.report, alert::Depth::Whole, at.block.number,
                                    at.block.timestamp)},
          at, alert::Depth::Whole, evidence_of(whole.snapshot));
    plan_.listener->reported(chosen_.chain.name, whole.report);
}

void ChainWatch::take_cascade(const Task& found) {
    // Of a book it is the book's own block.
    const snapshot::ChainCut& cut = found.report->chains.front();
    FoundAt at{.block = {.number = cut.number.value(),
                         .hash = cut.hash,
                         .timestamp = cut.timestamp.value()},
               .wall_s = world_.wall_s()};
    if (found.reading.empty()) {
        at.kept_of.emplace();  // nobody's
    }
    const auto& falls = found.report->cascade_falls;
    const bool is_unknown = std::any_of(
        falls.begin(), falls.end(), [](const auto& fall) { return !fall.unknown_because.empty(); });
    cascade_.every_s = is_unknown ? std::min(cascade_watch_->every_s(), kCascadeAgainS)
                                  : cascade_watch_->every_s();
    say_all(book_.evaluate(*found.report, alert::Depth::Cascade, at));
    close({.chain = chosen_.chain.name,
           .points = series_.record(*found.report, alert::Depth::Cascade, at.block.number,
                                    at.block.timestamp)},
          at, alert::Depth::Cascade, [&] {
              return found.reading.empty() ? std::nullopt
                                           : std::optional(store::PackedSnapshot{
                                                 .chain = chosen_.chain.name,
                                                 .number = at.block.number,
                                                 .hash = cascade_reading(at.block.hash),
                                                 .body = store::compress(found.reading)});
          });
}

void ChainWatch::evaluate_age() {
    const std::uint64_t now_s = world_.wall_s();
    const std::uint64_t passed_s = passed_over_ ? passed_over_->timestamp.value() : 0;
    const std::uint64_t since = std::max(last_ ? last_->timestamp : begun_at_s_, passed_s);
    // A clock on the wall that goes wrong hides no silence.
    const auto waited =
        std::chrono::duration_cast<std::chrono::seconds>(world_.clock.now() - last_new_);
    const std::uint64_t age =
        std::max(now_s > since ? now_s - since : 0, static_cast<std::uint64_t>(waited.count()));
    book_.evaluate_age(age, now());
    close({.chain = chosen_.chain.name});
}

void ChainWatch::close(Evaluation evaluation) {
    close(std::move(evaluation), now(), std::nullopt, evidence_of(snapshot_));
}

void ChainWatch::close(Evaluation evaluation, const FoundAt& at, std::optional<alert::Depth> depth,
                       const Evidence& evidence) {
    const auto lines = book_.close(read_notes(file_, at.wall_s), at, depth, evaluation);
    const bool needs_evidence = !evaluation.messages.empty();
    evaluation.at = at.wall_s;
    file_.write(evaluation);
    plan_.listener->wrote(chosen_.chain.name);
    for (const std::string& line : lines) {
        print_line(world_, line);
    }
    if (needs_evidence) {  // whose writing takes longer than the messages should wait
        file_.write({.chain = chosen_.chain.name, .snapshot = evidence(), .at = at.wall_s});
    }
}

ChainWatch::Evidence ChainWatch::evidence_of(const SharedSnapshot& snapshot) {
    return [this, snapshot]() -> std::optional<store::PackedSnapshot> {
        if (!snapshot) {
            return std::nullopt;
        }
        const snapshot::ChainCut& cut = snapshot->chains.front();
        const std::string hash = core::to_hex(cut.hash);
        if (store::has_snapshot(file_.database(), hash)) {
            return std::nullopt;
        }
        return store::PackedSnapshot{.chain = chosen_.chain.name,
                                     .number = cut.number.value(),
                                     .hash = hash,
                                     .body = store::compress(snapshot::to_json(*snapshot))};
    };
}

void ChainWatch::say_all(const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
        say(world_, note);
    }
}

}  // namespace margrave::app
