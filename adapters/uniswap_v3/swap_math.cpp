#include "adapters/uniswap_v3/swap_math.hpp"

#include <algorithm>
#include <utility>

namespace margrave::adapters::uniswap_v3 {
namespace {

using core::mul_div_wide;
using core::Rounding;
using core::U256;

constexpr std::uint32_t kPips = 1'000'000;

const U256& q96() {
    static const U256 value = U256(1) << 96U;
    return value;
}

U256 mul_div_as(const U256& a, const U256& b, const U256& c, Rounding rounding) {
    return rounding == Rounding::Up ? mul_div_wide<Rounding::Up>(a, b, c)
                                    : mul_div_wide<Rounding::Down>(a, b, c);
}

/// SqrtPriceMath.getNextSqrtPriceFromAmount0RoundingUp. Where amount * price leaves 256 bits the
/// contract takes a coarser formula when adding, and reverts when removing.
U256 price_after_amount0(const U256& price, const U256& liquidity, const U256& amount, bool adds) {
    if (amount == 0) {
        return price;
    }
    const U256 numerator = liquidity << 96U;
    const core::U512 product = core::U512(amount) * core::U512(price);
    if (!adds) {
        return mul_div_wide<Rounding::Up>(numerator, price, U256(numerator - U256(product)));
    }
    const core::U512 denominator = core::U512(numerator) + product;
    if (denominator <= core::U512(core::max_u256())) {
        return mul_div_wide<Rounding::Up>(numerator, price, U256(denominator));
    }
    return core::mul_div<Rounding::Up>(numerator, 1, U256(numerator / price) + amount);
}

/// SqrtPriceMath.getNextSqrtPriceFromAmount1RoundingDown.
U256 price_after_amount1(const U256& price, const U256& liquidity, const U256& amount, bool adds) {
    return adds ? U256(price + mul_div_wide<Rounding::Down>(amount, q96(), liquidity))
                : U256(price - mul_div_wide<Rounding::Up>(amount, q96(), liquidity));
}

}  // namespace

U256 amount0_between(const U256& a, const U256& b, const U256& liquidity, Rounding rounding) {
    const U256& low = std::min(a, b);
    const U256& high = std::max(a, b);
    const U256 first = mul_div_as(liquidity << 96U, high - low, high, rounding);
    return mul_div_as(first, 1, low, rounding);
}

U256 amount1_between(const U256& a, const U256& b, const U256& liquidity, Rounding rounding) {
    return mul_div_as(liquidity, std::max(a, b) - std::min(a, b), q96(), rounding);
}

Step swap_step(const StepCall& call) {
    const bool zero_for_one = call.price >= call.target;
    const auto in_to = [&](const U256& price) {
        return zero_for_one ? amount0_between(price, call.price, call.liquidity, Rounding::Up)
                            : amount1_between(price, call.price, call.liquidity, Rounding::Up);
    };
    const auto out_to = [&](const U256& price) {
        return zero_for_one ? amount1_between(price, call.price, call.liquidity, Rounding::Down)
                            : amount0_between(price, call.price, call.liquidity, Rounding::Down);
    };
    Step step;
    if (call.exact_out) {
        step.out = out_to(call.target);
        const bool is_reached = call.remaining >= step.out;
        step.price = is_reached ? call.target
                     : zero_for_one
                         ? price_after_amount1(call.price, call.liquidity, call.remaining, false)
                         : price_after_amount0(call.price, call.liquidity, call.remaining, false);
        step.in = in_to(step.price);
        // Rounding can give a unit more than is wanted.
        step.out =
            std::min(step.price == call.target ? step.out : out_to(step.price), call.remaining);
    } else {
        const U256 less_fee =
            mul_div_wide<Rounding::Down>(call.remaining, kPips - call.fee_pips, kPips);
        step.in = in_to(call.target);
        const bool is_reached = less_fee >= step.in;
        step.price = is_reached ? call.target
                     : zero_for_one
                         ? price_after_amount0(call.price, call.liquidity, less_fee, true)
                         : price_after_amount1(call.price, call.liquidity, less_fee, true);
        if (step.price != call.target) {
            step.in = in_to(step.price);
        }
        step.out = out_to(step.price);
    }
    const bool takes_rest = !call.exact_out && step.price != call.target;
    step.fee = takes_rest
                   ? U256(call.remaining - step.in)
                   : mul_div_wide<Rounding::Up>(step.in, call.fee_pips, kPips - call.fee_pips);
    return step;
}

}  // namespace margrave::adapters::uniswap_v3
