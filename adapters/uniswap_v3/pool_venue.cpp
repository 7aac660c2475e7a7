#include "adapters/uniswap_v3/pool_venue.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <functional>

#include "adapters/uniswap_v3/tick_math.hpp"
#include "margin/guard.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using boost::multiprecision::cpp_int;
using core::U256;
using margin::PriceRatio;
using margin::Refusal;
using margin::SwapOutcome;

core::U512 square(const U256& price) { return core::U512(price) * core::U512(price); }

core::U512 two_to_192() { return core::U512(1) << 192U; }

/// The lowest sqrtPriceX96 whose price of token 0 is at least the ratio.
cpp_int sqrt_up(const cpp_int& numerator, const cpp_int& denominator) {
    const cpp_int shifted = numerator << 192;
    cpp_int squared = shifted / denominator;
    if (squared * denominator < shifted) {
        ++squared;
    }
    const cpp_int root = boost::multiprecision::sqrt(squared);
    return root * root < squared ? cpp_int(root + 1) : root;
}

/// The highest sqrtPriceX96 whose price of token 1, its inverse, is at least the ratio.
cpp_int sqrt_down(const cpp_int& numerator, const cpp_int& denominator) {
    return boost::multiprecision::sqrt(cpp_int((denominator << 192) / numerator));
}

/// The farthest limit that the contract takes, or the call's own, if that is nearer.
U256 price_limit_of(const margin::SwapCall& call, bool zero_for_one) {
    const U256 farthest = zero_for_one ? U256(sqrt_price_min() + 1) : U256(sqrt_price_max() - 1);
    if (!call.price_limit || call.price_limit->numerator == 0) {
        return farthest;
    }
    const cpp_int numerator(call.price_limit->numerator);
    const cpp_int denominator(call.price_limit->denominator);
    const cpp_int limit =
        zero_for_one ? sqrt_up(numerator, denominator) : sqrt_down(numerator, denominator);
    const cpp_int end(farthest);
    if (zero_for_one ? limit <= end : limit >= end) {
        return farthest;
    }
    // On the other side of the price there is nothing to do; any such number says so.
    return limit < cpp_int(sqrt_price_min())   ? sqrt_price_min()
           : limit > cpp_int(sqrt_price_max()) ? sqrt_price_max()
                                               : U256(limit);
}

}  // namespace

std::optional<bool> PoolVenue::is_zero_for_one(const core::Address& sell,
                                               const core::Address& buy) const {
    const auto& tokens = state_.tokens;
    if (sell == tokens[0].address && buy == tokens[1].address) {
        return true;
    }
    if (sell == tokens[1].address && buy == tokens[0].address) {
        return false;
    }
    return std::nullopt;
}

std::optional<PriceRatio> PoolVenue::price(const core::Address& sell,
                                           const core::Address& buy) const {
    const auto zero_for_one = is_zero_for_one(sell, buy);
    if (!zero_for_one) {
        return std::nullopt;
    }
    const core::U512 squared = square(state_.pool.now.sqrt_price_x96);
    return *zero_for_one ? PriceRatio{.numerator = squared, .denominator = two_to_192()}
                         : PriceRatio{.numerator = two_to_192(), .denominator = squared};
}

core::Result<SwapOutcome, Refusal> PoolVenue::swap(const margin::SwapCall& call) {
    const auto zero_for_one = is_zero_for_one(call.sell, call.buy);
    if (!zero_for_one) {
        return core::Unexpected(Refusal{.reason = "unknown_token",
                                        .detail = to_string(state_.name) + " does not hold both"});
    }
    const U256 limit = price_limit_of(call, *zero_for_one);
    const U256& price = state_.pool.now.sqrt_price_x96;
    if (call.price_limit && (*zero_for_one ? limit >= price : limit <= price)) {
        return SwapOutcome{.sold = 0, .bought = 0, .unfilled = call.amount};
    }
    const auto moved = uniswap_v3::swap(state_.pool, {.zero_for_one = *zero_for_one,
                                                      .exact_out = call.exact_out,
                                                      .amount = call.amount,
                                                      .price_limit = limit});
    if (!moved) {
        return core::Unexpected(moved.error());
    }
    return SwapOutcome{.sold = moved->in, .bought = moved->out, .unfilled = moved->remaining};
}

std::optional<std::string> contradiction_in(const Pool& pool) {
    const auto& [price, tick, liquidity] = pool.now;
    if (price < sqrt_price_min() || price >= sqrt_price_max()) {
        return "the price is out of range: the pool has not begun";
    }
    const std::int32_t tick_of_price = tick_at(price);
    // Right after a fall that ended on a tick of the pool's spacing, the pool's tick is one below.
    const bool is_just_crossed = tick == tick_of_price - 1 &&
                                 tick_of_price % pool.ticks->spacing == 0 &&
                                 sqrt_price_at(tick_of_price) == price;
    if (tick != tick_of_price && !is_just_crossed) {
        return "tick and price do not belong together";
    }
    const TickTable& table = *pool.ticks;
    if (!std::is_sorted(table.ticks.begin(), table.ticks.end(), std::less_equal<>())) {
        return "the ticks are not ascending";
    }
    const U256 liquidity_max = U256(1) << 128U;
    if (liquidity >= liquidity_max) {
        return "the liquidity is wider than its 128 bits";
    }
    const auto above = std::upper_bound(table.ticks.begin(), table.ticks.end(), tick);
    const auto walk = [&](auto begin, auto end, auto step, bool down) {
        U256 active = liquidity;
        for (auto row = begin; row != end; row += step) {
            const NetLiquidity& net = table.nets[static_cast<std::size_t>(row)];
            if (net.is_negative == down) {
                active += net.amount;
            } else if (net.amount > active) {
                return false;
            } else {
                active -= net.amount;
            }
            if (active >= liquidity_max) {
                return false;
            }
        }
        return true;
    };
    const auto split = above - table.ticks.begin();
    const auto count = static_cast<std::ptrdiff_t>(table.ticks.size());
    if (!walk(split, count, 1, false) || !walk(split - 1, std::ptrdiff_t{-1}, -1, true)) {
        return "the ticks' liquidity does not add up";
    }
    return std::nullopt;
}

}  // namespace margrave::adapters::uniswap_v3
