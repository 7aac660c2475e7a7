#pragma once

#include <optional>

#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/feed_rule.hpp"

namespace margrave::oracle {

/// What reporters see, and when. In the feed's own scale.
struct Observation {
    core::U256 price;
    core::Timestamp time;
    core::BlockNumber block;
};

/// A push feed as a state machine: it sees prices block by block and answers by its rule. While an
/// answer is on its way nothing else is triggered. A price beyond the aggregator's bounds is
/// refused: the answer stays as it was, and ages. Pure; a copy is a fork.
class Follower {
  public:
    /// Begins with an answer that is on chain. Throws InvariantError for an answer of 0.
    Follower(margin::FeedRule rule, core::U256 answer, core::Timestamp updated_at);

    /// What the feed answers at the end of that block. Throws InvariantError when block or time lie
    /// before the last ones.
    const core::U256& step(const Observation& seen);

    /// A paused feed keeps its answer; what was on its way still lands.
    void set_paused(bool is_paused) { is_paused_ = is_paused; }

    /// As protocols read it: within bounds since it was put on chain, capped when it is read.
    [[nodiscard]] const core::U256& answer() const { return answer_; }
    [[nodiscard]] core::Timestamp updated_at() const { return updated_at_; }

  private:
    struct Pending {
        core::U256 price;
        core::BlockNumber lands_at;
    };

    [[nodiscard]] bool is_refused(const core::U256& price) const;
    [[nodiscard]] bool is_triggered(const Observation& seen) const;
    void put(const core::U256& price, core::Timestamp time);

    margin::FeedRule rule_;
    core::U256 on_chain_;  ///< before the cap
    core::U256 answer_;
    core::Timestamp updated_at_;
    std::optional<Pending> pending_;
    std::optional<Observation> last_;
    bool is_paused_ = false;
};

}  // namespace margrave::oracle
