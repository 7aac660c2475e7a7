#include "exposure/liquidation_time.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::kUsdc;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

/// 10 wstETH at 2000 and 80 % carry 16000; 10000 USDC are owed at 60 % a year, simple.
test::MarginPool borrower() {
    test::MarginPool pool = test::pool();
    pool.assets[2].answer = 2000'00000000;
    pool.assets[2].threshold_bps = 8000;
    pool.assets[1].yearly_rate = test::decimal("0.6").value();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                               {.asset = kUsdc, .collateral = 0, .debt = usdc(10'000)}}}};
    return pool;
}

std::optional<std::uint64_t> seconds_until_liquidation(const test::MarginPool& pool,
                                                       const YearlyGrowth& growth = {}) {
    const auto time = liquidation_time(pool, 0, growth);
    return time ? std::optional((*time - pool.now).value()) : std::nullopt;
}

TEST_CASE("interest liquidates in the second in which the debt passes the limit",
          "[exposure][time]") {
    // After a year exactly 16000 are owed, health is 1; a base unit more takes 31536000 / 6e9 s.
    CHECK(seconds_until_liquidation(borrower()) == 31'536'001U);
}

TEST_CASE("a staking rate that grows gives time", "[exposure][time]") {
    // 16000 (1 + 0.1 y) = 10000 (1 + 0.6 y) at y = 6 / 4.4 years, 43003636.4 s.
    const YearlyGrowth growth = answer_growth(borrower(), test::factors());
    CHECK(growth == YearlyGrowth{{kWsteth, {.yearly = test::decimal("0.1")}}});
    CHECK(seconds_until_liquidation(borrower(), growth) == 43'003'637U);
}

TEST_CASE("a rate in the denominator takes its part of the growth", "[exposure][time]") {
    test::MarginPool pool = borrower();
    pool.assets[2].denominator = kWsteth;
    pool.assets[2].denominator_symbol = "wstETH";
    CHECK(answer_growth(pool, test::factors()).empty());
}

TEST_CASE("what lies beyond ten years is not said to happen", "[exposure][time][boundary]") {
    test::MarginPool pool = borrower();
    // 16000 are owed after ten years at 6 %, and a base unit more only later.
    pool.assets[1].yearly_rate = test::decimal("0.06").value();
    CHECK_FALSE(seconds_until_liquidation(pool));
    pool.assets[1].yearly_rate = test::decimal("0.0600000002").value();
    CHECK(seconds_until_liquidation(pool).has_value());
    pool.assets[1].yearly_rate = 0;
    CHECK_FALSE(seconds_until_liquidation(pool));
}

TEST_CASE("of several rows each has the time that it has alone", "[exposure][time]") {
    test::MarginPool pool = borrower();
    std::vector<std::size_t> rows;
    for (std::uint64_t i = 0; i < 12; ++i) {  // the last ones are past their limit
        rows.push_back(pool.rows.size());
        pool.rows.push_back(pool.rows.front());
        pool.rows.back().balances[1].debt = usdc(4'000 + 1'300 * i);
    }
    std::reverse(rows.begin(), rows.end());
    std::set<std::optional<core::Timestamp>> different;
    for (const YearlyGrowth& growth : {YearlyGrowth{}, answer_growth(pool, test::factors())}) {
        const auto times = liquidation_times(pool, rows, growth);
        REQUIRE(times.size() == rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            CHECK(times[i] == liquidation_time(pool, rows[i], growth));
            if (times[i] && times[i] != pool.now) {
                const std::uint64_t seconds = (*times[i] - pool.now).value();
                CHECK(fails_after(pool, rows[i], growth, seconds));
                CHECK_FALSE(fails_after(pool, rows[i], growth, seconds - 1));
            }
            different.insert(times[i]);
        }
    }
    CHECK(different.size() > 12);
}

TEST_CASE("an account past its limit has no time left", "[exposure][time]") {
    test::MarginPool pool = borrower();
    pool.rows[0].balances[1].debt = usdc(16'001);
    CHECK(seconds_until_liquidation(pool) == 0U);
}

}  // namespace
}  // namespace margrave::exposure
