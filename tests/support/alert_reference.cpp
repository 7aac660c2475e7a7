#include "tests/support/alert_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/fixed_point.hpp"
#include "core/hex.hpp"

namespace margrave::test {
namespace {

constexpr std::size_t kSeenMax = 400;

}  // namespace

AlertReference::Finding AlertReference::judge(const std::optional<core::U256>& value) const {
    if (!value) {
        return Finding::Safe;
    }
    const bool fires = terms_.fires_below ? *value < terms_.fires : *value > terms_.fires;
    const bool clears = terms_.fires_below ? *value >= terms_.clears : *value <= terms_.clears;
    return fires ? Finding::Beyond : clears ? Finding::Safe : Finding::Between;
}

AlertReference::Run AlertReference::run_of(Finding finding, std::size_t floor) const {
    Run run;
    const Seen* later = nullptr;
    bool was_unknown = false;
    for (std::size_t i = seen_.size(); i > floor; --i) {
        const Seen& one = seen_[i - 1];
        if (one.finding == Finding::Unknown) {
            was_unknown = true;
            continue;
        }
        if (one.finding != finding) {
            break;
        }
        ++run.evaluations;
        if (later != nullptr) {
            run.blocks += was_unknown ? 1 : later->block - one.block;
            run.seconds += was_unknown ? 0 : later->chain_s - one.chain_s;
        }
        later = &one;
        was_unknown = false;
    }
    return run;
}

void AlertReference::know(const ReferenceMoment& at, const std::optional<core::U256>& value,
                          Told& told) {
    is_there_ = true;
    if (std::exchange(is_unknown_told_, false)) {
        take("known", at, value, told);
    }
    unknown_since_.reset();
    const Finding finding = judge(value);
    seen_.push_back({.block = at.block, .chain_s = at.chain_s, .finding = finding});
    if (seen_.size() > kSeenMax) {
        seen_.pop_front();
        told_floor_ -= std::min<std::size_t>(told_floor_, 1);
        undo_floor_ -= std::min<std::size_t>(undo_floor_, 1);
    }
    if (!is_firing_ && finding == Finding::Beyond) {
        // What waited when blocks were reorganised away may wait anew.
        const auto is_sure = [&](std::size_t floor) {
            const Run run = run_of(finding, floor);
            return run.evaluations >= terms_.for_blocks && run.seconds >= terms_.for_s;
        };
        const bool is_urgent = !terms_.waits_below_one && *value < core::wad();
        const bool must = is_urgent || is_sure(std::max(told_floor_, undo_floor_));
        if (must || (is_sure(told_floor_) && is_next("fire", told))) {
            ++episode_;
            take("fire", at, value, told);
            is_firing_ = true;
            told_floor_ = seen_.size();
        }
    } else if (is_firing_ && finding == Finding::Safe) {
        const bool may = run_of(finding, told_floor_).blocks >= terms_.clear_blocks;
        const bool must =
            run_of(finding, std::max(told_floor_, undo_floor_)).blocks >= terms_.clear_blocks;
        if (must || (may && is_next("resolve", told))) {
            take("resolve", at, value, told);
            is_firing_ = false;
            told_floor_ = seen_.size();
        }
    }
}

void AlertReference::miss(const ReferenceMoment& at, Told& told) {
    is_there_ = true;
    seen_.push_back({.block = at.block, .chain_s = at.chain_s, .finding = Finding::Unknown});
    if (!unknown_since_) {
        unknown_since_ = Range{.from_s = at.wall_from_s, .to_s = at.wall_to_s};
    }
    wait(at, told);
}

void AlertReference::wait(const ReferenceMoment& at, Told& told) {
    // A clock that was set back begins the wait anew.
    unknown_since_->from_s = std::min(unknown_since_->from_s, at.wall_from_s);
    unknown_since_->to_s = std::min(unknown_since_->to_s, at.wall_to_s);
    if (is_unknown_told_) {
        return;
    }
    const std::uint64_t after = terms_.unknown_after_s;
    const bool may = at.wall_to_s >= unknown_since_->from_s + after;
    const bool must = at.wall_from_s >= unknown_since_->to_s + after;
    if (must || (may && is_next("unknown", told))) {
        take("unknown", at, std::nullopt, told);
        is_unknown_told_ = true;
    }
}

void AlertReference::undo(std::uint64_t after) {
    bool is_any = false;
    std::deque<Seen> kept;
    const auto drop_at = [&](std::size_t place) { told_floor_ -= place < told_floor_ ? 1 : 0; };
    for (const Seen& one : std::exchange(seen_, {})) {
        if (one.block <= after || one.finding == Finding::Unknown) {
            kept.push_back(one);
            continue;
        }
        is_any = true;
        drop_at(kept.size());
        // A blindness that it ended is over, also where the block that ended it is gone.
        while (!kept.empty() && kept.back().finding == Finding::Unknown &&
               kept.back().block <= after) {
            kept.pop_back();
            drop_at(kept.size());
        }
    }
    seen_ = std::move(kept);
    if (is_any) {
        undo_floor_ = seen_.size();
    }
}

bool AlertReference::is_next(const char* kind, const Told& told) {
    return !told.empty() && told.front().kind == kind;
}

void AlertReference::take(const char* kind, const ReferenceMoment& at,
                          const std::optional<core::U256>& value, Told& told) {
    ++sequence_;
    if (!is_next(kind, told)) {
        complain(fmt::format("\"{}\" is missing", kind), at);
    }
    const ToldMessage message = told.front();
    told.pop_front();
    if (message.block != at.block || message.hash != at.hash) {
        complain(fmt::format("\"{}\" names block {} {}", kind, message.block,
                             core::to_hex(message.hash)),
                 at);
    }
    if (message.value != value) {
        complain(fmt::format("\"{}\" says {}, true is {}", kind,
                             message.value ? core::to_decimal(*message.value) : "nothing",
                             value ? core::to_decimal(*value) : "nothing"),
                 at);
    }
    if (message.episode != episode_ || message.sequence != sequence_) {
        complain(fmt::format("\"{}\" is episode {} and sequence {}, expected {} and {}", kind,
                             message.episode, message.sequence, episode_, sequence_),
                 at);
    }
    if (message.at_s < at.wall_from_s || message.at_s > at.wall_to_s) {
        complain(fmt::format("\"{}\" is of second {}", kind, message.at_s), at);
    }
}

void AlertReference::complain(const std::string& what, const ReferenceMoment& at) const {
    throw Wrong{fmt::format("{}: {} (block {} {}, wall {} to {})", alert_, what, at.block,
                            core::to_hex(at.hash), at.wall_from_s, at.wall_to_s)};
}

}  // namespace margrave::test
