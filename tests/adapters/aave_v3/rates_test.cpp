#include "adapters/aave_v3/rates.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "tests/adapters/aave_v3/lending.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using core::U256;

namespace {

U256 number(const char* digits) { return core::parse_decimal(digits).value(); }
const Behaviour& behaviour(const char* name) { return *find_behaviour(name); }

RateInputs inputs(std::uint64_t liquidity, std::uint64_t debt) {
    return {.liquidity = weth(liquidity),
            .variable_debt = weth(debt),
            .stable_debt = 0,
            .average_stable_rate = 0,
            .unbacked = 0,
            .reserve_factor_bps = 1500};
}

core::Timestamp later(std::uint64_t seconds) { return core::Timestamp(kBlockTime + seconds); }

/// WETH of which 1000 are owed, at 10 % a year, the whole interest for the treasury.
Reserve indebted(const char* revision) {
    State state = lending_pool(revision);
    fill_reserve(state, kWeth, 4'000, 1'000);
    Reserve out = state.reserves.at(kWeth);
    out.configuration = listed({.reserve_factor = 10'000});
    out.borrow_rate = 1000 * kRayPerBps;
    return out;
}

constexpr std::uint64_t kYear = 31'536'000;

}  // namespace

TEST_CASE("the borrow rate rises along slope 1 up to the optimum, along slope 2 beyond it",
          "[aave_v3][rates]") {
    const auto revision = GENERATE("3.0", "3.1", "3.2", "3.4", "3.6", "3.7");
    // 1 % + 7 % * 0.4 / 0.8; lenders get that on 40 % of their money, less 15 %: 4.5 % * 0.4 * 0.85
    const Rates low = interest_rates(behaviour(revision), usual_rates(), inputs(600, 400));
    CHECK(low.variable_borrow == 450 * kRayPerBps);
    CHECK(low.liquidity == 153 * kRayPerBps);
    // At the optimum itself slope 2 adds nothing: 1 % + 7 %; 8 % * 0.8 * 0.85 = 5.44 %
    const Rates kink = interest_rates(behaviour(revision), usual_rates(), inputs(200, 800));
    CHECK(kink.variable_borrow == 800 * kRayPerBps);
    CHECK(kink.liquidity == 544 * kRayPerBps);
    // 1 % + 7 % + 90 % * (0.9 - 0.8) / (1 - 0.8); 53 % * 0.9 * 0.85 = 40.545 %
    const Rates high = interest_rates(behaviour(revision), usual_rates(), inputs(100, 900));
    CHECK(high.variable_borrow == 5300 * kRayPerBps);
    CHECK(high.liquidity * 10 == 40'545 * kRayPerBps);
}

TEST_CASE("without debt the rate is the base and lenders earn nothing", "[aave_v3][rates]") {
    const Rates none =
        interest_rates(behaviour(GENERATE("3.0", "3.6")), usual_rates(), inputs(1'000, 0));
    CHECK(none.variable_borrow == 100 * kRayPerBps);
    CHECK(none.liquidity == 0);
}

TEST_CASE("what is uncovered lowers the lenders' rate and not the borrowers'", "[aave_v3][rates]") {
    RateInputs uncovered = inputs(600, 400);
    uncovered.unbacked = weth(1'000);
    const Rates rates = interest_rates(behaviour("3.6"), usual_rates(), uncovered);
    CHECK(rates.variable_borrow == 450 * kRayPerBps);
    // 400 / 2000 of their money earns: 4.5 % * 0.2 * 0.85 = 0.765 %
    CHECK(rates.liquidity * 10 == 765 * kRayPerBps);
}

TEST_CASE("until 3.1 lenders earn the mean of variable and stable debt", "[aave_v3][rates]") {
    RateInputs mixed = inputs(600, 300);
    mixed.stable_debt = weth(100);
    mixed.average_stable_rate = 1000 * kRayPerBps;
    const Rates rates = interest_rates(behaviour("3.0"), usual_rates(), mixed);
    CHECK(rates.variable_borrow == 450 * kRayPerBps);
    // (300 * 4.5 % + 100 * 10 %) / 400 = 5.875 %; * 0.4 * 0.85 = 1.9975 %
    CHECK(rates.liquidity * 100 == 19'975 * kRayPerBps);
}

TEST_CASE("that mean rounds on its own, even when all debt is variable",
          "[aave_v3][rates][rounding]") {
    RateParameters parameters;
    parameters.optimal_usage = core::ray();
    parameters.base_variable_rate = 100 * kRayPerBps + 1;
    RateInputs one = inputs(0, 0);
    one.variable_debt = 1;
    one.reserve_factor_bps = 0;
    // One unit as ray is 1e9, times the rate over 1e27 is 1e7 and a last digit that is lost.
    CHECK(interest_rates(behaviour("3.1"), parameters, one).liquidity == 100 * kRayPerBps);
    CHECK(interest_rates(behaviour("3.2"), parameters, one).liquidity == 100 * kRayPerBps + 1);
}

TEST_CASE("a year at ten per cent moves the borrow index and fills the treasury",
          "[aave_v3][rates][rounding]") {
    // Taylor at x = 0.1: 1 + 0.1 + 0.005 + 0.0001666… = 1.1051666…, last digit rounded up.
    const U256 index = number("1105166666666666666666666667");
    SECTION("until 3.4 interest is the difference of two rounded balances") {
        Reserve reserve = indebted("3.4");
        update_state(behaviour("3.4"), reserve, later(kYear));
        CHECK(reserve.borrow_index == index);
        // 1000 * 1.10516… = 1105.166666666666666666|667, half-up …667, less 1000
        CHECK(reserve.accrued_to_treasury == number("105166666666666666667"));
        CHECK(reserve.last_update == later(kYear));
    }
    SECTION("since 3.5 it is debt times the difference of indexes, rounded down") {
        Reserve reserve = indebted("3.5");
        update_state(behaviour("3.5"), reserve, later(kYear));
        CHECK(reserve.borrow_index == index);
        CHECK(reserve.accrued_to_treasury == number("105166666666666666666"));
    }
}

TEST_CASE("within a second nothing accrues", "[aave_v3][rates]") {
    Reserve reserve = indebted("3.6");
    update_state(behaviour("3.6"), reserve, later(0));
    CHECK(reserve.borrow_index == core::ray());
    CHECK(reserve.accrued_to_treasury == 0);
}

TEST_CASE("a reserve that owes nothing keeps its borrow index, whatever its rate",
          "[aave_v3][rates]") {
    Reserve reserve = indebted("3.6");
    reserve.totals->scaled_debt = 0;
    update_state(behaviour("3.6"), reserve, later(kYear));
    CHECK(reserve.borrow_index == core::ray());
    CHECK(reserve.liquidity_index == core::ray());
    CHECK(reserve.last_update == later(kYear));
}

TEST_CASE("stable debt feeds the treasury with what it grew since the last update",
          "[aave_v3][rates]") {
    Reserve reserve = indebted("3.0");
    reserve.totals->scaled_debt = 0;
    // Two years at 10 %: the reserve saw the first of them. Binomial growth of one year minus its
    // own rounding is 1.1051666…; of two it is not its square, so the second year's share is the
    // difference of the two balances.
    reserve.totals->stable = StableTotals{.principal = weth(1'000),
                                          .average_rate = 1000 * kRayPerBps,
                                          .last_update = core::Timestamp(kBlockTime - kYear)};
    const U256 before = total_stable_debt(behaviour("3.0"), reserve, later(0));
    const U256 after = total_stable_debt(behaviour("3.0"), reserve, later(kYear));
    CHECK(before > weth(1'105));  // 1 + 0.1 + 0.005 + 0.000166…, and less than e^0.1
    CHECK(before < weth(1'106));
    CHECK(after > weth(1'221));  // 1 + 0.2 + 0.02 + 0.00133…
    CHECK(after < weth(1'222));
    update_state(behaviour("3.0"), reserve, later(kYear));
    CHECK(reserve.accrued_to_treasury == after - before);
}

TEST_CASE("a strategy that does not tell its parameters leaves the rates", "[aave_v3][rates]") {
    Reserve reserve = indebted("3.6");
    reserve.totals->rates.reset();
    update_rates(behaviour("3.6"), reserve, later(0), {.added = weth(1'000), .taken = 0});
    CHECK(reserve.borrow_rate == 1000 * kRayPerBps);
    CHECK(free_liquidity(reserve) == weth(4'000));
}

TEST_CASE("the flow reaches the pool's own count and the aToken alike", "[aave_v3][rates]") {
    Reserve reserve = indebted("3.6");
    update_rates(behaviour("3.6"), reserve, later(0), {.added = weth(1'000), .taken = 0});
    CHECK(reserve.totals->virtual_balance == weth(4'000));
    CHECK(reserve.totals->a_token_holding == weth(4'000));
    // 1000 owed of 5000: 1 % + 7 % * 0.2 / 0.8
    CHECK(reserve.borrow_rate == 275 * kRayPerBps);
    update_rates(behaviour("3.6"), reserve, later(0), {.added = 0, .taken = weth(2'500)});
    CHECK(free_liquidity(reserve) == weth(1'500));
    CHECK(reserve.borrow_rate == 450 * kRayPerBps);  // 1000 of 2500: 1 % + 7 % * 0.4 / 0.8
}
