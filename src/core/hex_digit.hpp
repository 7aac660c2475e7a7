#pragma once

#include <array>
#include <cstdint>

namespace margrave::core::detail {

/// What hex_value holds for a character that is no hex digit.
inline constexpr std::uint8_t kNotHex = 0xff;

consteval std::array<std::uint8_t, 256> hex_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNotHex);
    for (std::uint8_t digit = 0; digit < 10; ++digit) {
        values[static_cast<std::size_t>('0' + digit)] = digit;
    }
    for (std::uint8_t digit = 10; digit < 16; ++digit) {
        values[static_cast<std::size_t>('a' + digit - 10)] = digit;
        values[static_cast<std::size_t>('A' + digit - 10)] = digit;
    }
    return values;
}

// A table and not comparisons: g++ does not vectorise a branch-free decoder, and replies are mostly
// hex.
inline constexpr std::array<std::uint8_t, 256> kHexValues = hex_values();

/// The value of a hex digit in either case, or kNotHex.
constexpr std::uint8_t hex_value(char digit) {
    return kHexValues[static_cast<unsigned char>(digit)];
}

}  // namespace margrave::core::detail
