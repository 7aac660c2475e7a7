#pragma once

#include <cmath>
#include <cstdint>

#include "core/u128.hpp"
#include "core/u256.hpp"

namespace margrave::margin {

/// The arithmetics that a rule is written for once. Exact has the contract's width and rounding
/// at every step; what overflows there throws std::overflow_error here.
struct Exact {
    using Number = core::U256;

    [[nodiscard]] static Number of(const core::U256& value) { return value; }
    template <core::Rounding R>
    [[nodiscard]] static Number mul_div(const Number& a, const Number& b, const Number& c) {
        return core::mul_div<R>(a, b, c);
    }
    /// Integer division rounding down.
    [[nodiscard]] static Number quotient(const Number& a, const Number& b) { return a / b; }
};

/// Exact in 128 bits, several times as fast: what needs more throws std::overflow_error, and then
/// Exact is to be asked.
struct Narrow {
    using Number = core::U128;

    [[nodiscard]] static Number of(const core::U256& value) { return Number(value); }
    [[nodiscard]] static Number of(std::uint64_t value) { return {value}; }
    template <core::Rounding R>
    [[nodiscard]] static Number mul_div(const Number& a, const Number& b, const Number& c) {
        return Number::mul_div<R>(a, b, c);
    }
    [[nodiscard]] static Number quotient(const Number& a, const Number& b) { return a / b; }
};

/// Doubles, for screening many accounts: no step rounds to an integer.
struct Fast {
    using Number = double;

    [[nodiscard]] static Number of(const core::U256& value) { return value.convert_to<double>(); }
    template <core::Rounding R>
    [[nodiscard]] static Number mul_div(Number a, Number b, Number c) {
        return a * b / c;
    }
    [[nodiscard]] static Number quotient(Number a, Number b) { return a / b; }
};

/// Doubles for carrying out many liquidations: a rule's own integer division cuts, as Aave's of an
/// average threshold to a basis point does; a product that is scaled down does not.
struct Bulk : Fast {
    /// A whole number is not cut to the one below for a bit that the division lost.
    [[nodiscard]] static Number quotient(Number a, Number b) {
        constexpr double kLostBits = 1e-12;
        return std::floor(a / b * (1 + kLostBits));
    }
};

}  // namespace margrave::margin
