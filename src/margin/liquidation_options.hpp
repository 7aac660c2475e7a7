#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/result.hpp"
#include "margin/liquidation.hpp"
#include "margin/market.hpp"
#include "margin/valuation.hpp"

namespace margrave::margin {

/// One liquidation call tried on a fork of the market.
struct LiquidationTrial {
    LiquidationPair pair;
    core::Result<LiquidationOutcome, Refusal> outcome;
    Health after;  ///< of the account; unchanged after a refusal
    std::vector<Leg> legs_after;
    /// Seized less repaid at the oracle's own prices, before gas and what a sale costs, in the
    /// market's denominator, rounded against the liquidator; nullopt when refused or unpriced.
    std::optional<SignedWad> profit;
};

/// Tries the call; the market itself stays as it is.
[[nodiscard]] LiquidationTrial try_liquidation(const Market& market, std::size_t row,
                                               const LiquidationCall& call);

/// Every pair that the account allows, each as large as the contract lets it be: the most
/// profitable first, refused ones last.
[[nodiscard]] std::vector<LiquidationTrial> liquidation_options(const Market& market,
                                                                std::size_t row,
                                                                bool receive_shares);

}  // namespace margrave::margin
