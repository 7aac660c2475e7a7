#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

/// Products and quotients of little numbers of 64-bit limbs, least significant first: what a
/// contract's mulDiv needs, several times as fast as the general code of a library. Only U256's own
/// implementation uses it.
namespace margrave::core::limbs {

using Limb = std::uint64_t;
__extension__ using Wide = unsigned __int128;

inline constexpr std::size_t kLimbsMax = 8;

/// A natural number below 2^512 as limbs; `size` is without zeros at the top, and 0 for 0.
struct Number {
    std::array<Limb, kLimbsMax> limb{};
    std::size_t size = 0;

    void trim() {
        while (size != 0 && limb[size - 1] == 0) {
            --size;
        }
    }
};

/// Both of at most kLimbsMax / 2 limbs.
[[nodiscard]] inline Number product(const Number& a, const Number& b) {
    Number out;
    out.size = a.size + b.size;
    for (std::size_t i = 0; i < a.size; ++i) {
        Limb carry = 0;
        for (std::size_t k = 0; k < b.size; ++k) {
            const Wide sum = static_cast<Wide>(a.limb[i]) * b.limb[k] + out.limb[i + k] + carry;
            out.limb[i + k] = static_cast<Limb>(sum);
            carry = static_cast<Limb>(sum >> 64U);
        }
        out.limb[i + b.size] = carry;
    }
    out.trim();
    return out;
}

/// a += b; false when that needs more than kLimbsMax limbs.
[[nodiscard]] inline bool add(Number& a, const Number& b) {
    const std::size_t size = std::max(a.size, b.size);
    Limb carry = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Wide sum = static_cast<Wide>(a.limb[i]) + b.limb[i] + carry;
        a.limb[i] = static_cast<Limb>(sum);
        carry = static_cast<Limb>(sum >> 64U);
    }
    a.size = size;
    if (carry != 0) {
        if (size == kLimbsMax) {
            return false;
        }
        a.limb[a.size++] = carry;
    }
    return true;
}

/// (high * 2^64 + low) / divisor for high < divisor, so that the quotient is one limb.
[[nodiscard]] inline Limb divide_two_by_one(Limb high, Limb low, Limb divisor, Limb& remainder) {
#if defined(__x86_64__)
    Limb quotient = 0;
    // The machine's own division; the compiler calls a function for 128 bits.
    __asm__("divq %[d]" : "=a"(quotient), "=d"(remainder) : [d] "r"(divisor), "a"(low), "d"(high));
    return quotient;
#else
    const Wide whole = (static_cast<Wide>(high) << 64U) | low;
    remainder = static_cast<Limb>(whole % divisor);
    return static_cast<Limb>(whole / divisor);
#endif
}

/// The quotient; `remainder_is_zero` says whether it is exact. `divisor` is not 0.
[[nodiscard]] Number quotient(const Number& dividend, const Number& divisor,
                              bool& remainder_is_zero);

}  // namespace margrave::core::limbs
