#include "report/figures.hpp"

#include <catch2/catch.hpp>

#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using core::U256;
using margin::Status;
using test::health_of;
using test::wad;

const DollarPrice kPrice2500{.answer = 2500'00000000, .unit = 1'00000000};

std::optional<core::Usd> usd(const std::string& raw) {
    return core::Usd(core::parse_decimal(raw).value());
}

TEST_CASE("a value is amount times price in 1e18 per dollar, rounded down", "[report][rounding]") {
    CHECK(usd_value_down(core::wad(), 18, kPrice2500) == usd("2500000000000000000000"));
    // 1 wei at 2500 dollars: 2500e-18 dollars
    CHECK(usd_value_down(1, 18, kPrice2500) == usd("2500"));
    // 1 * 1e18 / 3
    CHECK(usd_value_down(1, 0, {.answer = 1, .unit = 3}) == usd("333333333333333333"));
    CHECK(usd_value_down(2, 0, {.answer = 1, .unit = 3}) == usd("666666666666666666"));
    CHECK(usd_value_down(0, 18, kPrice2500) == usd("0"));
}

TEST_CASE("tokens of 0, 2 and 24 decimals are valued alike", "[report]") {
    CHECK(usd_value_down(3, 0, kPrice2500) == test::dollars(7500));
    CHECK(usd_value_down(300, 2, kPrice2500) == test::dollars(7500));
    CHECK(usd_value_down(U256(3 * core::pow10(24)), 24, kPrice2500) == test::dollars(7500));
    // One unit of 24 decimals: 2500e-24 dollars is below the last digit.
    CHECK(usd_value_down(1, 24, kPrice2500) == usd("0"));
}

TEST_CASE("a wide product is rounded only once and fails only where the result does not fit",
          "[report][boundary]") {
    const U256& max = core::max_u256();
    // max * max * 1e18 / (max * 1e18) = max
    CHECK(usd_value_down(max, 18, {.answer = max, .unit = max}) == core::Usd(max));
    CHECK_FALSE(usd_value_down(max, 17, {.answer = max, .unit = max}));
    CHECK_FALSE(usd_value_down(max, 18, kPrice2500));
    // 2^256 is about 1.2e77, so below one token of 100 decimals: 1.15e77 * 1e18 / 1e100
    CHECK(usd_value_down(max, 100, {.answer = 1, .unit = 1}) == usd("0"));
    CHECK(usd_value_down(max, 90, {.answer = 1, .unit = 1}) == usd("115792"));
}

TEST_CASE("a value without a unit or with absurd decimals is none", "[report][refused]") {
    CHECK_FALSE(usd_value_down(1, 18, {.answer = 1, .unit = 0}));
    CHECK(usd_value_down(1, 255, {.answer = 1, .unit = 1}) == usd("0"));
    CHECK_FALSE(usd_value_down(1, 256, {.answer = 1, .unit = 1}));
}

TEST_CASE("a price is the answer over its unit, rounded down", "[report][rounding]") {
    CHECK(price_usd_down(kPrice2500) == test::dollars(2500));
    CHECK(price_usd_down({.answer = 1, .unit = 3}) == usd("333333333333333333"));
}

TEST_CASE("collateral may fall by one minus the inverse of health, rounded down",
          "[report][rounding]") {
    const auto fall = [](const std::string& factor) {
        return collateral_fall(health_of(Status::Healthy, factor));
    };
    CHECK(fall("2000000000000000000") == wad("500000000000000000"));  // 1 - 1/2
    CHECK(fall("1250000000000000000") == wad("200000000000000000"));  // 1 - 4/5
    CHECK(fall("3000000000000000000") == wad("666666666666666666"));  // 1 - 1/3, rounded down
    // 1 - 1/(1 + 1e-18) = 1e-18 - 1e-36, below one unit
    CHECK(fall("1000000000000000001") == wad("0"));
    CHECK(fall("1000000000000000002") == wad("1"));  // 2e-18 - 4e-36
    // However large the health, something must be left.
    CHECK(collateral_fall(health_of(Status::Healthy, core::to_decimal(core::max_u256()))) ==
          wad("999999999999999999"));
}

TEST_CASE("an account that can be liquidated has no room to fall", "[report][boundary]") {
    CHECK(collateral_fall(health_of(Status::Liquidatable, "999999999999999999")) == wad("0"));
    CHECK(collateral_fall(health_of(Status::Liquidatable, "0")) == wad("0"));
    CHECK(collateral_fall(health_of(Status::Healthy, "1000000000000000000")) == wad("0"));
    // A protocol that liquidates above one.
    CHECK(collateral_fall(health_of(Status::Liquidatable, "1200000000000000000")) == wad("0"));
}

TEST_CASE("without a health factor there is no room to speak of", "[report]") {
    CHECK_FALSE(collateral_fall(test::no_debt()));
    CHECK_FALSE(collateral_fall(test::unknown("no price")));
}

TEST_CASE("the current LTV is debt over collateral, rounded down", "[report][rounding]") {
    margin::Health health = test::no_debt();
    CHECK(current_ltv_bps(health) == 0);
    health.debt = 2;
    health.collateral_value = 3;
    CHECK(current_ltv_bps(health) == 6666);  // 20000 / 3 = 6666.67
    health.collateral_value = 0;
    CHECK_FALSE(current_ltv_bps(health));
    CHECK_FALSE(current_ltv_bps(test::unknown("no price")));
}

TEST_CASE("the current LTV of an isolated market is taken in the quote", "[report]") {
    margin::Health health = test::no_debt();
    health.collateral = core::wad();  // of the collateral token
    health.collateral_value = 2000;   // in the loan token
    health.debt = 500;
    CHECK(current_ltv_bps(health) == 2500);
    health.collateral_value = 0;
    CHECK_FALSE(current_ltv_bps(health));
    health.collateral_value.reset();  // no price: what it is worth in the loan token is not known
    CHECK_FALSE(current_ltv_bps(health));
}

TEST_CASE("a current LTV that JSON numbers cannot hold is none", "[report][boundary]") {
    margin::Health health = test::no_debt();
    health.collateral_value = 10'000;
    health.debt = (U256(1) << 53U) - 1;
    CHECK(current_ltv_bps(health) == 9'007'199'254'740'991U);
    health.debt = U256(1) << 53U;
    CHECK_FALSE(current_ltv_bps(health));
    health.debt = core::max_u256();
    CHECK_FALSE(current_ltv_bps(health));
}

TEST_CASE("net worth is signed and does not overflow", "[report][boundary]") {
    WalletTotal total{.wallet = {}, .collateral_and_supply = {}, .debt = {}, .idle = {}};
    CHECK_FALSE(net_worth(total)->negative);
    total.debt = test::dollars(3);
    total.idle = test::dollars(1);
    total.collateral_and_supply = test::dollars(1);
    CHECK(net_worth(total)->negative);
    CHECK(net_worth(total)->magnitude == test::dollars(1));
    total.idle = core::Usd(core::max_u256());
    CHECK(net_worth(total)->magnitude == core::Usd(U256(core::max_u256() - 2 * core::wad())));
    total.debt = core::Usd();
    CHECK_FALSE(net_worth(total));
}

}  // namespace
}  // namespace margrave::report
