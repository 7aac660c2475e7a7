#pragma once

#include <cstdint>
#include <stdexcept>

#include "core/limbs.hpp"
#include "core/u256.hpp"

namespace margrave::core {

/// A number below 2^128, in which nearly all amounts, prices and indexes of a chain fit with their
/// sums: several times as fast as U256. Checked likewise: what leaves 128 bits throws
/// std::overflow_error, a negative result std::range_error.
class U128 {
  public:
    U128() = default;
    // A number is a number: sums and comparisons with literals read as those of U256.
    U128(std::uint64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)
    explicit U128(const U256& value) : value_(low_bits(value)) {
        if (value.backend().size() > 2) {
            leave();
        }
    }
    explicit operator U256() const { return value_; }
    explicit operator std::uint32_t() const { return static_cast<std::uint32_t>(value_); }

    U128& operator+=(const U128& other) {
        return checked(__builtin_add_overflow(value_, other.value_, &value_));
    }
    U128& operator*=(const U128& other) {
        return checked(__builtin_mul_overflow(value_, other.value_, &value_));
    }
    U128& operator-=(const U128& other) {
        if (value_ < other.value_) {
            throw std::range_error("a difference is below zero");
        }
        value_ -= other.value_;
        return *this;
    }
    friend U128 operator+(U128 a, const U128& b) { return a += b; }
    friend U128 operator*(U128 a, const U128& b) { return a *= b; }
    friend U128 operator-(U128 a, const U128& b) { return a -= b; }
    friend U128 operator/(const U128& a, const U128& b) {
        require_divisor(b);
        return of((a.value_ | b.value_) >> 64U == 0
                      ? static_cast<limbs::Limb>(a.value_) / static_cast<limbs::Limb>(b.value_)
                      : a.value_ / b.value_);
    }
    friend bool operator==(const U128& a, const U128& b) { return a.value_ == b.value_; }
    friend bool operator!=(const U128& a, const U128& b) { return a.value_ != b.value_; }
    friend bool operator<(const U128& a, const U128& b) { return a.value_ < b.value_; }
    friend bool operator>(const U128& a, const U128& b) { return b < a; }

    /// a * b / c with a product (and, half-up, a product plus c/2) of up to 256 bits, which it
    /// always fits.
    template <Rounding R>
    [[nodiscard]] static U128 mul_div(const U128& a, const U128& b, const U128& c) {
        require_divisor(c);
        limbs::Four dividend = limbs::product(a.value_, b.value_);
        if constexpr (R == Rounding::HalfUp) {
            limbs::add(dividend, c.value_ >> 1U);
        }
        bool is_exact = false;
        const limbs::Four quotient = limbs::quotient(dividend, c.value_, is_exact);
        if ((quotient[2] | quotient[3]) != 0) {
            leave();
        }
        U128 out = of((static_cast<limbs::Wide>(quotient[1]) << 64U) | quotient[0]);
        if (R == Rounding::Up && !is_exact) {
            out += 1;
        }
        return out;
    }

  private:
    static U128 of(limbs::Wide value) {
        U128 out;
        out.value_ = value;
        return out;
    }
    static limbs::Wide low_bits(const U256& value) {
        const auto& backend = value.backend();
        const limbs::Wide high = backend.size() > 1 ? backend.limbs()[1] : 0;
        return (high << 64U) | backend.limbs()[0];
    }
    static void require_divisor(const U128& c) {
        if (c.value_ == 0) {
            throw std::overflow_error("division by zero");
        }
    }
    [[noreturn]] static void leave() {
        throw std::overflow_error("a number needs more than 128 bits");
    }
    U128& checked(bool overflowed) {
        if (overflowed) {
            leave();
        }
        return *this;
    }

    limbs::Wide value_ = 0;
};

}  // namespace margrave::core
