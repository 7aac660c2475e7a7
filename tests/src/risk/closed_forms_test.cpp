#include "risk/closed_forms.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace margrave::risk {
namespace {

// 100000 of collateral at a threshold of 83 % against 80000: health 1.0375, target 1.25. The
// figures are worked out beside each check.
const LendingAccount kAccount{.weighted_collateral = 83'000, .debt = 80'000};
constexpr double kTarget = 1.25;

TEST_CASE("closed forms: what one account needs to reach a target", "[risk][closed_forms]") {
    // 1.25 * 80000 - 83000 = 17000 is lacking.
    CHECK(repay_for(kAccount, kTarget) == Approx(13'600));  // 17000 / 1.25
    CHECK(add_collateral_for(kAccount, kTarget, 0.83) ==
          Approx(20'481.9277108).epsilon(1e-11));  // 17000 / 0.83
    CHECK(sell_to_repay_for(kAccount, kTarget, 0.83, 0.05).value() ==
          Approx(44'914.1347424).epsilon(1e-11));  // 17000 / (1.25 - 0.83 * 1.05)
    CHECK(fall_to_liquidation(kAccount, 83'000).value() ==
          Approx(0.0361445783133).epsilon(1e-11));  // 3000 / 83000
}

TEST_CASE("closed forms: a sale that lowers the health reaches nothing", "[risk][closed_forms]") {
    // 0.95 * 1.06 = 1.007 of threshold is given up for 1.005 of target.
    CHECK(!sell_to_repay_for(kAccount, 1.005, 0.95, 0.06));
    CHECK(!sell_to_repay_for(kAccount, 0.83, 0.83, 0));
}

TEST_CASE("closed forms: a fall that does not exist is none", "[risk][closed_forms]") {
    // Of 83000 weighted only 2999 are volatile: 80001 stay, enough for 80000.
    CHECK(!fall_to_liquidation(kAccount, 2'999));
    CHECK(fall_to_liquidation(kAccount, 3'000).value() == 1);
    CHECK(!fall_to_liquidation({.weighted_collateral = 1, .debt = 0}, 1));
    CHECK(fall_to_liquidation({.weighted_collateral = 1, .debt = 2}, 1).value() == 0);
}

TEST_CASE("water-filling lifts the lowest accounts to one level", "[risk][closed_forms]") {
    const std::vector<LendingAccount> accounts{{.weighted_collateral = 24'900, .debt = 20'000},
                                               {.weighted_collateral = 93'600, .debt = 80'000}};
    // (24900 + 93600) / (100000 - 10000)
    const auto both = water_fill(accounts, 10'000);
    CHECK(both.lowest_health == Approx(1.31666666667).epsilon(1e-11));
    CHECK(both.repay[0] == Approx(1'088.60759494).epsilon(1e-11));
    CHECK(both.repay[1] == Approx(8'911.39240506).epsilon(1e-11));

    // 93600 / (80000 - 1000) = 1.1848 stays below the first one's 1.245, which gets nothing.
    const auto one = water_fill(accounts, 1'000);
    CHECK(one.lowest_health == Approx(93'600.0 / 79'000).epsilon(1e-12));
    CHECK(one.repay[0] == 0);
    CHECK(one.repay[1] == Approx(1'000).epsilon(1e-12));
}

TEST_CASE("water-filling with a budget for every debt repays them all", "[risk][closed_forms]") {
    const std::vector<LendingAccount> accounts{{.weighted_collateral = 3, .debt = 2},
                                               {.weighted_collateral = 5, .debt = 0},
                                               {.weighted_collateral = 0, .debt = 1}};
    const auto all = water_fill(accounts, 3);
    CHECK(std::isinf(all.lowest_health));
    CHECK(all.repay == std::vector<double>{2, 0, 1});
    CHECK(std::isinf(water_fill({}, 3).lowest_health));
}

}  // namespace
}  // namespace margrave::risk
