#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/u256.hpp"

namespace margrave::core {

/// a + b; a built-in integer too throws std::overflow_error and does not wrap.
template <class Rep>
[[nodiscard]] Rep checked_sum(const Rep& a, const Rep& b) {
    if constexpr (std::unsigned_integral<Rep>) {
        if (a > std::numeric_limits<Rep>::max() - b) {
            throw std::overflow_error("a sum does not fit its integer");
        }
    }
    return static_cast<Rep>(a + b);
}

/// a - b; a built-in integer too throws std::range_error below zero: a price stamped a second after
/// its block is not 584 billion years old.
template <class Rep>
[[nodiscard]] Rep checked_difference(const Rep& a, const Rep& b) {
    if constexpr (std::unsigned_integral<Rep>) {
        if (a < b) {
            throw std::range_error("a difference is below zero");
        }
    }
    return static_cast<Rep>(a - b);
}

/// A number that cannot be mistaken for one of another unit. Same-unit sums and comparisons only;
/// scaling is a named function that says its rounding (core/fixed_point.hpp).
template <class Tag, class Rep>
class Quantity {
  public:
    Quantity() = default;
    constexpr explicit Quantity(Rep value) : value_(std::move(value)) {}

    [[nodiscard]] constexpr const Rep& value() const { return value_; }

    friend bool operator==(const Quantity& a, const Quantity& b) { return a.value_ == b.value_; }
    friend bool operator<(const Quantity& a, const Quantity& b) { return a.value_ < b.value_; }
    friend bool operator>(const Quantity& a, const Quantity& b) { return b < a; }
    friend bool operator<=(const Quantity& a, const Quantity& b) { return !(b < a); }
    friend bool operator>=(const Quantity& a, const Quantity& b) { return !(a < b); }
    friend Quantity operator+(const Quantity& a, const Quantity& b) {
        return Quantity(checked_sum(a.value_, b.value_));
    }
    friend Quantity operator-(const Quantity& a, const Quantity& b) {
        return Quantity(checked_difference(a.value_, b.value_));
    }

  private:
    Rep value_{};
};

using Wad = Quantity<struct WadTag, U256>;                ///< 1e18 is one
using Ray = Quantity<struct RayTag, U256>;                ///< 1e27 is one
using Usd = Quantity<struct UsdTag, U256>;                ///< 1e18 is one dollar
using TokenUnits = Quantity<struct TokenUnitsTag, U256>;  ///< base units of a token
using Price = Quantity<struct PriceTag, U256>;            ///< an oracle's answer, in its own scale
using Bps = Quantity<struct BpsTag, std::uint32_t>;       ///< 10000 is one
using ChainId = Quantity<struct ChainIdTag, std::uint64_t>;
using BlockNumber = Quantity<struct BlockNumberTag, std::uint64_t>;
using Timestamp = Quantity<struct TimestampTag, std::uint64_t>;  ///< chain seconds since 1970

}  // namespace margrave::core
