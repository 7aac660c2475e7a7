#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exposure/aggregate.hpp"
#include "exposure/outlook.hpp"

namespace margrave::exposure {

/// What one account's own liquidation costs the portfolio, which netting hides.
struct OwnTrigger {
    margin::MarketName market;
    core::Address wallet;
    std::string factor;     ///< the nearest in its own volatilities
    core::U256 multiplier;  ///< at which the account falls, 1e18 is today's
    /// Gain or loss of all priced balances by that move alone, nobody liquidated: two venues that
    /// offset each other give 0.
    SignedUsd netted;
    /// The pair that pays the liquidator best; nothing when every call is refused.
    std::optional<margin::LiquidationPair> pair;
    core::Usd seized;    ///< what the account loses of its collateral, fee included, rounded up
    core::Usd repaid;    ///< the debt that it is rid of, rounded down
    core::Usd loss;      ///< seized less repaid, at the prices of that move; not below 0
    std::string reason;  ///< why there is no pair or no figure; "" when there is
};

/// For each account that a factor can reach (today's included), its nearest trigger and one
/// liquidation call there, as large as the contract allows. In the order of market and wallet.
/// `outlooks` are those of `portfolio.markets`, in their order.
[[nodiscard]] std::vector<OwnTrigger> own_triggers(
    const Portfolio& portfolio, const std::vector<std::vector<Outlook>>& outlooks,
    const PriceBook& prices, const std::vector<Item>& items, const FactorMap& factors);

/// Gain or loss of the items when the factor alone goes to `multiplier` of today's.
[[nodiscard]] SignedUsd netted_move(const std::vector<Item>& items, const std::string& factor,
                                    const core::U256& multiplier);

}  // namespace margrave::exposure
