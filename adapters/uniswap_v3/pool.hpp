#pragma once

#include <cstdint>
#include <memory>

#include "adapters/uniswap_v3/ticks.hpp"
#include "core/result.hpp"
#include "margin/liquidation.hpp"
#include "margin/venue.hpp"

/// The swap of Uniswap v3's pool contract.
/// Source: Uniswap/v3-core@1.0.1 (npm) UniswapV3Pool.sol, swap.
namespace margrave::adapters::uniswap_v3 {

/// Everything that decides what a swap moves. The protocol's share of the fee and the growth of
/// fees move nothing of it.
struct Pool {
    std::uint32_t fee_pips = 0;  ///< 1e6 is one
    margin::ConcentratedState now;
    std::shared_ptr<const TickTable> ticks;
};

struct PoolSwap {
    bool zero_for_one = true;
    bool exact_out = false;
    core::U256 amount;  ///< above 0, below 2^255
    core::U256
        price_limit;  ///< sqrtPriceX96, strictly between the pool's price and the range's end
};

struct PoolMoved {
    core::U256 in;  ///< fee included
    core::U256 out;
    core::U256 remaining;  ///< of the amount, at the price limit
};

/// Swaps, changing `pool.now`; a refusal changes nothing: "zero_amount", "amount_too_large",
/// "price_limit" (all as the contract refuses them), "beyond_band" (it needs ticks not read).
[[nodiscard]] core::Result<PoolMoved, margin::Refusal> swap(Pool& pool, const PoolSwap& call);

}  // namespace margrave::adapters::uniswap_v3
