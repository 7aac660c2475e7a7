#pragma once

#include <cstdint>

#include "core/u256.hpp"

/// Prices at ticks: sqrt(1.0001^tick) * 2^96, "sqrtPriceX96", as the contract rounds it.
/// Source: Uniswap/v3-core@1.0.1 (npm) libraries/TickMath.sol.
namespace margrave::adapters::uniswap_v3 {

inline constexpr std::int32_t kTickMin = -887272;
inline constexpr std::int32_t kTickMax = 887272;

/// The price at kTickMin; no price is below it.
[[nodiscard]] const core::U256& sqrt_price_min();
/// The price at kTickMax; every price is below it.
[[nodiscard]] const core::U256& sqrt_price_max();

/// The price at a tick, rounded up. Throws InvariantError for a tick out of range.
[[nodiscard]] core::U256 sqrt_price_at(std::int32_t tick);

/// The greatest tick whose price is at most this. Throws InvariantError for a price out of range.
[[nodiscard]] std::int32_t tick_at(const core::U256& sqrt_price);

}  // namespace margrave::adapters::uniswap_v3
