#include "adapters/morpho_blue/market.hpp"
#include "core/u256.hpp"

namespace margrave::adapters::morpho_blue {

/// Loan token, collateral, oracle, IRM and LLTV make the market's id; its fee is what the owner of
/// Morpho can change.
std::vector<margin::ParameterGroup> MorphoMarket::parameters() const {
    constexpr unsigned kWadOfAPercent = 16;
    std::vector<margin::ParameterGroup> out;
    out.push_back(
        {.of = "",
         .label = "",
         .values = {{"fee", core::format_fixed(state_.fee, kWadOfAPercent, kWadOfAPercent) + " %"}},
         .price_sources = {}});
    if (!state_.params.oracle.is_zero()) {
        out.front().price_sources.push_back(state_.params.oracle);
    }
    return out;
}

}  // namespace margrave::adapters::morpho_blue
