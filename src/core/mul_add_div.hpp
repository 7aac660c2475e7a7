#pragma once

#include "core/u256.hpp"

namespace margrave::core {

/// (a * b + addend) / c rounded down, for the sums that a contract makes before it divides: throws
/// std::overflow_error where the product or the sum needs more than 256 bits, or where c is 0.
[[nodiscard]] U256 mul_add_div(const U256& a, const U256& b, const U256& addend, const U256& c);

}  // namespace margrave::core
