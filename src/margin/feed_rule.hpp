#pragma once

#include <cstdint>
#include <optional>

#include "core/u256.hpp"
#include "core/units.hpp"

namespace margrave::margin {

/// When reporters put a new answer on chain, and what it may be.
struct FeedRule {
    /// At a price that is this far from the answer or further; nullopt: not known, and in a
    /// simulation at every change.
    std::optional<core::Bps> deviation = std::nullopt;
    /// At an answer of this age or older, whatever the price; nullopt: not known, never by age.
    std::optional<std::uint64_t> heartbeat_s = std::nullopt;
    std::uint64_t delay_blocks = 0;                ///< until what was seen is on chain
    std::optional<core::U256> min = std::nullopt;  ///< the aggregator's bounds
    std::optional<core::U256> max = std::nullopt;
    std::optional<core::U256> cap = std::nullopt;  ///< of the protocol's own adapter
};

/// What would make a feed answer again.
struct NextAnswer {
    std::optional<core::U256> at_or_below;  ///< the outside price; nullopt without a deviation
    std::optional<core::U256> at_or_above;
    std::optional<core::Timestamp> by;  ///< the heartbeat; nullopt without one
};

/// The least change of `answer` that is `deviation` of it: |price - answer| / answer >= deviation.
[[nodiscard]] core::U256 least_change(const core::U256& answer, core::Bps deviation);

/// For an answer that is on chain: the integers nearest to it that reach the deviation.
[[nodiscard]] NextAnswer next_answer(const FeedRule& rule, const core::U256& answer,
                                     core::Timestamp updated_at);

}  // namespace margrave::margin
