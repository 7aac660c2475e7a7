#pragma once

#include "core/u256.hpp"

namespace margrave::core {

/// 1e18, the unit of health factors and of 18-decimal fixed point.
[[nodiscard]] const U256& wad();
/// 1e27, the unit of indexes and rates.
[[nodiscard]] const U256& ray();
/// 1e4, basis points in one.
[[nodiscard]] const U256& percentage_factor();

/// a * b / 1e27 and a * 1e27 / b; wad and percent alike. All with 256-bit products, so they throw
/// std::overflow_error where a contract would revert.
template <Rounding R>
[[nodiscard]] U256 ray_mul(const U256& a, const U256& b) {
    return mul_div<R>(a, b, ray());
}
template <Rounding R>
[[nodiscard]] U256 ray_div(const U256& a, const U256& b) {
    return mul_div<R>(a, ray(), b);
}
template <Rounding R>
[[nodiscard]] U256 wad_mul(const U256& a, const U256& b) {
    return mul_div<R>(a, b, wad());
}
template <Rounding R>
[[nodiscard]] U256 wad_div(const U256& a, const U256& b) {
    return mul_div<R>(a, wad(), b);
}
template <Rounding R>
[[nodiscard]] U256 percent_mul(const U256& value, const U256& percentage_bps) {
    return mul_div<R>(value, percentage_bps, percentage_factor());
}
template <Rounding R>
[[nodiscard]] U256 percent_div(const U256& value, const U256& percentage_bps) {
    return mul_div<R>(value, percentage_factor(), percentage_bps);
}

}  // namespace margrave::core
