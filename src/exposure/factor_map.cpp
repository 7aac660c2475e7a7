#include "exposure/factor_map.hpp"

#include <algorithm>
#include <utility>

#include "core/fixed_point.hpp"
#include "exposure/oracle_match.hpp"

namespace margrave::exposure {
namespace {

constexpr const char* kDefaultRisk = "default";

}  // namespace

std::string_view to_string(FactorSource source) {
    switch (source) {
        case FactorSource::Configured:
            return "config";
        case FactorSource::Chain:
            return "chain";
        case FactorSource::Symbol:
            return "symbol";
        case FactorSource::None:
            break;
    }
    return "none";
}

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

FactorMap FactorMap::with_snapshot(const snapshot::Snapshot& snapshot) const {
    return with_claims(snapshot.claims).with_oracles(snapshot.oracles);
}

FactorMap FactorMap::with_claims(const std::vector<snapshot::TokenClaim>& claims) const {
    FactorMap out = *this;
    out.look_through_ = LookThrough(claims);
    return out;
}

FactorsFound FactorMap::factors_of(const Token& token, std::string_view protocol) const {
    return found(token, protocol, 0);
}

std::optional<FactorsFound> FactorMap::configured(const Token& token,
                                                  std::string_view protocol) const {
    const bool is_native = !token.address.has_value();
    const Key key{token.chain, is_native ? "" : token.address->to_string()};
    const auto* row = is_native ? nullptr : find_either(key, protocol);
    const auto vouched = symbols_.find(key);
    if (row == nullptr && (is_native || vouched != symbols_.end())) {
        row = find_either({"", is_native ? token.symbol : vouched->second}, protocol);
    }
    return row == nullptr
               ? std::nullopt
               : std::optional(FactorsFound{
                     .factors = *row, .by_symbol = false, .source = FactorSource::Configured});
}

std::optional<FactorsFound> FactorMap::found_by_claim(const Token& token, std::string_view protocol,
                                                      std::size_t depth) const {
    const auto* claim =
        depth < kClaimRowMax ? look_through_.claim_of(token.chain, token.address) : nullptr;
    if (claim == nullptr) {
        return std::nullopt;
    }
    FactorsFound out = found(
        {.chain = token.chain, .address = claim->underlying, .symbol = claim->underlying_symbol},
        protocol, depth + 1);
    if (claim->kind != snapshot::ClaimKind::PoolBalance) {
        out.factors.push_back(claim->symbol + '/' + claim->underlying_symbol);
    }
    out.source = FactorSource::Chain;
    return out;
}

FactorsFound FactorMap::found(const Token& token, std::string_view protocol,
                              std::size_t depth) const {
    if (auto row = configured(token, protocol)) {
        return *std::move(row);
    }
    const bool is_native = !token.address.has_value();
    const auto vouched = symbols_.find({token.chain, is_native ? "" : token.address->to_string()});
    const bool is_vouched = is_native || vouched != symbols_.end();
    const std::string& symbol = vouched == symbols_.end() ? token.symbol : vouched->second;
    const Key own{"", symbol};
    // What a protocol's oracle follows is the protocol's matter, whatever the token is a claim on.
    const auto* of_protocol = is_vouched || protocol.empty() ? nullptr : find(own, protocol);
    if (of_protocol != nullptr) {
        return {.factors = *of_protocol, .by_symbol = true, .source = FactorSource::Symbol};
    }
    if (auto by_claim = found_by_claim(token, protocol, depth)) {
        return *std::move(by_claim);
    }
    if (const auto* row = find(own, ""); row != nullptr && !is_vouched) {
        return {.factors = *row, .by_symbol = true, .source = FactorSource::Symbol};
    }
    return {.factors = {symbol + "/USD"}, .by_symbol = !is_vouched, .source = FactorSource::None};
}

std::string FactorMap::contradiction(const Token& token) const {
    const auto* claim = look_through_.claim_of(token.chain, token.address);
    const auto row = configured(token, "");
    if (claim == nullptr || !row) {
        return "";
    }
    const auto below = found({.chain = token.chain,
                              .address = claim->underlying,
                              .symbol = claim->underlying_symbol},
                             "", 1)
                           .factors;
    const bool begins_alike = below.size() <= row->factors.size() &&
                              std::equal(below.begin(), below.end(), row->factors.begin());
    if (begins_alike) {
        return "";
    }
    return "the configuration lets it follow " + row->factors.front() +
           ", its contract is a claim on " + claim->underlying_symbol + ", which follows " +
           below.front();
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

std::vector<std::string> FactorMap::factors_of_symbol(const std::string& symbol) const {
    const auto* row = find({"", symbol}, "");
    return row == nullptr ? std::vector<std::string>{} : *row;
}

FactorMap FactorMap::with_oracles(std::span<const margin::OracleBook> books) const {
    FactorMap out = *this;
    for (const margin::OracleBook& book : books) {
        for (const auto& model : book.models) {
            out.oracles_[{book.chain, model->source().address}] = model;
        }
    }
    return out;
}

std::shared_ptr<const margin::OracleModel> FactorMap::oracle_of(
    const margin::Market& market, const margin::OracleAnswer& answer) const {
    if (!answer.quote) {
        return nullptr;
    }
    const auto found = oracles_.find({market.name().chain, answer.quote->source});
    const bool is_known =
        found != oracles_.end() && found->second->source().answer == answer.quote->answer;
    return is_known ? found->second : nullptr;
}

AnswerFactors FactorMap::factors_of_answer(const margin::Market& market,
                                           const margin::OracleAnswer& answer) const {
    const margin::MarketName& name = market.name();
    const auto of = [&](const core::Address& asset, const std::string& symbol) {
        return factors_of({.chain = name.chain, .address = asset, .symbol = symbol}, name.protocol)
            .factors;
    };
    AnswerFactors out{.moving = of(answer.asset, answer.symbol), .cancelled = {}};
    if (answer.denominator) {
        for (const std::string& factor : of(*answer.denominator, answer.denominator_symbol)) {
            const auto both = std::find(out.moving.begin(), out.moving.end(), factor);
            if (both == out.moving.end()) {
                out.moving.push_back(factor);
            } else {
                out.moving.erase(both);
                out.cancelled.push_back(factor);
            }
        }
    }
    return out;
}

namespace {

/// Gives the powers of one answer the rule of its composition.
void add_rules(const margin::Market& market, const margin::OracleAnswer& answer,
               const FactorMap& factors, std::map<std::string, Powers>& powers) {
    const auto model = factors.oracle_of(market, answer);
    if (!model || !model->is_confirmed() ||
        (model->source().parts.empty() && model->bounds().empty())) {
        return;  // of one number without a limit the power says it all
    }
    const OracleMatch match =
        match_oracle(*model, factors.factors_of_answer(market, answer), factors);
    for (const auto& [factor, leaves] : match.leaves) {
        const auto of_factor = powers.find(factor);
        if (of_factor != powers.end() && of_factor->second.contains(answer.asset)) {
            of_factor->second[answer.asset].rule = std::make_shared<AnswerRule>(model, leaves);
        }
    }
}

}  // namespace

std::map<std::string, Powers> factor_powers(const margin::Market& market,
                                            const FactorMap& factors) {
    const margin::MarketName& name = market.name();
    std::map<std::string, Powers> powers;
    for (const margin::OracleAnswer& answer : market.answers()) {
        const auto add = [&](const core::Address& asset, const std::string& symbol, int power) {
            const Token token{.chain = name.chain, .address = asset, .symbol = symbol};
            for (const std::string& factor : factors.factors_of(token, name.protocol).factors) {
                powers[factor][answer.asset].power += power;
            }
        };
        add(answer.asset, answer.symbol, 1);
        if (answer.denominator) {
            add(*answer.denominator, answer.denominator_symbol, -1);
        }
    }
    for (auto& [factor, assets] : powers) {
        std::erase_if(assets, [](const auto& entry) { return entry.second.power == 0; });
    }
    std::erase_if(powers, [](const auto& entry) { return entry.second.empty(); });
    for (const margin::OracleAnswer& answer : market.answers()) {
        add_rules(market, answer, factors, powers);
    }
    return powers;
}

}  // namespace margrave::exposure
