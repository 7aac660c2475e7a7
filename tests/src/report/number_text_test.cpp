#include "report/number_text.hpp"

#include <catch2/catch.hpp>

#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

core::U256 raw(const std::string& digits) { return core::parse_decimal(digits).value(); }
core::Usd usd(const std::string& digits) { return core::Usd(raw(digits)); }

TEST_CASE("a health factor below one is never shown as one", "[report][text][rounding]") {
    CHECK(health_factor_text(test::wad("1000000000000000000")) == "1.0000");
    CHECK(health_factor_text(test::wad("999999999999999999")) == "0.9999");
    CHECK(health_factor_text(test::wad("1099999999999999999")) == "1.0999");
    CHECK(health_factor_text(test::wad("0")) == "0.0000");
    CHECK(health_factor_text(test::wad("1")) == "<0.0001");
    CHECK(health_factor_text(test::wad("12345600000000000000000")) == "12,345.6000");
}

TEST_CASE("dollars are shown to the cent, rounded down", "[report][text][rounding]") {
    CHECK(usd_text(usd("0")) == "$0.00");
    CHECK(usd_text(usd("1")) == "<$0.01");
    CHECK(usd_text(usd("9999999999999999")) == "<$0.01");
    CHECK(usd_text(usd("10000000000000000")) == "$0.01");
    CHECK(usd_text(usd("999999999999999999")) == "$0.99");
    CHECK(usd_text(test::dollars(999)) == "$999.00");
    CHECK(usd_text(test::dollars(1000)) == "$1,000.00");
    CHECK(usd_text(test::dollars(1'234'567)) == "$1,234,567.00");
}

TEST_CASE("numbers of more than 15 digits are shown by their size", "[report][text][boundary]") {
    CHECK(usd_text(test::dollars(999'999'999'999'999)) == "$999,999,999,999,999.00");
    CHECK(usd_text(test::dollars(1'234'567'890'123'456)) == "$1.2345e15");
    // 2^256 - 1 = 1.15792…e77, so 1.15792…e59 dollars
    CHECK(usd_text(core::Usd(core::max_u256())) == "$1.1579e59");
    CHECK(amount_text(core::max_u256(), 0) == "1.1579e77");
}

TEST_CASE("an amount shows the digits that matter at its size", "[report][text]") {
    CHECK(amount_text(0, 18) == "0");
    CHECK(amount_text(raw("20000000000"), 6) == "20,000.00");
    CHECK(amount_text(raw("12345678900000000000"), 18) == "12.3456");
    CHECK(amount_text(raw("123456789000000000"), 18) == "0.123456");
    CHECK(amount_text(1, 18) == "<0.000001");
    CHECK(amount_text(raw("999999999999"), 18) == "<0.000001");
    CHECK(amount_text(raw("1000000000000"), 18) == "0.000001");
}

TEST_CASE("an amount shows no more digits than its token has", "[report][text][boundary]") {
    CHECK(amount_text(1, 0) == "1");
    CHECK(amount_text(1234, 0) == "1,234");
    CHECK(amount_text(1, 2) == "0.01");
    CHECK(amount_text(525, 2) == "5.25");
    CHECK(amount_text(raw("1500000000000000000000000"), 24) == "1.5000");
    CHECK(amount_text(core::max_u256(), 255) == "<0.000001");
    CHECK(amount_text(core::max_u256(), 4'000'000'000U) == "<0.000001");
}

TEST_CASE("a price shows more digits the smaller it is", "[report][text]") {
    CHECK(price_text(usd("2512339999999999999999")) == "$2,512.33");
    CHECK(price_text(test::dollars(10)) == "$10.00");
    CHECK(price_text(usd("9999999999999999999")) == "$9.9999");
    CHECK(price_text(usd("999800000000000000")) == "$0.9998");
    CHECK(price_text(usd("100000000000000000")) == "$0.1000");
    CHECK(price_text(usd("99999999999999999")) == "$0.09999");
    CHECK(price_text(usd("12345678000000")) == "$0.00001234");
    CHECK(price_text(usd("1234")) == "$0.000000000000001234");
    CHECK(price_text(usd("1")) == "$0.000000000000000001");
    CHECK(price_text(usd("0")) == "$0.0000");
}

TEST_CASE("percentages are rounded down and never lose a remainder", "[report][text][rounding]") {
    CHECK(bps_text(8382) == "83.82 %");
    CHECK(bps_text(0) == "0.00 %");
    CHECK(bps_text(1'000'000) == "10,000.00 %");
    CHECK(fall_text(test::wad("231999999999999999")) == "23.1 %");
    CHECK(fall_text(test::wad("10000000000000000")) == "1.0 %");
    CHECK(fall_text(test::wad("9999999999999999")) == "0.99 %");
    CHECK(fall_text(test::wad("1")) == "<0.01 %");
    CHECK(fall_text(test::wad("0")) == "0.00 %");
    CHECK(fall_text(test::wad("999999999999999999")) == "99.9 %");
}

}  // namespace
}  // namespace margrave::report
