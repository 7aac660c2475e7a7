#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

/// Products and quotients of little numbers of 64-bit limbs, least significant first: what a
/// contract's mulDiv needs, several times as fast as the general code of a library. Only U256 and
/// U128 are made of it.
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

/// What most of a contract's products fit in: those of two numbers of 128 bits.
using Four = std::array<Limb, 4>;

[[nodiscard]] inline Four product(Wide a, Wide b) {
    const auto a_low = static_cast<Limb>(a);
    const auto a_high = static_cast<Limb>(a >> 64U);
    const auto b_low = static_cast<Limb>(b);
    const auto b_high = static_cast<Limb>(b >> 64U);
    const Wide low = static_cast<Wide>(a_low) * b_low;
    // Neither sum of a product and a limb or two needs more than 128 bits.
    const Wide middle = static_cast<Wide>(a_high) * b_low + (low >> 64U);
    const Wide other = static_cast<Wide>(a_low) * b_high + static_cast<Limb>(middle);
    const Wide high = static_cast<Wide>(a_high) * b_high + (middle >> 64U) + (other >> 64U);
    return {static_cast<Limb>(low), static_cast<Limb>(other), static_cast<Limb>(high),
            static_cast<Limb>(high >> 64U)};
}

/// to += addend; the sum must fit, as that of any product(a, b) and a 128-bit number does.
inline void add(Four& to, Wide addend) {
    const Wide low = static_cast<Wide>(to[0]) + static_cast<Limb>(addend);
    const Wide next = static_cast<Wide>(to[1]) + static_cast<Limb>(addend >> 64U) + (low >> 64U);
    const Wide high = ((static_cast<Wide>(to[3]) << 64U) | to[2]) + (next >> 64U);
    to = {static_cast<Limb>(low), static_cast<Limb>(next), static_cast<Limb>(high),
          static_cast<Limb>(high >> 64U)};
}

/// As above.
[[nodiscard]] Four quotient(const Four& dividend, Wide divisor, bool& remainder_is_zero);

}  // namespace margrave::core::limbs
