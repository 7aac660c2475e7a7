#include "cascade/fraction.hpp"

#include <algorithm>

namespace margrave::cascade {

using boost::multiprecision::cpp_int;
using core::U256;

Fraction fraction(const U256& numerator, const U256& denominator) {
    return {cpp_int(numerator), cpp_int(denominator)};
}

Fraction to_fraction(const margin::PriceRatio& price) {
    return {cpp_int(price.numerator), cpp_int(price.denominator)};
}

margin::PriceRatio to_ratio(const Fraction& price) {
    constexpr unsigned kBits = 512;
    cpp_int numerator = boost::multiprecision::numerator(price);
    cpp_int denominator = boost::multiprecision::denominator(price);
    const unsigned bits = static_cast<unsigned>(msb(std::max(numerator, denominator))) + 1;
    if (bits > kBits) {
        numerator >>= bits - kBits;
        denominator >>= bits - kBits;
    }
    if (denominator == 0) {
        denominator = 1;
    }
    return {.numerator = core::U512(numerator), .denominator = core::U512(denominator)};
}

std::optional<U256> to_answer(const Fraction& value) {
    const cpp_int whole =
        boost::multiprecision::numerator(value) / boost::multiprecision::denominator(value);
    if (whole > cpp_int(core::max_u256())) {
        return std::nullopt;
    }
    return std::max(U256(whole), U256(1));
}

}  // namespace margrave::cascade
