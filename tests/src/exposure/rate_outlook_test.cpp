#include "exposure/rate_outlook.hpp"

#include <catch2/catch.hpp>

#include "exposure/outlook.hpp"
#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using core::Ray;
using core::U256;
using test::decimal;
using test::dollars;
using test::kUsdc;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

Ray yearly(const std::string& rate) {
    return Ray(U256(decimal(rate).value() * (core::ray() / core::wad())));
}

/// 10 WETH (weight 16000 dollars) against 12000 USDC.
test::MarginPool long_ether() {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                               {.asset = kUsdc, .collateral = 0, .debt = usdc(12'000)}}}};
    return pool;
}

/// 10 wstETH (24000 dollars) against 8 WETH (16000 dollars).
test::MarginPool loop() {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                               {.asset = kWeth, .collateral = 0, .debt = tokens(8)}}}};
    return pool;
}

TEST_CASE("the borrow rate at which an account falls within the horizon", "[exposure][rates]") {
    const auto pool = long_ether();
    const auto outlook = rate_outlook(pool, 0, {}, {});
    REQUIRE(outlook);
    REQUIRE(outlook->limits.size() == 1);
    CHECK(outlook->limits[0].symbol == "USDC");
    // The debt must pass 16000: 12000 r 30/365 > 4000, so r > 4.0555…; in millionths 4.055556.
    CHECK(outlook->limits[0].falls_at == yearly("4.055556"));
    CHECK(outlook->limits[0].falls_at_less_yield == yearly("4.055556"));
}

TEST_CASE("a longer horizon needs a lower rate, and too short a one none does",
          "[exposure][rates]") {
    const auto pool = long_ether();
    Suppositions year;
    year.rate_horizon_s = 365ULL * 86'400;
    // 12000 r > 4000.
    CHECK(rate_outlook(pool, 0, {}, year)->limits[0].falls_at == yearly("0.333334"));
    Suppositions day;
    day.rate_horizon_s = 86'400;
    CHECK_FALSE(rate_outlook(pool, 0, {}, day)->limits[0].falls_at);
}

TEST_CASE("a staking yield raises the rate that a loop can pay", "[exposure][rates]") {
    const auto pool = loop();
    Suppositions year;
    year.rate_horizon_s = 365ULL * 86'400;
    const auto outlook = rate_outlook(pool, 0, {{kWsteth, {.yearly = decimal("0.1")}}}, year);
    REQUIRE(outlook->limits.size() == 1);
    // 24000 * 0.75 = 18000 > 16000 (1 + r): 0.125; with the collateral 10 % up 19800: 0.2375.
    CHECK(outlook->limits[0].falls_at == yearly("0.125001"));
    CHECK(outlook->limits[0].falls_at_less_yield == yearly("0.237501"));
}

TEST_CASE("time left when every borrow rate jumps", "[exposure][rates]") {
    auto pool = long_ether();
    margin::AssetCapacity capacity;
    capacity.asset = kUsdc;
    capacity.borrow_rate = yearly("0.1");
    pool.capacities_ = {capacity};
    Suppositions suppositions;
    suppositions.rate_shocks = {yearly("0.9")};
    const auto outlook = rate_outlook(pool, 0, {}, suppositions);
    REQUIRE(outlook->shocks.size() == 1);
    CHECK(outlook->limits[0].today == yearly("0.1"));
    // At 100 % a year a third more is owed after 121 and two thirds days: 10512000 s; a base unit
    // more in the same second.
    REQUIRE(outlook->shocks[0].falls_at);
    CHECK((*outlook->shocks[0].falls_at - pool.time()).value() == 10'512'001);
    pool.capacities_.clear();
    CHECK(rate_outlook(pool, 0, {}, suppositions)->shocks.empty());
}

TEST_CASE("an account that fell or owes nothing has no rate to fall at", "[exposure][rates]") {
    auto pool = long_ether();
    pool.rows[0].balances[1].debt = usdc(16'001);
    CHECK_FALSE(rate_outlook(pool, 0, {}, {}));
    pool.rows[0].balances[1].debt = 0;
    CHECK_FALSE(rate_outlook(pool, 0, {}, {}));
}

TEST_CASE("a basis that the oracle ignores takes the equity, not the health", "[exposure][basis]") {
    auto pool = loop();
    pool.rows[0].balances[1].debt = tokens(9);  // 18000 dollars
    const Portfolio portfolio = make_portfolio({&pool}, {}, {});
    const FactorMap factors = test::factors();
    const auto bases = market_bases(pool, 0, {"stETH/ETH"}, PriceBook(portfolio, factors), factors,
                                    decimal("0.05"));
    REQUIRE(bases.size() == 1);
    CHECK(bases[0].equity == SignedUsd{.negative = false, .magnitude = dollars(6'000)});
    CHECK(bases[0].equity_zero_at == decimal("0.75"));  // 18000 / 24000
    CHECK(bases[0].exit_cost == dollars(1'200));        // 5 % of 24000
    CHECK(bases[0].equity_after == SignedUsd{.negative = false, .magnitude = dollars(4'800)});
}

TEST_CASE("who owes what follows the basis gains by its fall", "[exposure][basis]") {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(15), .debt = 0},
                               {.asset = kWsteth, .collateral = 0, .debt = tokens(10)}}}};
    const Portfolio portfolio = make_portfolio({&pool}, {}, {});
    const FactorMap factors = test::factors();
    const auto bases = market_bases(pool, 0, {"stETH/ETH"}, PriceBook(portfolio, factors), factors,
                                    decimal("0.05"));
    REQUIRE(bases.size() == 1);
    CHECK(bases[0].exit_cost == core::Usd());
    CHECK(bases[0].equity_zero_at == decimal("1.25"));  // 30000 / 24000
    CHECK(bases[0].equity_after == SignedUsd{.negative = false, .magnitude = dollars(7'200)});
}

TEST_CASE("a balance without a dollar value leaves the equity unsaid", "[exposure][basis]") {
    auto pool = loop();
    pool.assets[2].is_unit = true;  // nobody prices wstETH
    const Portfolio portfolio = make_portfolio({&pool}, {}, {});
    const FactorMap factors = test::factors();
    CHECK(market_bases(pool, 0, {"stETH/ETH"}, PriceBook(portfolio, factors), factors,
                       decimal("0.05"))
              .empty());
}

}  // namespace
}  // namespace margrave::exposure
