#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/units.hpp"
#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// The value times the multipliers of those of the factors that moved, rounded down at each;
/// nullopt above 256 bits.
[[nodiscard]] std::optional<core::U256> moved_value(const core::U256& value,
                                                    const std::vector<std::string>& factors,
                                                    const Multipliers& moves);

/// Dollar prices in a market once factors have moved, as the market's oracle follows them.
class MovedPrices {
  public:
    MovedPrices(const PriceBook& prices, const margin::MarketName& market, const FactorMap& factors,
                Multipliers moves)
        : prices_(prices), market_(market), factors_(factors), moves_(std::move(moves)) {}

    template <core::Rounding R>
    [[nodiscard]] std::optional<core::Usd> value(const margin::Leg& leg,
                                                 const core::U256& amount) const {
        const auto price = price_of(leg);
        return price ? usd_value<R>(amount, leg.decimals, *price) : std::nullopt;
    }

  private:
    [[nodiscard]] std::optional<DollarPrice> price_of(const margin::Leg& leg) const;

    const PriceBook& prices_;
    const margin::MarketName& market_;
    const FactorMap& factors_;
    Multipliers moves_;
};

/// One liquidation call as it was carried out.
struct ForcedLiquidation {
    margin::LiquidationPair pair;
    core::Usd seized;       ///< what the account loses of its collateral, fee included, rounded up
    core::Usd repaid;       ///< the debt that it is rid of, rounded down
    core::Usd written_off;  ///< further debt that nobody pays, rounded down
};

/// Carries out the call that pays a liquidator best, as large as the contract allows; the market is
/// left as it is when every call is refused, and the failure says why.
[[nodiscard]] core::Result<ForcedLiquidation, std::string> liquidate_best(
    margin::Market& market, std::size_t row, const MovedPrices& prices);

}  // namespace margrave::exposure
