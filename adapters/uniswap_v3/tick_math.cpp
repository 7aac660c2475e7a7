#include "adapters/uniswap_v3/tick_math.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/errors.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using core::U256;

/// 2^128 / sqrt(1.0001)^(2^i), of each bit i of a tick.
const std::array<U256, 20>& factors() {
    static const std::array<U256, 20> kFactors{
        U256("0xfffcb933bd6fad37aa2d162d1a594001"), U256("0xfff97272373d413259a46990580e213a"),
        U256("0xfff2e50f5f656932ef12357cf3c7fdcc"), U256("0xffe5caca7e10e4e61c3624eaa0941cd0"),
        U256("0xffcb9843d60f6159c9db58835c926644"), U256("0xff973b41fa98c081472e6896dfb254c0"),
        U256("0xff2ea16466c96a3843ec78b326b52861"), U256("0xfe5dee046a99a2a811c461f1969c3053"),
        U256("0xfcbe86c7900a88aedcffc83b479aa3a4"), U256("0xf987a7253ac413176f2b074cf7815e54"),
        U256("0xf3392b0822b70005940c7a398e4b70f3"), U256("0xe7159475a2c29b7443b29c7fa6e889d9"),
        U256("0xd097f3bdfd2022b8845ad8f792aa5825"), U256("0xa9f746462d870fdf8a65dc1f90e061e5"),
        U256("0x70d869a156d2a1b890bb3df62baf32f7"), U256("0x31be135f97d08fd981231505542fcfa6"),
        U256("0x9aa508b5b7a84e1c677de54f3e99bc9"),  U256("0x5d6af8dedb81196699c329225ee604"),
        U256("0x2216e584f5fa1ea926041bedfe98"),     U256("0x48a170391f7dc42444e8fa2")};
    return kFactors;
}

}  // namespace

const U256& sqrt_price_min() {
    static const U256 value("4295128739");
    return value;
}

const U256& sqrt_price_max() {
    static const U256 value("1461446703485210103287273052203988822378723970342");
    return value;
}

U256 sqrt_price_at(std::int32_t tick) {
    core::ensure(tick >= kTickMin && tick <= kTickMax, "a pool's ticks are in range");
    const auto steps = static_cast<std::uint32_t>(std::abs(tick));
    U256 ratio = U256(1) << 128U;
    for (std::size_t bit = 0; bit < factors().size(); ++bit) {
        if ((steps >> bit & 1U) != 0) {
            ratio = U256(ratio * factors().at(bit)) >> 128U;
        }
    }
    if (tick > 0) {
        ratio = core::max_u256() / ratio;
    }
    const U256 rounded = ratio >> 32U;
    return U256(rounded << 32U) == ratio ? rounded : U256(rounded + 1);
}

std::int32_t tick_at(const U256& sqrt_price) {
    core::ensure(sqrt_price >= sqrt_price_min() && sqrt_price < sqrt_price_max(),
                 "a pool's price is in range");
    // The contract takes a logarithm bit by bit; a double's comes within one tick, and the prices
    // at ticks decide.
    const double log_price = std::log(sqrt_price.convert_to<double>()) - 96 * std::log(2.0);
    const double guess = std::floor(2 * log_price / std::log(1.0001));
    auto tick =
        static_cast<std::int32_t>(std::clamp(guess, double{kTickMin}, double{kTickMax - 1}));
    while (sqrt_price_at(tick) > sqrt_price) {
        --tick;
    }
    while (tick + 1 < kTickMax && sqrt_price_at(tick + 1) <= sqrt_price) {
        ++tick;
    }
    return tick;
}

}  // namespace margrave::adapters::uniswap_v3
