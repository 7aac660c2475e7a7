#include "exposure/dollars.hpp"

#include <algorithm>
#include <set>
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

bool Portfolio::same_owner(const std::string& chain, const core::Address& a,
                           const core::Address& b) const {
    const auto group = [&](const core::Address& wallet) {
        std::set<core::Address> out{wallet};
        for (const snapshot::SmartAccount& account : smart_accounts) {
            if (account.chain == chain && account.address == wallet) {
                out.insert(account.owners.begin(), account.owners.end());
            }
        }
        return out;
    };
    const std::set<core::Address> of_a = group(a);
    const std::set<core::Address> of_b = group(b);
    return std::any_of(of_a.begin(), of_a.end(),
                       [&](const core::Address& owner) { return of_b.contains(owner); });
}

std::optional<margin::MarketName> counted_in(const snapshot::Holding& holding,
                                             const std::vector<const margin::Market*>& markets,
                                             const LookThrough& claims) {
    const snapshot::TokenClaim* claim = claims.claim_of(holding.chain, holding.asset);
    if (claim == nullptr || claim->kind != snapshot::ClaimKind::PoolBalance) {
        return std::nullopt;
    }
    for (const margin::Market* market : markets) {
        if (market->name().chain != holding.chain || market->keeper() != claim->keeper) {
            continue;
        }
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            const auto legs = market->wallet(row) == holding.wallet ? market->legs(row)
                                                                    : std::vector<margin::Leg>{};
            if (std::any_of(legs.begin(), legs.end(), [&](const margin::Leg& leg) {
                    return leg.side != margin::Side::Debt && leg.asset == claim->underlying;
                })) {
                return market->name();
            }
        }
    }
    return std::nullopt;
}

Portfolio make_portfolio(std::vector<const margin::Market*> markets,
                         std::vector<snapshot::Holding> holdings,
                         std::vector<core::Address> wallets,
                         std::vector<snapshot::SmartAccount> smart_accounts) {
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
            .wallets = std::move(wallets),
            .smart_accounts = std::move(smart_accounts)};
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
    const std::string from = name.protocol + '/' + name.name;
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
                {.answer = answer.quote->answer, .unit = *answer.unit, .from = from});
        }
    }
    for (const margin::AssetPrice& price : market.prices()) {
        add(price.asset, "", {.answer = price.quote.answer, .unit = price.unit, .from = from});
    }
}

void PriceBook::add_holding(const snapshot::Holding& holding, const FactorMap& factors) {
    if (!holding.price || holding.price->unit == 0) {
        return;
    }
    const DollarPrice price{.answer = holding.price->quote.answer,
                            .unit = holding.price->unit,
                            .from = holding.price->name};
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
        return DollarPrice{.answer = holding.price->quote.answer,
                           .unit = holding.price->unit,
                           .from = holding.price->name};
    }
    const auto other = of_chain_.find({holding.chain, address_text(holding.asset)});
    return other == of_chain_.end() ? std::nullopt : std::optional(other->second);
}

std::optional<DollarPrice> PriceBook::price_on(const std::string& chain,
                                               const std::optional<core::Address>& asset,
                                               const std::string& only_factor) const {
    if (const auto known = of_chain_.find({chain, address_text(asset)}); known != of_chain_.end()) {
        return known->second;
    }
    const auto factor = asset ? factor_.end() : factor_.find(only_factor);
    return factor == factor_.end()
               ? std::nullopt
               : std::optional(DollarPrice{
                     .answer = factor->second.value(), .unit = core::wad(), .from = only_factor});
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
