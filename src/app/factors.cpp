#include "app/factors.hpp"

#include <utility>

namespace margrave::app {

exposure::FactorMap factor_map(const settings::Settings& settings) {
    std::vector<exposure::FactorRow> rows;
    for (const settings::TokenFactors& row : settings.factors) {
        rows.push_back({.chain = row.chain,
                        .address = row.address,
                        .symbol = row.symbol,
                        .protocol = row.protocol,
                        .factors = row.factors});
    }
    std::vector<exposure::RiskFactor> risks;
    for (const settings::RiskFactor& risk : settings.risk_factors) {
        risks.push_back({.name = risk.name,
                         .volatility = risk.volatility,
                         .common = risk.common,
                         .yearly_growth = risk.yearly_growth});
    }
    std::vector<exposure::KnownToken> tokens;
    for (const settings::Asset& asset : settings.assets) {
        if (asset.address) {
            tokens.push_back(
                {.chain = asset.chain, .address = *asset.address, .symbol = asset.symbol});
        }
    }
    return {rows, risks, tokens};
}

}  // namespace margrave::app
