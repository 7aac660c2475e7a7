#include "exposure/factor_map.hpp"

#include <utility>

#include "core/fixed_point.hpp"

namespace margrave::exposure {
namespace {

constexpr const char* kDefaultRisk = "default";

}  // namespace

FactorMap::FactorMap(const std::vector<FactorRow>& rows, const std::vector<RiskFactor>& risks,
                     const std::vector<KnownToken>& tokens) {
    for (const FactorRow& row : rows) {
        core::ensure(!row.factors.empty() || !row.protocol.empty(),
                     "what a token is worth has a root feed");
        const std::string name = row.address ? row.address->to_string() : row.symbol;
        rows_[{{row.chain, name}, row.protocol}] = row.factors;
    }
    for (const RiskFactor& risk : risks) {
        risks_[risk.name] = risk;
    }
    for (const KnownToken& token : tokens) {
        symbols_[{token.chain, token.address.to_string()}] = token.symbol;
    }
}

const std::vector<std::string>* FactorMap::find(const Key& token, std::string_view protocol) const {
    const auto found = rows_.find({token, std::string(protocol)});
    return found == rows_.end() ? nullptr : &found->second;
}

const std::vector<std::string>* FactorMap::find_either(const Key& token,
                                                       std::string_view protocol) const {
    const auto* own = protocol.empty() ? nullptr : find(token, protocol);
    return own != nullptr ? own : find(token, "");
}

FactorsFound FactorMap::factors_of(const Token& token, std::string_view protocol) const {
    const bool is_native = !token.address.has_value();
    const Key key{token.chain, is_native ? "" : token.address->to_string()};
    if (const auto* row = is_native ? nullptr : find_either(key, protocol)) {
        return {.factors = *row, .by_symbol = false};
    }
    const auto vouched = symbols_.find(key);
    const bool is_vouched = is_native || vouched != symbols_.end();
    const std::string& symbol = vouched == symbols_.end() ? token.symbol : vouched->second;
    if (const auto* row = find_either({"", symbol}, protocol)) {
        return {.factors = *row, .by_symbol = !is_vouched};
    }
    return {.factors = {symbol + "/USD"}, .by_symbol = !is_vouched};
}

RiskFactor FactorMap::risk_of(const std::string& factor) const {
    auto found = risks_.find(factor);
    if (found == risks_.end()) {
        found = risks_.find(kDefaultRisk);
    }
    RiskFactor risk = found == risks_.end() ? RiskFactor{.name = {},
                                                         .volatility = core::Wad(core::wad()),
                                                         .common = core::Wad(),
                                                         .yearly_growth = core::Wad()}
                                            : found->second;
    risk.name = factor;
    return risk;
}

std::map<std::string, Powers> factor_powers(const margin::Market& market,
                                            const FactorMap& factors) {
    const margin::MarketName& name = market.name();
    std::map<std::string, Powers> powers;
    for (const margin::OracleAnswer& answer : market.answers()) {
        const auto add = [&](const core::Address& asset, const std::string& symbol, int power) {
            const Token token{.chain = name.chain, .address = asset, .symbol = symbol};
            for (const std::string& factor : factors.factors_of(token, name.protocol).factors) {
                powers[factor][answer.asset] += power;
            }
        };
        add(answer.asset, answer.symbol, 1);
        if (answer.denominator) {
            add(*answer.denominator, answer.denominator_symbol, -1);
        }
    }
    for (auto& [factor, assets] : powers) {
        std::erase_if(assets, [](const auto& entry) { return entry.second == 0; });
    }
    std::erase_if(powers, [](const auto& entry) { return entry.second.empty(); });
    return powers;
}

}  // namespace margrave::exposure
