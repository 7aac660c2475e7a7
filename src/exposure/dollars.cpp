#include "exposure/dollars.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace margrave::exposure {
namespace {

std::string address_text(const std::optional<core::Address>& address) {
    return address ? address->to_string() : std::string();
}

/// The one factor that the token is worth, or "" when there are several.
std::string only_factor(const FactorMap& factors, const Token& token) {
    const auto found = factors.factors_of(token, "").factors;
    return found.size() == 1 ? found.front() : std::string();
}

std::optional<core::Usd> whole_token(const DollarPrice& price) {
    return usd_value<core::Rounding::Down>(1, 0, price);
}

}  // namespace

SignedUsd difference(const core::Usd& a, const core::Usd& b) {
    return a < b ? SignedUsd{.negative = true, .magnitude = b - a}
                 : SignedUsd{.negative = false, .magnitude = a - b};
}

bool Portfolio::counts(const core::Address& wallet) const {
    return wallets.empty() || std::find(wallets.begin(), wallets.end(), wallet) != wallets.end();
}

Portfolio make_portfolio(std::vector<const margin::Market*> markets,
                         std::vector<snapshot::Holding> holdings,
                         std::vector<core::Address> wallets) {
    std::sort(markets.begin(), markets.end(),
              [](const auto* a, const auto* b) { return a->name() < b->name(); });
    const auto key = [](const snapshot::Holding& holding) {
        return std::tuple(std::tie(holding.chain, holding.wallet), address_text(holding.asset),
                          std::tie(holding.symbol, holding.amount));
    };
    std::sort(holdings.begin(), holdings.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return {.markets = std::move(markets),
            .holdings = std::move(holdings),
            .wallets = std::move(wallets)};
}

PriceBook::PriceBook(const Portfolio& portfolio, const FactorMap& factors) {
    for (const margin::Market* market : portfolio.markets) {
        add_market(*market, factors);
    }
    for (const snapshot::Holding& holding : portfolio.holdings) {
        add_holding(holding, factors);
    }
}

void PriceBook::add_market(const margin::Market& market, const FactorMap& factors) {
    const margin::MarketName& name = market.name();
    const auto add = [&](const core::Address& asset, const std::string& symbol,
                         const DollarPrice& price) {
        if (price.unit == 0 || !of_market_.emplace(std::pair(name, asset), price).second) {
            return;
        }
        of_chain_.emplace(Key{name.chain, asset.to_string()}, price);
        const std::string factor =
            only_factor(factors, {.chain = name.chain, .address = asset, .symbol = symbol});
        if (const auto dollars = whole_token(price); dollars && !factor.empty()) {
            factor_of_market_.emplace(std::pair(name, factor), *dollars);
            factor_.emplace(factor, *dollars);
        }
    };
    // answers() first: they know the symbols, and a fork may have replaced them.
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (answer.quote && answer.unit && !answer.denominator) {
            add(answer.asset, answer.symbol,
                {.answer = answer.quote->answer, .unit = *answer.unit});
        }
    }
    for (const margin::AssetPrice& price : market.prices()) {
        add(price.asset, "", {.answer = price.quote.answer, .unit = price.unit});
    }
}

void PriceBook::add_holding(const snapshot::Holding& holding, const FactorMap& factors) {
    if (!holding.price || holding.price->unit == 0) {
        return;
    }
    const DollarPrice price{.answer = holding.price->quote.answer, .unit = holding.price->unit};
    of_chain_.emplace(Key{holding.chain, address_text(holding.asset)}, price);
    const std::string factor = only_factor(
        factors, {.chain = holding.chain, .address = holding.asset, .symbol = holding.symbol});
    if (const auto dollars = whole_token(price); dollars && !factor.empty()) {
        factor_.emplace(factor, *dollars);
    }
}

std::optional<DollarPrice> PriceBook::price(const margin::MarketName& market,
                                            const core::Address& asset) const {
    if (const auto own = of_market_.find({market, asset}); own != of_market_.end()) {
        return own->second;
    }
    const auto other = of_chain_.find({market.chain, asset.to_string()});
    return other == of_chain_.end() ? std::nullopt : std::optional(other->second);
}

std::optional<DollarPrice> PriceBook::price(const snapshot::Holding& holding) const {
    if (holding.price && holding.price->unit != 0) {
        return DollarPrice{.answer = holding.price->quote.answer, .unit = holding.price->unit};
    }
    const auto other = of_chain_.find({holding.chain, address_text(holding.asset)});
    return other == of_chain_.end() ? std::nullopt : std::optional(other->second);
}

std::optional<core::Usd> PriceBook::factor_price(const margin::MarketName& market,
                                                 const std::string& factor) const {
    if (const auto own = factor_of_market_.find({market, factor}); own != factor_of_market_.end()) {
        return own->second;
    }
    const auto other = factor_.find(factor);
    return other == factor_.end() ? std::nullopt : std::optional(other->second);
}

}  // namespace margrave::exposure
