#include "margin/valuation.hpp"

#include <algorithm>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::margin {
namespace {

using core::Rounding;
using core::U256;

/// a * b / c with a 512-bit product.
U256 scaled(const U256& a, const U256& b, const U256& c, Rounding rounding) {
    return rounding == Rounding::Up ? core::mul_div_wide<Rounding::Up>(a, b, c)
                                    : core::mul_div_wide<Rounding::Down>(a, b, c);
}

}  // namespace

std::optional<core::Wad> oracle_value(const std::vector<OracleAnswer>& answers,
                                      const core::Address& asset, const U256& amount,
                                      Rounding rounding) {
    for (const OracleAnswer& answer : answers) {
        if (answer.denominator == asset) {
            return value_or_nothing([&] {
                return core::Wad(scaled(amount, core::wad(),
                                        core::pow10(answer.denominator_decimals), rounding));
            });
        }
        if (answer.asset == asset && answer.quote && answer.unit && *answer.unit != 0) {
            return value_or_nothing([&] {
                return core::Wad(scaled(amount, answer.quote->answer * core::wad(),
                                        *answer.unit * core::pow10(answer.decimals), rounding));
            });
        }
    }
    return std::nullopt;
}

SignedWad net(const core::Wad& gain, const core::Wad& loss) {
    return gain < loss ? SignedWad{.negative = true, .magnitude = loss - gain}
                       : SignedWad{.negative = false, .magnitude = gain - loss};
}

bool is_less(const SignedWad& a, const SignedWad& b) {
    if (a.negative != b.negative) {
        return a.negative;
    }
    return a.negative ? b.magnitude < a.magnitude : a.magnitude < b.magnitude;
}

}  // namespace margrave::margin
