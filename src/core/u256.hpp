#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace margrave::core {

/// 256 bits, checked as Solidity 0.8 is: overflow and division by zero throw std::overflow_error, a
/// negative result std::range_error.
using U256 = boost::multiprecision::checked_uint256_t;
/// Twice as wide, for the products of a contract's own 512-bit mulDiv.
using U512 = boost::multiprecision::checked_uint512_t;

enum class Rounding { Down, Up, HalfUp };

/// a * b / c with a 256-bit product, as checked Solidity computes it: throws std::overflow_error
/// where the product (and, half-up, the product plus c/2) does not fit, or where c is 0.
template <Rounding R>
[[nodiscard]] U256 mul_div(const U256& a, const U256& b, const U256& c);

/// a * b / c with a 512-bit product (Uniswap's FullMath, OpenZeppelin's Math.mulDiv): throws
/// std::overflow_error only where the quotient does not fit, or where c is 0.
template <Rounding R>
[[nodiscard]] U256 mul_div_wide(const U256& a, const U256& b, const U256& c);

/// 10^exponent; throws std::overflow_error from 78 on.
[[nodiscard]] U256 pow10(unsigned exponent);

/// The largest value, which several protocols use for "no debt, so no health factor".
[[nodiscard]] const U256& max_u256();

/// Decimal digits only, no sign, no leading or trailing space; nullopt when malformed or over 256
/// bits.
[[nodiscard]] std::optional<U256> parse_decimal(std::string_view text);
/// The same for an integer of at most 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);
/// "0x" and 1 to 64 hex digits (leading zeros accepted); nullopt when malformed.
[[nodiscard]] std::optional<U256> parse_hex_quantity(std::string_view text);
/// The decimal digits.
[[nodiscard]] std::string to_decimal(const U256& value);

/// 32 bytes, most significant first.
void to_big_endian(const U256& value, std::uint8_t* out);
[[nodiscard]] U256 from_big_endian(const std::uint8_t* bytes);

/// value / 10^decimals as a plain decimal number, rounded down to `digits_max` digits after the
/// point, without trailing zeros: format_fixed(1234500, 6, 18) is "1.2345".
[[nodiscard]] std::string format_fixed(const U256& value, unsigned decimals, unsigned digits_max);

}  // namespace margrave::core
