#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"
#include "exposure/joint_move.hpp"
#include "exposure/market_basis.hpp"
#include "exposure/rate_outlook.hpp"
#include "exposure/shock.hpp"

namespace margrave::exposure {

/// How far one factor may go, everything that follows it moving together and nothing else.
struct FactorLimit {
    std::string factor;
    core::U256 multiplier;  ///< of today's, 1e18 is one: the last at which the health check holds
    core::U256 failing;     ///< its neighbour, at which it fails; the same when it fails today
    std::optional<core::Usd> price;  ///< of the factor there, rounded down; nullopt without one
};

/// What would liquidate one account.
struct Outlook {
    /// In the order of names; nothing where no move between a millionth and a million does it.
    std::vector<FactorLimit> factors;
    /// Factors that the account's tokens are worth but that the market's oracle does not follow: a
    /// lost peg liquidates nobody here, it costs the lenders.
    std::vector<std::string> ignored;
    /// Of those, what leaving costs; empty when a balance has no dollar value.
    std::vector<MarketBasis> bases;
    std::optional<JointMove> joint;
    std::optional<core::Timestamp> falls_at;             ///< by interest, prices fixed
    std::optional<core::Timestamp> falls_at_less_yield;  ///< staking rates growing as configured
    /// nullopt where times are left out, and in a market of more accounts than kRatedAccountsMax.
    std::optional<RateOutlook> rates;
    /// It owes, can be judged, and no factor alone can reach its limit.
    bool unreachable_by_price = false;
};

/// Whether such an account has an outlook: it owes, and can be judged.
[[nodiscard]] constexpr bool has_outlook(margin::Status status) {
    return status != margin::Status::Unknown && status != margin::Status::NoDebt;
}

/// Times are left out in a market in which more accounts have an outlook: each takes some tens of
/// copies of it.
inline constexpr std::size_t kTimedAccountsMax = 2'000;
/// For every row of the market, in its order; empty outlooks for rows that are not of `portfolio`,
/// do not owe, or are unknown.
[[nodiscard]] std::vector<Outlook> outlooks(const margin::Market& market,
                                            const Portfolio& portfolio, const PriceBook& prices,
                                            const FactorMap& factors,
                                            const Suppositions& suppositions = {});

}  // namespace margrave::exposure
