#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// A factor that the account is worth and that its oracle does not look at: a lost peg liquidates
/// nobody, and whoever leaves is paid by it. Beside the oracle's own value, which counts the basis
/// as whole: whether it is so today is not asked.
struct MarketBasis {
    std::string factor;
    core::Usd assets;  ///< of the account that follow it, rounded down
    core::Usd debt;    ///< rounded up
    SignedUsd equity;  ///< of the whole account at the oracle's values
    /// The part of today's at which nothing is left of the equity, 1e18 is one; rounded towards
    /// today's. nullopt when no move of the basis does that.
    std::optional<core::Wad> equity_zero_at;
    SignedUsd equity_after;  ///< when the basis has fallen as far as supposed
    core::Usd exit_cost;     ///< what of the equity that takes; 0 when it gains
};

/// For each of `ignored`, in its order. Empty when a balance of the row has no dollar value.
[[nodiscard]] std::vector<MarketBasis> market_bases(const margin::Market& market, std::size_t row,
                                                    const std::vector<std::string>& ignored,
                                                    const PriceBook& prices,
                                                    const FactorMap& factors,
                                                    const core::Wad& basis_fall);

}  // namespace margrave::exposure
