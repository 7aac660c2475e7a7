#include "core/limbs.hpp"

#include <bit>

namespace margrave::core::limbs {
namespace {

/// Returns whether the quotient, of as many limbs as the dividend and 0 before, is exact.
bool by_one_limb(const Limb* dividend, std::size_t size, Limb divisor, Limb* quotient) {
    // A highest limb below the divisor is what is left already: most quotients have a limb less.
    Limb remainder = size != 0 && dividend[size - 1] < divisor ? dividend[--size] : 0;
    for (std::size_t i = size; i-- > 0;) {
        quotient[i] = divide_two_by_one(remainder, dividend[i], divisor, remainder);
    }
    return remainder == 0;
}

/// One limb of a quotient, by the two highest limbs of the divisor and the three of what is left
/// to divide, the highest last: right, or one too great where the divisor has more limbs. `rest` is
/// what the two highest limbs leave when that many times `first` is taken from them.
Limb estimate(const Limb* top, Limb first, Limb second, Wide& rest) {
    Limb guess = 0;
    if (top[2] >= first) {
        guess = ~Limb{0};
        rest = static_cast<Wide>(top[1]) + first;
    } else {
        Limb remainder = 0;
        guess = divide_two_by_one(top[2], top[1], first, remainder);
        rest = remainder;
    }
    // With a carry in `rest` the guess cannot be too great.
    while ((rest >> 64U) == 0 && static_cast<Wide>(guess) * second > ((rest << 64U) | top[0])) {
        --guess;
        rest += first;
    }
    return guess;
}

/// The same by two limbs, the higher not 0, as most units and totals have: what is left to divide
/// stays in two limbs. `dividend` has `size` limbs, two or more, the quotient one fewer; returns
/// whether it is exact.
bool by_two_limbs(const Limb* dividend, std::size_t size, Wide divisor, Limb* quotient) {
    const auto shift = static_cast<unsigned>(std::countl_zero(static_cast<Limb>(divisor >> 64U)));
    const Wide by = divisor << shift;
    const Limb first = static_cast<Limb>(by >> 64U);
    const Limb second = static_cast<Limb>(by);
    // Limb i of dividend * 2^shift.
    const auto shifted_limb = [&](std::size_t i) {
        const Limb high = i < size ? dividend[i] : 0;
        const Limb low = i == 0 ? 0 : dividend[i - 1];
        return shift == 0 ? high : (high << shift) | (low >> (64U - shift));
    };
    Wide rest = (static_cast<Wide>(shifted_limb(size)) << 64U) | shifted_limb(size - 1);
    for (std::size_t i = size - 1; i-- > 0;) {
        const std::array<Limb, 3> top{shifted_limb(i), static_cast<Limb>(rest),
                                      static_cast<Limb>(rest >> 64U)};
        Wide after = 0;
        quotient[i] = estimate(top.data(), first, second, after);
        // Exact for two limbs; what it wraps over 2^128 is wrapped back.
        rest = ((after << 64U) | top[0]) - static_cast<Wide>(quotient[i]) * second;
    }
    return rest == 0;
}

/// number * 2^shift for a shift below 64; one limb more than `number`, which may be 0.
std::array<Limb, kLimbsMax + 1> shifted(const Number& number, unsigned shift) {
    std::array<Limb, kLimbsMax + 1> out{};
    for (std::size_t i = 0; i < number.size; ++i) {
        out[i] |= number.limb[i] << shift;
        out[i + 1] = shift == 0 ? 0 : number.limb[i] >> (64U - shift);
    }
    return out;
}

/// from -= times * divisor, over size + 1 limbs; true when that went below zero.
bool subtract_product(Limb* from, Limb times, const Limb* divisor, std::size_t size) {
    Limb carry = 0;
    Limb borrow = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Wide product = static_cast<Wide>(times) * divisor[i] + carry;
        carry = static_cast<Limb>(product >> 64U);
        const Wide difference = static_cast<Wide>(from[i]) - static_cast<Limb>(product) - borrow;
        from[i] = static_cast<Limb>(difference);
        borrow = static_cast<Limb>(difference >> 64U) & 1U;
    }
    const Wide difference = static_cast<Wide>(from[size]) - carry - borrow;
    from[size] = static_cast<Limb>(difference);
    return (difference >> 64U) != 0;
}

void add_back(Limb* to, const Limb* divisor, std::size_t size) {
    Limb carry = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Wide sum = static_cast<Wide>(to[i]) + divisor[i] + carry;
        to[i] = static_cast<Limb>(sum);
        carry = static_cast<Limb>(sum >> 64U);
    }
    to[size] += carry;
}

}  // namespace

/// Long division in base 2^64. Source: Knuth, The Art of Computer Programming 2, 4.3.1,
/// algorithm D.
Number quotient(const Number& dividend, const Number& divisor, bool& remainder_is_zero) {
    if (dividend.size < divisor.size) {
        remainder_is_zero = dividend.size == 0;
        return {};
    }
    if (divisor.size == 1) {
        Number out;
        out.size = dividend.size;
        remainder_is_zero =
            by_one_limb(dividend.limb.data(), dividend.size, divisor.limb[0], out.limb.data());
        out.trim();
        return out;
    }
    if (divisor.size == 2) {
        Number out;
        out.size = dividend.size - 1;
        const Wide by = (static_cast<Wide>(divisor.limb[1]) << 64U) | divisor.limb[0];
        remainder_is_zero = by_two_limbs(dividend.limb.data(), dividend.size, by, out.limb.data());
        out.trim();
        return out;
    }
    const std::size_t size = divisor.size;
    const auto shift = static_cast<unsigned>(std::countl_zero(divisor.limb[size - 1]));
    const auto by = shifted(divisor, shift);
    auto rest = shifted(dividend, shift);
    Number out;
    out.size = dividend.size - size + 1;
    for (std::size_t i = out.size; i-- > 0;) {
        Wide left = 0;
        Limb digit = estimate(&rest[i + size - 2], by[size - 1], by[size - 2], left);
        if (subtract_product(&rest[i], digit, by.data(), size)) {
            --digit;
            add_back(&rest[i], by.data(), size);
        }
        out.limb[i] = digit;
    }
    remainder_is_zero = std::all_of(rest.begin(), rest.end(), [](Limb limb) { return limb == 0; });
    out.trim();
    return out;
}

Four quotient(const Four& dividend, Wide divisor, bool& remainder_is_zero) {
    Four out{};
    std::size_t size = dividend.size();
    while (size > 1 && dividend[size - 1] == 0) {
        --size;
    }
    if ((divisor >> 64U) == 0) {
        remainder_is_zero =
            by_one_limb(dividend.data(), size, static_cast<Limb>(divisor), out.data());
    } else if (size == 1) {
        remainder_is_zero = dividend[0] == 0;
    } else {
        remainder_is_zero = by_two_limbs(dividend.data(), size, divisor, out.data());
    }
    return out;
}

}  // namespace margrave::core::limbs
