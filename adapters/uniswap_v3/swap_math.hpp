#pragma once

#include <cstdint>

#include "core/u256.hpp"

/// Amounts within a range of constant liquidity. Prices are sqrtPriceX96; token 0 is priced in
/// token 1, so selling token 0 ("zero for one") lowers the price.
/// Source: Uniswap/v3-core@1.0.1 (npm) libraries/SqrtPriceMath.sol and SwapMath.sol.
namespace margrave::adapters::uniswap_v3 {

/// Of token 0 between two prices, in either order: L * 2^96 * (high - low) / high / low, both
/// divisions rounded the same way.
[[nodiscard]] core::U256 amount0_between(const core::U256& a, const core::U256& b,
                                         const core::U256& liquidity, core::Rounding rounding);
/// Of token 1 between two prices, in either order: L * (high - low) / 2^96.
[[nodiscard]] core::U256 amount1_between(const core::U256& a, const core::U256& b,
                                         const core::U256& liquidity, core::Rounding rounding);

struct StepCall {
    core::U256 price;
    core::U256 target;  ///< below the price when token 0 is sold, else above; or the price itself
    core::U256 liquidity;  ///< 0: the step reaches its target with nothing moved
    core::U256 remaining;  ///< still to be paid in, or out when `exact_out`
    bool exact_out = false;
    std::uint32_t fee_pips = 0;  ///< 1e6 is one; below it
};

struct Step {
    core::U256 price;
    core::U256 in;  ///< without the fee
    core::U256 out;
    core::U256 fee;
};

/// SwapMath.computeSwapStep. Throws as the contract reverts.
[[nodiscard]] Step swap_step(const StepCall& call);

}  // namespace margrave::adapters::uniswap_v3
