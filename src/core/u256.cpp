#include "core/u256.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/hex_digit.hpp"
#include "core/limbs.hpp"
#include "core/mul_add_div.hpp"

namespace margrave::core {

namespace {

/// 64 bits each, least significant first, as Boost holds them.
constexpr unsigned kLimbs = 4;
using Limbs = std::array<std::uint64_t, kLimbs>;

static_assert(sizeof(boost::multiprecision::limb_type) == sizeof(std::uint64_t));
static_assert(std::endian::native == std::endian::little);

// Boost 1.74's import_bits and export_bits go bit field by bit field unless the bytes are least
// significant first; words are read and written on every decoded ABI value, so the limbs are
// reached directly.
U256 from_limbs(const Limbs& limbs) {
    U256 value;
    auto& backend = value.backend();
    backend.resize(kLimbs, kLimbs);
    std::copy(limbs.begin(), limbs.end(), backend.limbs());
    backend.normalize();
    return value;
}

Limbs to_limbs(const U256& value) {
    Limbs limbs{};
    std::copy_n(value.backend().limbs(), value.backend().size(), limbs.begin());
    return limbs;
}

/// limbs * factor + addend; false when that needs more than 256 bits.
bool multiply_add(Limbs& limbs, std::uint64_t factor, std::uint64_t addend) {
    __extension__ using Wide = unsigned __int128;
    std::uint64_t carry = addend;
    for (std::uint64_t& limb : limbs) {
        const Wide sum = static_cast<Wide>(limb) * factor + carry;
        limb = static_cast<std::uint64_t>(sum);
        carry = static_cast<std::uint64_t>(sum >> 64);
    }
    return carry == 0;
}

limbs::Number to_number(const U256& value) {
    limbs::Number out;
    const auto& backend = value.backend();
    out.size = backend.size();
    std::copy_n(backend.limbs(), out.size, out.limb.begin());
    out.trim();
    return out;
}

/// Throws std::overflow_error for more than 256 bits.
U256 to_u256(const limbs::Number& number) {
    if (number.size > kLimbs) {
        throw std::overflow_error("a number needs more than 256 bits");
    }
    U256 out;
    auto& backend = out.backend();
    const auto size = static_cast<unsigned>(std::max<std::size_t>(number.size, 1));
    backend.resize(size, size);
    std::copy_n(number.limb.begin(), size, backend.limbs());
    return out;
}

void check_fits(const limbs::Number& number) {
    if (number.size > kLimbs) {
        throw std::overflow_error("a product needs more than 256 bits");
    }
}

/// (dividend + what R adds) / c, which `check` lets pass before the division.
template <Rounding R, class Check>
U256 rounded_quotient(limbs::Number dividend, const U256& c, const Check& check) {
    check(dividend);
    const limbs::Number divisor = to_number(c);
    if (divisor.size == 0) {
        throw std::overflow_error("division by zero");
    }
    if constexpr (R == Rounding::HalfUp) {
        // At most (2^256 - 1)^2 + 2^255, which is below 2^512.
        static_cast<void>(limbs::add(dividend, to_number(U256(c >> 1))));
        check(dividend);
    }
    bool is_exact = false;
    U256 out = to_u256(limbs::quotient(dividend, divisor, is_exact));
    if (R == Rounding::Up && !is_exact) {
        ++out;
    }
    return out;
}

bool are_small(const U256& a, const U256& b, const U256& c) {
    return a.backend().size() <= 2 && b.backend().size() <= 2 && c.backend().size() <= 2;
}

limbs::Wide to_wide(const U256& value) {
    const auto& backend = value.backend();
    const limbs::Wide high = backend.size() == 2 ? backend.limbs()[1] : 0;
    return (high << 64U) | backend.limbs()[0];
}

U256 to_u256(const limbs::Four& number) {
    U256 out;
    auto& backend = out.backend();
    unsigned size = kLimbs;
    while (size > 1 && number[size - 1] == 0) {
        --size;
    }
    backend.resize(size, size);
    std::copy_n(number.begin(), size, backend.limbs());
    return out;
}

/// (a * b + addend) / c, rounded by R, for three numbers of 128 bits at most and an addend below
/// 2^128: no product or sum of those needs more than 256 bits.
template <Rounding R>
U256 small_quotient(const U256& a, const U256& b, limbs::Wide addend, const U256& c) {
    const limbs::Wide divisor = to_wide(c);
    if (divisor == 0) {
        throw std::overflow_error("division by zero");
    }
    limbs::Four dividend = limbs::product(to_wide(a), to_wide(b));
    limbs::add(dividend, R == Rounding::HalfUp ? addend + (divisor >> 1U) : addend);
    bool is_exact = false;
    U256 out = to_u256(limbs::quotient(dividend, divisor, is_exact));
    if (R == Rounding::Up && !is_exact) {
        ++out;
    }
    return out;
}

std::array<U256, 78> powers_of_ten() {
    std::array<U256, 78> powers;
    powers[0] = 1;
    for (std::size_t i = 1; i < powers.size(); ++i) {
        powers[i] = powers[i - 1] * 10U;
    }
    return powers;
}

}  // namespace

template <Rounding R>
U256 mul_div(const U256& a, const U256& b, const U256& c) {
    if (are_small(a, b, c)) {
        return small_quotient<R>(a, b, 0, c);
    }
    return rounded_quotient<R>(limbs::product(to_number(a), to_number(b)), c, check_fits);
}

template <Rounding R>
U256 mul_div_wide(const U256& a, const U256& b, const U256& c) {
    if (are_small(a, b, c)) {
        return small_quotient<R>(a, b, 0, c);
    }
    return rounded_quotient<R>(limbs::product(to_number(a), to_number(b)), c,
                               [](const limbs::Number&) {});
}

U256 mul_add_div(const U256& a, const U256& b, const U256& addend, const U256& c) {
    if (are_small(a, b, c) && addend.backend().size() <= 2) {
        return small_quotient<Rounding::Down>(a, b, to_wide(addend), c);
    }
    limbs::Number dividend = limbs::product(to_number(a), to_number(b));
    check_fits(dividend);
    static_cast<void>(limbs::add(dividend, to_number(addend)));  // far below 2^512
    return rounded_quotient<Rounding::Down>(dividend, c, check_fits);
}

template U256 mul_div<Rounding::Down>(const U256&, const U256&, const U256&);
template U256 mul_div<Rounding::Up>(const U256&, const U256&, const U256&);
template U256 mul_div<Rounding::HalfUp>(const U256&, const U256&, const U256&);
template U256 mul_div_wide<Rounding::Down>(const U256&, const U256&, const U256&);
template U256 mul_div_wide<Rounding::Up>(const U256&, const U256&, const U256&);
template U256 mul_div_wide<Rounding::HalfUp>(const U256&, const U256&, const U256&);

U256 pow10(unsigned exponent) {
    static const std::array<U256, 78> powers = powers_of_ten();
    if (exponent >= powers.size()) {
        throw std::overflow_error("10^78 and above need more than 256 bits");
    }
    return powers[exponent];
}

const U256& max_u256() {
    static const U256 value = std::numeric_limits<U256>::max();
    return value;
}

std::optional<U256> parse_decimal(std::string_view text) {
    constexpr std::size_t kChunkDigits = 19;  // The most that always fit 64 bits.
    if (text.empty()) {
        return std::nullopt;
    }
    Limbs limbs{};
    while (!text.empty()) {
        const std::string_view chunk = text.substr(0, kChunkDigits);
        text.remove_prefix(chunk.size());
        std::uint64_t number = 0;
        std::uint64_t scale = 1;
        for (const char digit : chunk) {
            if (digit < '0' || digit > '9') {
                return std::nullopt;
            }
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
            scale *= 10;
        }
        if (!multiply_add(limbs, scale, number)) {
            return std::nullopt;
        }
    }
    return from_limbs(limbs);
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    // Unsigned from_chars takes no sign and no space, and refuses an empty text.
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return number;
}

std::optional<U256> parse_hex_quantity(std::string_view text) {
    constexpr std::size_t kDigitsMax = 64;
    constexpr std::size_t kLimbDigits = 16;
    if (!text.starts_with("0x")) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    if (text.empty() || text.size() > kDigitsMax) {
        return std::nullopt;
    }
    Limbs limbs{};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::uint8_t value = detail::hex_value(text[i]);
        if (value == detail::kNotHex) {
            return std::nullopt;
        }
        std::uint64_t& limb = limbs[(text.size() - 1 - i) / kLimbDigits];
        limb = limb << 4 | value;
    }
    return from_limbs(limbs);
}

std::string to_decimal(const U256& value) { return value.str(); }

void to_big_endian(const U256& value, std::uint8_t* out) {
    const Limbs limbs = to_limbs(value);
    for (std::size_t i = 0; i < limbs.size(); ++i) {
        const std::uint64_t swapped = __builtin_bswap64(limbs[limbs.size() - 1 - i]);
        std::memcpy(out + i * sizeof(swapped), &swapped, sizeof(swapped));
    }
}

U256 from_big_endian(const std::uint8_t* bytes) {
    Limbs limbs{};
    for (std::size_t i = 0; i < limbs.size(); ++i) {
        std::uint64_t swapped = 0;
        std::memcpy(&swapped, bytes + i * sizeof(swapped), sizeof(swapped));
        limbs[limbs.size() - 1 - i] = __builtin_bswap64(swapped);
    }
    return from_limbs(limbs);
}

std::string format_fixed(const U256& value, unsigned decimals, unsigned digits_max) {
    const std::string digits = to_decimal(value);
    const std::size_t whole = digits.size() > decimals ? digits.size() - decimals : 0;
    // How many zeros stand between the point and the first digit: 1 with 3 decimals is 0.001.
    const std::size_t zeros = digits.size() < decimals ? decimals - digits.size() : 0;
    std::string fraction(std::min<std::size_t>(zeros, digits_max), '0');
    fraction += std::string_view(digits).substr(whole, digits_max - fraction.size());
    fraction.erase(fraction.find_last_not_of('0') + 1);
    const std::string before_point = whole == 0 ? "0" : digits.substr(0, whole);
    return fraction.empty() ? before_point : before_point + "." + fraction;
}

}  // namespace margrave::core
