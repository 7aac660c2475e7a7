#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/units.hpp"
#include "exposure/liquidation_time.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// What the outlook supposes of rates and bases; shown wherever a figure rests on it.
struct Suppositions {
    std::uint64_t rate_horizon_s = 30ULL * 86'400;
    /// Added to the borrow rate of every debt at once, a year.
    std::vector<core::Ray> rate_shocks = {};
    core::Wad basis_fall;  ///< what a market basis loses in the cost of leaving, 1e18 is all
};

/// At which rate of one debt asset the account falls within the horizon, all else as it is.
struct RateLimit {
    core::Address asset;
    std::string symbol;
    std::optional<core::Ray> today;  ///< a year; nullopt when the market does not say
    /// The least rate, constant from now on, in steps of a millionth a year; 0 when it falls
    /// without any; nullopt when kBorrowRateMax does not do it, or the market takes no such rate.
    std::optional<core::Ray> falls_at;
    std::optional<core::Ray> falls_at_less_yield;  ///< the same with staking rates growing
};

/// How much time the account has when every rate that it pays jumps.
struct RateShockTime {
    core::Ray added;
    std::optional<core::Timestamp> falls_at;
    std::optional<core::Timestamp> falls_at_less_yield;
};

/// The borrow rate as a factor of its own.
struct RateOutlook {
    std::vector<RateLimit> limits;  ///< in the order of the account's debts
    std::vector<RateShockTime> shocks;
};

/// 1000 % a year.
inline constexpr unsigned kBorrowRateMax = 10;
/// A market of more accounts is copied too slowly for the thousand copies that an account takes.
inline constexpr std::size_t kRatedAccountsMax = 50;

/// Of a row that owes and is healthy; nothing else has one. Whether the row has fallen is looked at
/// at the end of the horizon: with a constant rate health only rises before it falls.
[[nodiscard]] std::optional<RateOutlook> rate_outlook(const margin::Market& market, std::size_t row,
                                                      const YearlyGrowth& growth,
                                                      const Suppositions& suppositions);

}  // namespace margrave::exposure
