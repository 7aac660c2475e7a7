#include "app/factor_map.hpp"

#include "core/fixed_point.hpp"

namespace margrave::app {

exposure::FactorMap make_factor_map(const settings::Settings& settings) {
    std::vector<exposure::FactorRow> rows;
    rows.reserve(settings.factors.size());
    for (const settings::TokenFactors& row : settings.factors) {
        rows.push_back({.chain = row.chain,
                        .address = row.address,
                        .symbol = row.symbol,
                        .protocol = row.protocol,
                        .factors = row.factors});
    }
    std::vector<exposure::RiskFactor> risks;
    risks.reserve(settings.risk_factors.size());
    for (const settings::RiskFactor& row : settings.risk_factors) {
        risks.push_back({.name = row.name,
                         .volatility = row.volatility,
                         .common = row.common,
                         .yearly_growth = row.yearly_growth});
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

exposure::Suppositions make_suppositions(const settings::Settings& settings) {
    constexpr std::uint64_t kDaySeconds = 86'400;
    exposure::Suppositions out;
    out.rate_horizon_s = settings.rate_horizon_days * kDaySeconds;
    for (const core::Wad& shock : settings.rate_shocks) {
        out.rate_shocks.emplace_back(core::U256(shock.value() * (core::ray() / core::wad())));
    }
    out.basis_fall = settings.basis_fall;
    return out;
}

report::FeedRules make_feed_rules(const settings::Settings& settings) {
    report::FeedRules rules;
    for (const settings::Feed& feed : settings.feeds) {
        rules[{feed.chain, feed.address}] = {.deviation = feed.deviation,
                                             .heartbeat_s = feed.heartbeat_s};
    }
    return rules;
}

}  // namespace margrave::app
