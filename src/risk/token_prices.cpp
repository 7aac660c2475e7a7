#include "risk/token_prices.hpp"

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::risk {
namespace {

using core::Rounding;
using core::U256;

U256 scaled(const U256& a, const U256& b, const U256& c, Rounding rounding) {
    return rounding == Rounding::Up ? core::mul_div_wide<Rounding::Up>(a, b, c)
                                    : core::mul_div_wide<Rounding::Down>(a, b, c);
}

}  // namespace

TokenPrices::TokenPrices(const snapshot::Snapshot& snapshot, const std::string& chain) {
    for (const auto& market : snapshot.markets) {
        if (market->name().chain == chain) {
            add_market(*market);
        }
    }
    for (const snapshot::Holding& holding : snapshot.holdings) {
        if (holding.chain == chain) {
            add_holding(holding);
        }
    }
    // After all that is in dollars: what is priced in another token.
    for (const auto& market : snapshot.markets) {
        if (market->name().chain == chain) {
            add_denominated(*market);
        }
    }
}

void TokenPrices::add_market(const margin::Market& market) {
    for (const margin::AssetPrice& price : market.prices()) {
        add(price.asset, price.quote.answer, price.unit);
    }
}

void TokenPrices::add_holding(const snapshot::Holding& holding) {
    if (holding.price) {
        add(holding.asset, holding.price->quote.answer, holding.price->unit);
    }
}

void TokenPrices::add_denominated(const margin::Market& market) {
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (!answer.quote || !answer.unit) {
            continue;
        }
        if (!answer.denominator) {
            add(answer.asset, answer.quote->answer, *answer.unit);
            continue;
        }
        const auto known = price_ray_.find(*answer.denominator);
        if (known == price_ray_.end() || *answer.unit == 0) {
            continue;
        }
        const auto composed = margin::value_or_nothing([&] {
            return core::mul_div_wide<Rounding::Down>(answer.quote->answer, known->second,
                                                      *answer.unit);
        });
        if (composed && *composed != 0) {
            price_ray_.emplace(answer.asset, *composed);
        }
    }
}

/// The first price of a token stays; one of zero is none.
void TokenPrices::add(const std::optional<core::Address>& token, const U256& answer,
                      const U256& unit) {
    if (unit == 0) {
        return;
    }
    const auto price = margin::value_or_nothing(
        [&] { return core::mul_div_wide<Rounding::Down>(answer, core::ray(), unit); });
    if (price && *price != 0) {
        price_ray_.emplace(token, *price);
    }
}

std::optional<U256> TokenPrices::price(const Token& token) const {
    const auto found = price_ray_.find(token.address);
    return found == price_ray_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<core::Usd> TokenPrices::value(const Token& token, const U256& amount,
                                            Rounding rounding) const {
    const auto ray = price(token);
    if (!ray) {
        return std::nullopt;
    }
    // 1e27 a dollar of the price, 1e18 of the value.
    constexpr unsigned kRayOverWad = 9;
    return margin::value_or_nothing([&] {
        return core::Usd(scaled(amount, *ray, core::pow10(token.decimals + kRayOverWad), rounding));
    });
}

std::optional<U256> TokenPrices::convert(const Token& from, const U256& amount, const Token& to,
                                         Rounding rounding) const {
    if (is_same(from, to)) {
        return amount;
    }
    const auto paid = price(from);
    const auto bought = price(to);
    if (!paid || !bought) {
        return std::nullopt;
    }
    return margin::value_or_nothing([&] {
        return scaled(amount, *paid * core::pow10(to.decimals),
                      *bought * core::pow10(from.decimals), rounding);
    });
}

}  // namespace margrave::risk
