#include "app/chain_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "app/evaluated_blocks.hpp"
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

ChainWatch::ChainWatch(World& world, const WatchPlan& plan, ChosenChain chosen,
                       std::unique_ptr<chains::evm::RpcTransport> transport, store::WatchFile file,
                       std::optional<CascadeWatch> cascade)
    : world_(world),
      plan_(plan),
      chosen_(std::move(chosen)),
      transport_(std::move(transport)),
      file_(std::move(file)),
      book_(plan_, chosen_.chain.name, chosen_.chain.chain_id, chosen_.wallets, file_.instance()),
      series_(chosen_.chain.name),
      begun_at_s_(world.wall_s()),
      last_new_(world.clock.now()),
      reader_(world_, plan_, chosen_, *transport_),
      pace_(chosen_.chain.far_every_s, chosen_.wallets),
      all_{.wallets = chosen_.wallets, .is_of_all = true},
      cascade_watch_(std::move(cascade)) {
    restore();
}

void ChainWatch::restore() {
    last_ = file_.last_block(chosen_.chain.name);
    if (last_) {
        const std::string hash = core::to_hex(last_->hash);
        owes_evidence_ = file_.is_told_of(hash) && !store::has_snapshot(file_.database(), hash);
    }
    const auto passed = store::read_passed(file_.database(), chosen_.chain.name);
    passed_s_ = passed ? passed->timestamp : 0;
    say_all(book_.restore(file_.alerts(chosen_.chain.name)));
    std::vector<ChannelPlan> newcomers = plan_.channels;
    std::erase_if(newcomers,
                  [&](const ChannelPlan& channel) { return file_.has_messages_for(channel.name); });
    book_.welcome(std::move(newcomers));
    book_.restore_facts(store::read_facts(file_.database(), chosen_.chain.name),
                        last_.value_or(WatchedBlock{}));
}

FoundAt ChainWatch::now() const {
    FoundAt out{.block = last_.value_or(WatchedBlock{}), .wall_s = world_.wall_s()};
    if (snapshot_ && !scope_.is_of_all) {
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
            whole_.make_due();  // what was not known meanwhile
            cascade_.set_every(std::min(cascade_.every_s(), kCascadeAgainS));
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
    plan_.listener->agreed(chain.name, transport_->agreement(), !is_blind_);
    plan_.listener->looked(chain.name, !is_blind_);
}

void ChainWatch::follow_fork(const chains::Block& head) {
    if (!last_) {
        return;
    }
    const std::string& chain = chosen_.chain.name;
    const auto fork = find_fork(*transport_, file_, chain, *last_, head);
    if (!fork) {
        return;
    }
    if (fork->stands) {
        say(world_, fmt::format("chain {}: blocks {} to {} were reorganised away", chain,
                                fork->first_lost, last_->number));
        plan_.listener->reorganised(chain, last_->number - fork->first_lost + 1);
    } else {
        say(world_, fmt::format("chain {}: all of the last {} blocks that were evaluated were "
                                "reorganised away",
                                chain, fork->lost));
        plan_.listener->reorganised(chain, fork->lost);
    }
    last_ = fork->stands;
    first_lost_ = fork->first_lost;
    reader_.forget();
    pace_.forget();
    passed_over_.reset();
    passed_s_ = 0;
    const std::uint64_t number = last_ ? last_->number : 0;
    whole_.undo_after(number);
    cascade_.undo_after(number);
    book_.undo_after(number);
    close({.chain = chain, .forget_after = number});
}

/// A head that was passed over is looked at when that is due meanwhile; what had no look before a
/// reorganisation needs none behind it.
std::uint64_t ChainWatch::first_new(std::uint64_t head) const {
    if (!last_) {
        return head;
    }
    const std::uint64_t passed = passed_over_ ? passed_over_->number.value() + 1 : 0;
    return std::max(last_->number + 1, std::min(std::max(passed, first_lost_), head));
}

void ChainWatch::follow(const chains::evm::Head& newest,
                        const std::function<bool()>& is_asked_to_stop) {
    const chains::Block& head = newest.block;
    keep_what_is_owed();
    follow_fork(head);
    const std::uint64_t to = head.number.value();
    std::uint64_t from = first_new(to);
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
            failing_since_.reset();
        } catch (const core::ChainError& error) {
            const Time now = world_.clock.now();
            failing_since_ = failing_since_.value_or(now);
            // It is tried again with the next look; the head, whatever it is then, for ever.
            if (number == to || ++failures_ < kTries || now - *failing_since_ < kTriedFor) {
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

report::Options ChainWatch::report_options(const alert::Scope& scope) const {
    auto options = plan_.report;
    options.wallets = scope.wallets;
    return options;
}

void ChainWatch::pass_over(const chains::Block& block) {
    // A node that shows less than was seen lags.
    const bool is_news =
        !passed_over_ || (block.number >= passed_over_->number && block.hash != passed_over_->hash);
    if (is_news) {
        passed_over_ = block;
        passed_s_ = block.timestamp.value();
        last_new_ = world_.clock.now();
        close(
            {.chain = chosen_.chain.name,
             .passed = store::PassedBlock{.number = block.number.value(), .timestamp = passed_s_}});
        plan_.listener->passed_over(chosen_.chain.name, block);
    }
}

void ChainWatch::evaluate(const chains::Block& block) {
    const std::string& chain = chosen_.chain.name;
    alert::Scope due = pace_.due(block.timestamp.value());
    if (due.wallets.empty()) {
        pass_over(block);
        return;
    }
    const Time begun = world_.clock.now();
    auto [snapshot, report] = read_health(block.hash, due);
    snapshot_ = std::move(snapshot);
    scope_ = std::move(due);
    passed_over_.reset();  // not before it could be read: till then nothing is silent
    passed_s_ = 0;
    const snapshot::ChainCut& cut = snapshot_->chains.front();
    last_ = WatchedBlock{
        .number = cut.number.value(), .hash = cut.hash, .timestamp = cut.timestamp.value()};
    last_new_ = world_.clock.now();
    if (scope_.is_of_all) {
        book_.learn_facts(*snapshot_, report, now());
    }
    say_all(book_.evaluate(report, scope_, alert::Depth::Health, now()));
    learn_pace(report);
    close({.chain = chain,
           .block = last_,
           .points = series_.record(report, scope_, alert::Depth::Health, *last_),
           .schedule = new_schedule()});
    const auto took = world_.clock.now() - begun;
    if (scope_.is_of_all) {
        plan_.listener->evaluated(chain, *last_, report, took);
        put_aside();
    } else {
        plan_.listener->evaluated_near(chain, *last_, took);
    }
}

/// A defect in reading a chain, or in what is made of that, blinds nobody but this chain.
std::pair<ChainWatch::SharedSnapshot, report::Report> ChainWatch::read_health(
    const core::Hash& block, const alert::Scope& scope) {
    try {
        auto snapshot = std::make_shared<const snapshot::Snapshot>(reader_.read(block, scope));
        auto report = report::make_health_report(*snapshot, report_options(scope));
        return {std::move(snapshot), std::move(report)};
    } catch (const core::ChainError&) {
        throw;
    } catch (const std::exception& error) {
        throw core::ChainError(
            core::ErrorKind::BadData, chosen_.chain.name,
            fmt::format("block {}: a defect of margrave: {}", core::to_hex(block), error.what()));
    }
}

void ChainWatch::learn_pace(const report::Report& report) {
    if (pace_.far_every_s() == 0) {
        return;
    }
    pace_.learn(report, scope_, book_.waiting(), last_->timestamp);
    const bool may_miss_accounts =
        std::any_of(report.gaps.begin(), report.gaps.end(), [](const auto& gap) {
            return snapshot::parse_smart_account_kind(gap.protocol).has_value();
        });
    if (may_miss_accounts && !scope_.is_of_all) {
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
    if (!last_ || !scope_.is_of_all || !snapshot_ ||
        snapshot_->chains.front().hash != last_->hash) {
        return;
    }
    whole_.put(*last_, snapshot_);
    if (cascade_watch_) {
        cascade_.put(*last_, snapshot_);
    }
}

bool ChainWatch::report_aside() {
    return whole_.desk().work([&](Aside::Task task) {
        try {
            task.report = std::make_shared<const report::Report>(
                report::make_report(*task.snapshot, report_options(all_)));
        } catch (const std::exception& error) {
            // A defect in what takes whole markets is no reason to look at nobody's health.
            task.failed_because = error.what();
        }
        return task;
    });
}

bool ChainWatch::cascade_aside(const std::function<bool()>& is_asked_to_stop) {
    return cascade_.desk().work([&](Aside::Task task) {
        auto found = cascade_watch_->carry_out(*task.snapshot, is_asked_to_stop);
        task.report = std::make_shared<const report::Report>(std::move(found.report));
        task.reading = std::move(found.reading);
        // Of one that was broken off nothing is told.
        return is_asked_to_stop() ? std::nullopt : std::optional(std::move(task));
    });
}

void ChainWatch::take_what_came() {
    if (const auto whole = whole_.desk().take()) {
        take_report(*whole);
    }
    if (const auto found = cascade_.desk().take()) {
        take_cascade(*found);
    }
    put_aside();  // what was due while the one before was in hand
}

void ChainWatch::take_report(const Aside::Task& whole) {
    const FoundAt at{.block = whole.block, .wall_s = world_.wall_s()};
    if (!whole.report) {
        say(world_, fmt::format("chain {}: the report of block {} could not be made: {}",
                                chosen_.chain.name, whole.block.number, whole.failed_because));
        book_.evaluate_unmade(report::make_health_report(*whole.snapshot, report_options(all_)),
                              "the report could not be made: " + whole.failed_because, at);
        close({.chain = chosen_.chain.name}, at, alert::Depth::Whole, evidence_of(whole.snapshot));
        return;
    }
    book_.learn_factors(*whole.report);
    say_all(book_.evaluate(*whole.report, all_, alert::Depth::Whole, at));
    close({.chain = chosen_.chain.name,
           .points = series_.record(*whole.report, all_, alert::Depth::Whole, at.block)},
          at, alert::Depth::Whole, evidence_of(whole.snapshot));
    plan_.listener->reported(chosen_.chain.name, whole.report);
}

void ChainWatch::take_cascade(const Aside::Task& found) {
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
    const std::uint64_t every_s = cascade_watch_->every_s();
    cascade_.set_every(is_unknown ? std::min(every_s, kCascadeAgainS) : every_s);
    say_all(book_.evaluate(*found.report, all_, alert::Depth::Cascade, at));
    close({.chain = chosen_.chain.name,
           .points = series_.record(*found.report, all_, alert::Depth::Cascade, at.block)},
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
    const std::uint64_t since = std::max(last_ ? last_->timestamp : begun_at_s_, passed_s_);
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

/// A watch that was killed between telling and keeping what that is of.
void ChainWatch::keep_what_is_owed() {
    if (!std::exchange(owes_evidence_, false)) {
        return;
    }
    try {
        file_.write({.chain = chosen_.chain.name,
                     .snapshot = evidence_of(read_health(last_->hash, all_).first)(),
                     .at = world_.wall_s()});
    } catch (const core::ChainError& error) {
        say(world_,
            fmt::format("chain {}: the reading of block {}, which alerts tell of, is lost: {}",
                        chosen_.chain.name, last_->number, error.what()));
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
