#include "adapters/uniswap_v3/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "adapters/uniswap_v3/swap_math.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using core::U256;
using margin::Refusal;

core::Unexpected<Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

/// Liquidity when the price moves across a tick.
U256 crossed(const U256& liquidity, const NetLiquidity& net, bool zero_for_one) {
    return net.is_negative == zero_for_one ? U256(liquidity + net.amount)
                                           : U256(liquidity - net.amount);
}

/// One swap under way; every number as the contract's SwapState.
struct Swapping {
    const Pool& pool;
    const PoolSwap& call;
    margin::ConcentratedState state;
    U256 remaining;
    U256 in = 0;
    U256 out = 0;

    [[nodiscard]] bool is_done() const {
        return remaining == 0 || state.sqrt_price_x96 == call.price_limit;
    }

    void step_to(const NextTick& next) {
        const std::int32_t tick = std::clamp(next.tick, kTickMin, kTickMax);
        const U256 price_there = sqrt_price_at(tick);
        const U256 start = state.sqrt_price_x96;
        const Step step =
            swap_step({.price = start,
                       .target = call.zero_for_one ? std::max(price_there, call.price_limit)
                                                   : std::min(price_there, call.price_limit),
                       .liquidity = state.liquidity,
                       .remaining = remaining,
                       .exact_out = call.exact_out,
                       .fee_pips = pool.fee_pips});
        const U256 paid = step.in + step.fee;
        in += paid;
        out += step.out;
        remaining -= call.exact_out ? step.out : paid;
        state.sqrt_price_x96 = step.price;
        if (step.price == price_there) {
            if (next.row) {
                state.liquidity =
                    crossed(state.liquidity, pool.ticks->nets[*next.row], call.zero_for_one);
            }
            state.tick = call.zero_for_one ? tick - 1 : tick;
        } else if (step.price != start) {
            state.tick = tick_at(step.price);
        }
    }
};

/// The contract's own require()s.
std::optional<Refusal> refusal_of(const Pool& pool, const PoolSwap& call) {
    if (call.amount == 0) {
        return Refusal{.reason = "zero_amount", .detail = "a swap of nothing"};
    }
    if (msb(call.amount) >= 255) {
        return Refusal{.reason = "amount_too_large", .detail = "the pool counts in 255 bits"};
    }
    const U256& price = pool.now.sqrt_price_x96;
    const bool is_between = call.zero_for_one
                                ? call.price_limit < price && call.price_limit > sqrt_price_min()
                                : call.price_limit > price && call.price_limit < sqrt_price_max();
    if (!is_between) {
        return Refusal{.reason = "price_limit", .detail = "the price is at or beyond the limit"};
    }
    return std::nullopt;
}

}  // namespace

core::Result<PoolMoved, Refusal> swap(Pool& pool, const PoolSwap& call) {
    if (auto refusal = refusal_of(pool, call)) {
        return core::Unexpected(*std::move(refusal));
    }
    Swapping swapping{.pool = pool, .call = call, .state = pool.now, .remaining = call.amount};
    while (!swapping.is_done()) {
        const auto next = pool.ticks->next(swapping.state.tick, call.zero_for_one);
        if (!next) {
            return refuse("beyond_band",
                          fmt::format("at tick {} the swap would go on, where the pool's "
                                      "liquidity was not read",
                                      swapping.state.tick));
        }
        swapping.step_to(*next);
    }
    pool.now = swapping.state;
    return PoolMoved{.in = swapping.in, .out = swapping.out, .remaining = swapping.remaining};
}

}  // namespace margrave::adapters::uniswap_v3
