#include "oracle/follower.hpp"

#include <algorithm>
#include <utility>

#include "core/errors.hpp"

namespace margrave::oracle {
using core::U256;

Follower::Follower(margin::FeedRule rule, U256 answer, core::Timestamp updated_at)
    : rule_(std::move(rule)), on_chain_(std::move(answer)), updated_at_(updated_at) {
    core::ensure(on_chain_ != 0, "an answer of 0 is none, so nothing deviates from it");
    answer_ = rule_.cap ? std::min(on_chain_, *rule_.cap) : on_chain_;
}

// "median is out of min-max range": smartcontractkit/libocr@0a5e2f9 OCR2Aggregator.sol.
bool Follower::is_refused(const U256& price) const {
    return (rule_.min && price < *rule_.min) || (rule_.max && price > *rule_.max);
}

bool Follower::is_triggered(const Observation& seen) const {
    if (is_refused(seen.price)) {
        return false;
    }
    const U256 moved =
        seen.price < on_chain_ ? U256(on_chain_ - seen.price) : U256(seen.price - on_chain_);
    const bool is_old =
        rule_.heartbeat_s && (seen.time - updated_at_).value() >= *rule_.heartbeat_s;
    const bool is_away =
        rule_.deviation ? moved >= margin::least_change(on_chain_, *rule_.deviation) : moved != 0;
    return is_old || is_away;
}

void Follower::put(const U256& price, core::Timestamp time) {
    on_chain_ = std::max(price, U256(1));
    answer_ = rule_.cap ? std::min(on_chain_, *rule_.cap) : on_chain_;
    updated_at_ = time;
}

const U256& Follower::step(const Observation& seen) {
    core::ensure(!last_ || (last_->time <= seen.time && last_->block <= seen.block),
                 "what a feed sees comes in the order of blocks");
    core::ensure(updated_at_ <= seen.time, "a feed sees nothing before its own answer");
    last_ = seen;
    if (pending_ && pending_->lands_at <= seen.block) {
        put(pending_->price, seen.time);
        pending_.reset();
    }
    if (!pending_ && !is_paused_ && is_triggered(seen)) {
        if (rule_.delay_blocks == 0) {
            put(seen.price, seen.time);
        } else {
            pending_ = Pending{.price = seen.price,
                               .lands_at = seen.block + core::BlockNumber(rule_.delay_blocks)};
        }
    }
    return answer_;
}

}  // namespace margrave::oracle
