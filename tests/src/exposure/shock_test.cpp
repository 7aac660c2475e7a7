#include "exposure/shock.hpp"

#include <catch2/catch.hpp>

#include "exposure/dollars.hpp"
#include "exposure/outlook.hpp"
#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using core::U256;
using margin::Status;
using test::decimal;
using test::kUsdc;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

Outlook outlook_of(const margin::Market& market, const FactorMap& factors = test::factors()) {
    const Portfolio portfolio = make_portfolio({&market}, {}, {});
    return outlooks(market, portfolio, PriceBook(portfolio, factors), factors).at(0);
}

const FactorLimit* limit_of(const Outlook& outlook, const std::string& factor) {
    for (const FactorLimit& limit : outlook.factors) {
        if (limit.factor == factor) {
            return &limit;
        }
    }
    return nullptr;
}

/// 10 WETH and 10 wstETH carry 16000 + 18000 = 34000 dollars of debt; 17000 are owed.
test::MarginPool ether_account() {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                               {.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                               {.asset = kUsdc, .collateral = 0, .debt = usdc(17'000)}}}};
    return pool;
}

TEST_CASE("everything that follows a root feed moves together", "[exposure][liquidation]") {
    const Outlook outlook = outlook_of(ether_account());
    // 34000 m = 17000 at one half, where health is exactly 1 and still safe.
    const FactorLimit* ether = limit_of(outlook, "ETH/USD");
    REQUIRE(ether != nullptr);
    CHECK(ether->multiplier == decimal("0.5").value());
    CHECK(ether->failing == decimal("0.499999999999999999").value());
    CHECK(ether->price == core::Usd(decimal("1000").value()));
}

TEST_CASE("a debt's own feed liquidates upwards", "[exposure][liquidation]") {
    // At twice its price 34000 are owed, which is safe. The oracle's next integer is 2.00000001.
    const Outlook outlook = outlook_of(ether_account());
    const FactorLimit* dollar = limit_of(outlook, "USDC/USD");
    REQUIRE(dollar != nullptr);
    CHECK(dollar->failing == decimal("2.00000001").value());
    CHECK(dollar->multiplier == decimal("2.000000009999999999").value());
}

TEST_CASE("an oracle's own rate is a factor of its own", "[exposure][liquidation]") {
    // 16000 + 7.5 * answer < 17000 below an answer of 133.33333333333...: 133.33333334 is safe, in
    // 2400 that is 0.0555555555583333...
    const Outlook outlook = outlook_of(ether_account());
    const FactorLimit* rate = limit_of(outlook, "wstETH/stETH");
    REQUIRE(rate != nullptr);
    CHECK(rate->multiplier == decimal("0.055555555558333334").value());
    CHECK(rate->failing == decimal("0.055555555558333333").value());
    CHECK_FALSE(rate->price);  // a ratio has no dollar price
    CHECK(outlook.ignored == std::vector<std::string>{"stETH/ETH"});
    CHECK(limit_of(outlook, "stETH/ETH") == nullptr);
}

TEST_CASE("ether against ether is out of reach of ether's price", "[exposure][liquidation]") {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                               {.asset = kWeth, .collateral = 0, .debt = tokens(6)}}}};
    const Outlook outlook = outlook_of(pool);
    CHECK(limit_of(outlook, "ETH/USD") == nullptr);
    // 18000 m = 12000.
    const FactorLimit* rate = limit_of(outlook, "wstETH/stETH");
    REQUIRE(rate != nullptr);
    CHECK(rate->multiplier == decimal("0.666666666666666667").value());
    CHECK_FALSE(outlook.unreachable_by_price);
}

TEST_CASE("an account whose sides are one token is out of reach of any price",
          "[exposure][liquidation]") {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = tokens(6)}}}};
    const Outlook outlook = outlook_of(pool);
    CHECK(outlook.factors.empty());
    CHECK(outlook.unreachable_by_price);
    CHECK_FALSE(outlook.joint);
}

TEST_CASE("a pool that prices collateral in its debt moves by both factors",
          "[exposure][liquidation][morpho]") {
    // 1 WETH carries 0.8 * 2000 = 1600 of 1000 USDC: ETH/USD to 0.625, USDC/USD to 1.6.
    test::MarginPool pool = test::pool("0xabc", "morpho_blue");
    pool.assets = {
        {.address = kWeth,
         .symbol = "WETH",
         .answer = 2000'000000,
         .denominator = kUsdc,
         .denominator_symbol = "USDC"},
        {.address = kUsdc, .symbol = "USDC", .decimals = 6, .answer = 1'000000, .is_unit = true}};
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(1), .debt = 0},
                               {.asset = kUsdc, .collateral = 0, .debt = usdc(1000)}}}};
    const Outlook outlook = outlook_of(pool);
    const FactorLimit* ether = limit_of(outlook, "ETH/USD");
    const FactorLimit* dollar = limit_of(outlook, "USDC/USD");
    REQUIRE(ether != nullptr);
    REQUIRE(dollar != nullptr);
    CHECK(ether->multiplier == decimal("0.625").value());
    CHECK_FALSE(ether->price);
    // floor(2000 / 1.6) is exactly the limit; the next multiplier takes it below.
    CHECK(dollar->multiplier == decimal("1.6").value());
}

TEST_CASE("an account that can be liquidated stands at distance 0", "[exposure][liquidation]") {
    test::MarginPool pool = ether_account();
    pool.rows[0].balances[2].debt = usdc(34'001);
    const Outlook outlook = outlook_of(pool);
    REQUIRE(outlook.factors.size() == 3);
    for (const FactorLimit& limit : outlook.factors) {
        CHECK(limit.multiplier == core::wad());
        CHECK(limit.failing == core::wad());
    }
    CHECK(outlook.falls_at == pool.now);
}

TEST_CASE("without debt there is nothing to reach", "[exposure][liquidation]") {
    test::MarginPool pool = ether_account();
    pool.rows[0].balances[2].debt = 0;
    const Outlook outlook = outlook_of(pool);
    CHECK(outlook.factors.empty());
    CHECK_FALSE(outlook.unreachable_by_price);
    CHECK_FALSE(outlook.falls_at);
}

TEST_CASE("thresholds rounded to basis points are met at their first failure",
          "[exposure][liquidation][rounding]") {
    // WETH and USDC as collateral against wstETH: the average threshold moves with ETH/USD.
    test::MarginPool pool = test::pool();
    pool.rounds_threshold = true;
    pool.assets[1].threshold_bps = 7001;
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                               {.asset = kUsdc, .collateral = usdc(15'000), .debt = 0},
                               {.asset = kWsteth, .collateral = 0, .debt = tokens(9)}}}};
    const auto powers = factor_powers(pool, test::factors()).at("ETH/USD");
    ShockedMarket shocked(pool);
    // Exact: 16000 m + 10501.5 = 21600 m at m = 1.8753; the rounding takes at most 1 bp off.
    const auto crossing = find_crossing(shocked, 0, powers, Direction::Nearest);
    REQUIRE(crossing);
    CHECK(crossing->last_safe < decimal("1.87527").value());
    CHECK(crossing->last_safe > decimal("1.87").value());
    CHECK(crossing->first_failing - crossing->last_safe == 1);
    const auto status_at = [&](const U256& multiplier) {
        REQUIRE(shocked.move(powers, multiplier));
        return shocked.market().health(0).status;
    };
    CHECK(status_at(crossing->first_failing) == Status::Liquidatable);
    for (int i = 0; i <= 2000; ++i) {
        const U256 between = core::wad() + U256(crossing->last_safe - core::wad()) * i / 2000;
        REQUIRE(status_at(between) == Status::Healthy);
    }
}

TEST_CASE("the direction may be chosen", "[exposure][liquidation]") {
    const test::MarginPool pool = ether_account();
    const auto powers = factor_powers(pool, test::factors()).at("ETH/USD");
    ShockedMarket shocked(pool);
    CHECK(find_crossing(shocked, 0, powers, Direction::Down));
    CHECK_FALSE(find_crossing(shocked, 0, powers, Direction::Up));
}

TEST_CASE("a move is taken back before the next", "[exposure]") {
    const test::MarginPool pool = ether_account();
    ShockedMarket shocked(pool);
    REQUIRE(shocked.move({{kWeth, {1}}}, decimal("0.5").value()));
    CHECK(shocked.market().answers()[0].quote->answer == 1000'00000000);
    REQUIRE(shocked.move({{kWsteth, {1}}}, decimal("0.5").value()));
    CHECK(shocked.market().answers()[0].quote->answer == 2000'00000000);
    CHECK(shocked.market().answers()[2].quote->answer == 1200'00000000);
    shocked.reset();
    CHECK(shocked.market().answers()[2].quote->answer == 2400'00000000);
    CHECK(pool.assets[0].answer == 2000'00000000);
}

TEST_CASE("an answer is scaled by each power and rounded down", "[exposure][rounding]") {
    CHECK(scaled_down(7, decimal("0.5").value(), 1) == U256(3));
    CHECK(scaled_down(7, decimal("2").value(), -1) == U256(3));
    CHECK(scaled_down(7, decimal("3").value(), 2) == U256(63));
    CHECK(scaled_down(7, decimal("3").value(), 0) == U256(7));
    CHECK_FALSE(scaled_down(core::max_u256(), decimal("2").value(), 1));
}

TEST_CASE("an answer never moves to nothing, which no oracle gives", "[exposure][rounding]") {
    test::MarginPool pool = ether_account();
    pool.assets[0].answer = 1;
    ShockedMarket shocked(pool);
    REQUIRE(shocked.move({{kWeth, {1}}}, decimal("0.5").value()));
    CHECK(shocked.market().answers()[0].quote->answer == 1);
}

}  // namespace
}  // namespace margrave::exposure
