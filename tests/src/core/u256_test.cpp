#include "core/u256.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace margrave::core;
using boost::multiprecision::cpp_int;

namespace {

const std::string kMaxDecimal =
    "115792089237316195423570985008687907853269984665640564039457584007913129639935";

U256 power_of_two(unsigned exponent) { return U256(1) << exponent; }

enum class Width { Checked, Wide };

/// What mul_div has to give, worked with unbounded integers; nullopt where it has to throw.
std::optional<U256> reference(Width width, Rounding rounding, const U256& a, const U256& b,
                              const U256& c) {
    const cpp_int limit = (cpp_int(1) << 256) - 1;
    const cpp_int product = cpp_int(a) * cpp_int(b);
    const cpp_int divisor(c);
    const cpp_int added = rounding == Rounding::Up       ? cpp_int(divisor - 1)
                          : rounding == Rounding::HalfUp ? cpp_int(divisor / 2)
                                                         : cpp_int(0);
    const cpp_int held = rounding == Rounding::HalfUp ? cpp_int(product + added) : product;
    if (c == 0 || (width == Width::Checked && held > limit)) {
        return std::nullopt;
    }
    const cpp_int quotient = (product + added) / divisor;
    return quotient > limit ? std::nullopt : std::optional<U256>(U256(quotient));
}

template <Rounding R>
std::optional<U256> computed(Width width, const U256& a, const U256& b, const U256& c) {
    try {
        return width == Width::Checked ? mul_div<R>(a, b, c) : mul_div_wide<R>(a, b, c);
    } catch (const std::overflow_error&) {
        return std::nullopt;
    }
}

std::optional<U256> computed(Width width, Rounding rounding, const U256& a, const U256& b,
                             const U256& c) {
    switch (rounding) {
        case Rounding::Down:
            return computed<Rounding::Down>(width, a, b, c);
        case Rounding::Up:
            return computed<Rounding::Up>(width, a, b, c);
        case Rounding::HalfUp:
            return computed<Rounding::HalfUp>(width, a, b, c);
    }
    throw std::logic_error("a Rounding is one of three");
}

/// Draws numbers of every length, and often one on or beside a boundary.
class Numbers {
  public:
    explicit Numbers(std::uint64_t seed) : random_(seed) {}

    U256 next() {
        const std::uint64_t choice = random_();
        if (choice % 4 == 0) {
            return boundaries_[random_() % boundaries_.size()];
        }
        std::array<std::uint8_t, 32> bytes{};
        for (std::uint8_t& byte : bytes) {
            byte = static_cast<std::uint8_t>(random_());
        }
        return from_big_endian(bytes.data()) >> static_cast<unsigned>(choice / 4 % 256);
    }

  private:
    std::mt19937_64 random_;
    std::vector<U256> boundaries_{0,
                                  1,
                                  2,
                                  3,
                                  power_of_two(64) - 1,
                                  power_of_two(64),
                                  power_of_two(128) - 1,
                                  power_of_two(128),
                                  power_of_two(255) - 1,
                                  power_of_two(255),
                                  max_u256() - 1,
                                  max_u256(),
                                  pow10(18),
                                  pow10(27)};
};

}  // namespace

TEST_CASE("mul_div agrees with unbounded integers, in every rounding and both widths",
          "[core][u256][rounding][property]") {
    const auto width = GENERATE(Width::Checked, Width::Wide);
    const auto rounding = GENERATE(Rounding::Down, Rounding::Up, Rounding::HalfUp);
    Numbers numbers(20'250'615);
    int overflows = 0;
    for (int i = 0; i < 100'000; ++i) {
        const U256 a = numbers.next();
        const U256 b = numbers.next();
        const U256 c = numbers.next();
        const auto expected = reference(width, rounding, a, b, c);
        overflows += expected ? 0 : 1;
        if (computed(width, rounding, a, b, c) != expected) {
            FAIL(a << " * " << b << " / " << c << ", rounding " << static_cast<int>(rounding));
        }
    }
    // Both outcomes are common, or the property says little.
    CHECK(overflows > 10'000);
    CHECK(overflows < 90'000);
}

TEST_CASE("a quotient without remainder is the same in every rounding", "[core][u256][rounding]") {
    CHECK(mul_div<Rounding::Down>(6, 4, 8) == 3);
    CHECK(mul_div<Rounding::Up>(6, 4, 8) == 3);
    CHECK(mul_div<Rounding::HalfUp>(6, 4, 8) == 3);
}

TEST_CASE("a half is rounded down, up and up", "[core][u256][rounding]") {
    CHECK(mul_div<Rounding::Down>(5, 1, 2) == 2);
    CHECK(mul_div<Rounding::Up>(5, 1, 2) == 3);
    CHECK(mul_div<Rounding::HalfUp>(5, 1, 2) == 3);
}

TEST_CASE("half of an odd divisor is itself rounded down, as c / 2 is in Solidity",
          "[core][u256][rounding]") {
    CHECK(mul_div<Rounding::HalfUp>(1, 1, 3) == 0);  // (1 + 1) / 3
    CHECK(mul_div<Rounding::HalfUp>(2, 1, 3) == 1);  // (2 + 1) / 3
    CHECK(mul_div<Rounding::HalfUp>(7, 1, 5) == 1);  // (7 + 2) / 5
    CHECK(mul_div<Rounding::HalfUp>(8, 1, 5) == 2);  // (8 + 2) / 5
}

TEST_CASE("a product of exactly 256 bits passes and one of 257 overflows",
          "[core][u256][overflow]") {
    CHECK(mul_div<Rounding::Down>(power_of_two(128) - 1, power_of_two(128), 1) ==
          max_u256() - (power_of_two(128) - 1));
    CHECK_THROWS_AS(mul_div<Rounding::Down>(power_of_two(128), power_of_two(128), 2),
                    std::overflow_error);
    CHECK(mul_div_wide<Rounding::Down>(power_of_two(128), power_of_two(128), 2) ==
          power_of_two(255));
}

TEST_CASE("rounding half up overflows when the product plus half the divisor does",
          "[core][u256][overflow]") {
    CHECK(mul_div<Rounding::HalfUp>(max_u256() - 1, 1, 3) == max_u256() / 3);
    CHECK(mul_div<Rounding::HalfUp>(max_u256() - 5, 1, 10) == max_u256() / 10);
    CHECK_THROWS_AS(mul_div<Rounding::HalfUp>(max_u256() - 4, 1, 10), std::overflow_error);
    CHECK(mul_div_wide<Rounding::HalfUp>(max_u256() - 4, 1, 10) == max_u256() / 10);
}

TEST_CASE("rounding up needs no room above the product", "[core][u256][overflow]") {
    CHECK(mul_div<Rounding::Up>(max_u256(), 1, 2) == power_of_two(255));
    CHECK(mul_div<Rounding::Up>(max_u256(), 1, max_u256()) == 1);
}

TEST_CASE("a wide product whose quotient is one too large overflows", "[core][u256][overflow]") {
    const U256& max = max_u256();
    CHECK(mul_div_wide<Rounding::Down>(max, max, max) == max);
    CHECK_THROWS_AS(mul_div_wide<Rounding::Down>(max, max, max - 1), std::overflow_error);
    CHECK_THROWS_AS(mul_div_wide<Rounding::Down>(max, power_of_two(255), power_of_two(255) - 1),
                    std::overflow_error);
    // (2^256 - 2) * (2^256 - 2) / (2^256 - 3) = 2^256 - 1 + 1 / (2^256 - 3): only rounding up
    // overflows.
    CHECK(mul_div_wide<Rounding::Down>(max - 1, max - 1, max - 2) == max);
    CHECK_THROWS_AS(mul_div_wide<Rounding::Up>(max - 1, max - 1, max - 2), std::overflow_error);
}

TEST_CASE("division by zero overflows and is no crash", "[core][u256][overflow]") {
    CHECK_THROWS_AS(mul_div<Rounding::Down>(1, 1, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div<Rounding::Up>(1, 1, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div<Rounding::HalfUp>(1, 1, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div<Rounding::Up>(0, 0, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div_wide<Rounding::Down>(1, 1, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div_wide<Rounding::Up>(0, 1, 0), std::overflow_error);
    CHECK_THROWS_AS(mul_div_wide<Rounding::HalfUp>(1, 1, 0), std::overflow_error);
}

TEST_CASE("U256 reverts where checked Solidity does", "[core][u256][overflow]") {
    CHECK_THROWS_AS(U256(max_u256() + 1), std::overflow_error);
    CHECK_THROWS_AS(U256(max_u256() * 2), std::overflow_error);
    CHECK_THROWS_AS(U256(U256(1) - U256(2)), std::range_error);
    CHECK_THROWS_AS(U256(U256(1) / U256(0)), std::overflow_error);
}

TEST_CASE("the powers of ten end at the 77th", "[core][u256]") {
    CHECK(pow10(0) == 1);
    CHECK(pow10(18) == U256(1'000'000'000'000'000'000));
    CHECK(to_decimal(pow10(77)) == "1" + std::string(77, '0'));
    CHECK_THROWS_AS(pow10(78), std::overflow_error);
    CHECK_THROWS_AS(pow10(4'294'967'295), std::overflow_error);
}

TEST_CASE("the largest value is 2^256 - 1", "[core][u256]") {
    CHECK(to_decimal(max_u256()) == kMaxDecimal);
}

TEST_CASE("decimal digits are read up to 2^256 - 1 and not beyond", "[core][u256][parsing]") {
    CHECK(parse_decimal("0") == U256(0));
    CHECK(parse_decimal("18446744073709551615") == U256(18'446'744'073'709'551'615ULL));
    CHECK(parse_decimal("18446744073709551616") == power_of_two(64));
    CHECK(parse_decimal(kMaxDecimal) == max_u256());
    std::string over = kMaxDecimal;
    over.back() = '6';
    CHECK(parse_decimal(over) == std::nullopt);
    CHECK(parse_decimal("1" + std::string(78, '0')) == std::nullopt);
    CHECK(parse_decimal(std::string(100'000, '9')) == std::nullopt);
}

TEST_CASE("leading zeros do not count towards the length", "[core][u256][parsing]") {
    CHECK(parse_decimal("007") == U256(7));
    CHECK(parse_decimal(std::string(1000, '0') + "7") == U256(7));
    CHECK(parse_decimal(std::string(1000, '0') + kMaxDecimal) == max_u256());
}

TEST_CASE("what is not decimal digits is no number", "[core][u256][parsing]") {
    const std::string text =
        GENERATE(as<std::string>{}, "", " ", " 1", "1 ", "+1", "-1", "1.0", "1e18", "0x1", "1_000",
                 "1,000", "12345678901234567890x", "\n", "٣", "1/", "1:");
    CAPTURE(text);
    CHECK(parse_decimal(text) == std::nullopt);
    CHECK(parse_u64(text) == std::nullopt);
    CHECK(parse_decimal(std::string("1\0", 2)) == std::nullopt);
}

TEST_CASE("an integer of 64 bits is read up to 2^64 - 1", "[core][u256][parsing]") {
    CHECK(parse_u64("0") == 0U);
    CHECK(parse_u64("18446744073709551615") == 18'446'744'073'709'551'615ULL);
    CHECK(parse_u64("18446744073709551616") == std::nullopt);
}

TEST_CASE("a hex quantity has 1 to 64 digits in either case", "[core][u256][parsing]") {
    CHECK(parse_hex_quantity("0x0") == U256(0));
    CHECK(parse_hex_quantity("0xf") == U256(15));
    CHECK(parse_hex_quantity("0x00fF") == U256(255));
    CHECK(parse_hex_quantity("0x10000000000000000") == power_of_two(64));
    CHECK(parse_hex_quantity("0x" + std::string(64, 'f')) == max_u256());
    CHECK(parse_hex_quantity("0x" + std::string(64, '0')) == U256(0));
    CHECK(parse_hex_quantity("0x" + std::string(65, '0')) == std::nullopt);
    const std::string malformed =
        GENERATE(as<std::string>{}, "", "0", "0x", "0X1", "x1", "1", "0xg", "0x1 ", " 0x1", "-0x1");
    CAPTURE(malformed);
    CHECK(parse_hex_quantity(malformed) == std::nullopt);
}

TEST_CASE("32 big-endian bytes and a number turn into each other", "[core][u256]") {
    std::array<std::uint8_t, 32> bytes{};
    bytes.fill(0xaa);  // What was in the buffer before is overwritten.
    to_big_endian(0, bytes.data());
    CHECK(bytes == std::array<std::uint8_t, 32>{});
    CHECK(from_big_endian(bytes.data()) == 0);

    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i + 1);
    }
    const U256 value = from_big_endian(bytes.data());
    CHECK(value ==
          parse_hex_quantity("0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"));
    std::array<std::uint8_t, 32> again{};
    to_big_endian(value, again.data());
    CHECK(again == bytes);
}

TEST_CASE("bytes and decimal text keep every number", "[core][u256][property]") {
    Numbers numbers(7);
    for (int i = 0; i < 20'000; ++i) {
        const U256 value = numbers.next();
        std::array<std::uint8_t, 32> bytes{};
        to_big_endian(value, bytes.data());
        if (from_big_endian(bytes.data()) != value || parse_decimal(to_decimal(value)) != value) {
            FAIL(value);
        }
    }
}

TEST_CASE("a number read from bytes with leading zeros computes like any other", "[core][u256]") {
    // Boost keeps the count of limbs in use; one too many would break comparisons and divisions.
    std::array<std::uint8_t, 32> bytes{};
    bytes[31] = 6;
    const U256 six = from_big_endian(bytes.data());
    CHECK(six == U256(6));
    CHECK(six < power_of_two(64));
    CHECK(six / 4 == 1);
    CHECK(six - 6 == 0);
}

TEST_CASE("a fixed-point number is shown as a plain decimal", "[core][u256][format]") {
    CHECK(format_fixed(1'234'500, 6, 18) == "1.2345");
    CHECK(format_fixed(0, 18, 18) == "0");
    CHECK(format_fixed(0, 0, 0) == "0");
    CHECK(format_fixed(42, 0, 18) == "42");
    CHECK(format_fixed(1'000'000, 6, 6) == "1");
    CHECK(format_fixed(100, 6, 6) == "0.0001");
    CHECK(format_fixed(1, 18, 18) == "0.000000000000000001");
    CHECK(format_fixed(999'999, 6, 6) == "0.999999");
    CHECK(format_fixed(1'000'000'000, 6, 6) == "1000");
}

TEST_CASE("digits beyond the limit are cut and never rounded up", "[core][u256][format]") {
    CHECK(format_fixed(1'999'999, 6, 2) == "1.99");
    CHECK(format_fixed(1'999'999, 6, 0) == "1");
    CHECK(format_fixed(999'999, 6, 0) == "0");
    CHECK(format_fixed(1'009'999, 6, 2) == "1");
    CHECK(format_fixed(9, 6, 5) == "0");
    CHECK(format_fixed(19, 6, 5) == "0.00001");
    CHECK(format_fixed(max_u256(), 18, 4) ==
          "115792089237316195423570985008687907853269984665640564039457.584");
}

TEST_CASE("a token that claims absurd decimals is still shown", "[core][u256][format]") {
    CHECK(format_fixed(5, 255, 6) == "0");
    CHECK(format_fixed(max_u256(), 78, 3) == "0.115");
    CHECK(format_fixed(max_u256(), 80, 4) == "0.0011");
    CHECK(format_fixed(7, 4'294'967'295, 18) == "0");
}
