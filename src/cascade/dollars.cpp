#include "cascade/dollars.hpp"

#include "core/fixed_point.hpp"

namespace margrave::cascade {

using core::U256;

std::optional<Fraction> dollar_price(const margin::OracleAnswer& answer, const U256& value) {
    if (!answer.unit || answer.denominator) {
        return std::nullopt;
    }
    return fraction(value, *answer.unit) * fraction(core::wad(), core::pow10(answer.decimals));
}

DollarPrices dollar_prices(const State& state) {
    DollarPrices out;
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            const auto price =
                answer.quote ? dollar_price(answer, answer.quote->answer) : std::nullopt;
            if (price) {
                out.emplace(answer.asset, *price);
            }
        }
    }
    return out;
}

std::optional<SignedUsd> dollars_of(const DollarPrices& prices, const core::Address& asset,
                                    const U256& amount) {
    const auto price = prices.find(asset);
    if (price == prices.end()) {
        return amount == 0 ? std::optional<SignedUsd>(0) : std::nullopt;
    }
    return SignedUsd(SignedUsd(amount) * boost::multiprecision::numerator(price->second) /
                     boost::multiprecision::denominator(price->second));
}

}  // namespace margrave::cascade
