#include "exposure/aggregate.hpp"

#include <catch2/catch.hpp>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using core::Usd;
using test::decimal;
using test::dollars;
using test::kUsdc;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

Exposure exposure_of(std::vector<const margin::Market*> markets,
                     std::vector<snapshot::Holding> holdings = {},
                     std::vector<core::Address> wallets = {}) {
    const FactorMap factors = test::factors();
    const Portfolio portfolio =
        make_portfolio(std::move(markets), std::move(holdings), std::move(wallets));
    const PriceBook prices(portfolio, factors);
    return aggregate(portfolio, items_of(portfolio, prices, factors), factors);
}

const FactorExposure& factor_of(const Exposure& exposure, const std::string& name) {
    for (const FactorExposure& factor : exposure.factors) {
        if (factor.factor == name) {
            return factor;
        }
    }
    throw std::runtime_error("no " + name);
}

test::MarginPool::Row row(std::uint8_t wallet, std::vector<test::MarginPool::Balance> balances) {
    return {.wallet = numbered(wallet), .balances = std::move(balances)};
}

/// 10 wstETH (24000 dollars) against 12000 USDC.
test::MarginPool long_ether(std::string name = "core") {
    test::MarginPool pool = test::pool(std::move(name));
    pool.rows = {row(1, {{.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                         {.asset = kUsdc, .collateral = 0, .debt = usdc(12'000)}})};
    return pool;
}

/// 9000 USDC against 3 WETH (6000 dollars).
test::MarginPool short_ether(std::string name = "prime") {
    test::MarginPool pool = test::pool(std::move(name));
    pool.rows = {row(2, {{.asset = kUsdc, .collateral = usdc(9'000), .debt = 0},
                         {.asset = kWeth, .collateral = 0, .debt = tokens(3)}})};
    return pool;
}

TEST_CASE("exposure nets a factor over accounts, markets and idle balances",
          "[exposure][aggregate]") {
    const auto longs = long_ether();
    const auto shorts = short_ether();
    // Half a WETH outside, priced at 2500 by its own source.
    const Exposure exposure =
        exposure_of({&longs, &shorts}, {test::weth_holding(3, core::wad() / 2)});
    const FactorExposure& ether = factor_of(exposure, "ETH/USD");
    CHECK(ether.long_usd == dollars(24'000 + 1'250));
    CHECK(ether.short_usd == dollars(6'000));
    CHECK(ether.net() == SignedUsd{.negative = false, .magnitude = dollars(19'250)});
    CHECK(ether.is_root);
    const FactorExposure& dollar = factor_of(exposure, "USDC/USD");
    CHECK(dollar.net() == SignedUsd{.negative = true, .magnitude = dollars(3'000)});
    // Through to the basis and the rate, which are no roots.
    CHECK(factor_of(exposure, "stETH/ETH").long_usd == dollars(24'000));
    CHECK_FALSE(factor_of(exposure, "stETH/ETH").is_root);

    REQUIRE(ether.contributions.size() == 3);
    CHECK(ether.contributions[0].wallet == numbered(1));
    CHECK(ether.contributions[0].long_usd == dollars(24'000));
    CHECK(ether.contributions[1].short_usd == dollars(6'000));
    CHECK_FALSE(ether.contributions[2].market);
    CHECK(ether.contributions[2].long_usd == dollars(1'250));
}

TEST_CASE("leverage and concentration follow from the sums", "[exposure][aggregate]") {
    const auto longs = long_ether();
    const auto shorts = short_ether();
    const Exposure exposure = exposure_of({&longs, &shorts});
    // 33000 of assets, 18000 of debt, 15000 of its own: 2.2 times.
    CHECK(exposure.assets == dollars(33'000));
    CHECK(exposure.debt == dollars(18'000));
    CHECK(leverage(exposure) == decimal("2.2"));
    // |net| 18000 in ETH/USD, 3000 in USDC/USD: 6/7 and 1/7, squares 37/49.
    const auto stands = concentration(exposure);
    REQUIRE(stands);
    CHECK(stands->largest == "ETH/USD");
    CHECK(stands->largest_share == decimal("0.857142857142857142"));
    CHECK(core::format_fixed(stands->herfindahl.value(), 18, 12) == "0.755102040816");
}

TEST_CASE("nothing of one's own has no leverage", "[exposure][aggregate][boundary]") {
    auto pool = long_ether();
    pool.rows[0].balances[1].debt = usdc(24'000);
    CHECK_FALSE(leverage(exposure_of({&pool})));
    CHECK_FALSE(leverage(exposure_of({})));
    CHECK_FALSE(concentration(exposure_of({})));
}

TEST_CASE("assets are rounded down and debts up", "[exposure][aggregate][rounding]") {
    auto pool = long_ether();
    pool.unit = 3;  // so that a dollar is 3 of an answer: nothing divides evenly
    const Exposure exposure = exposure_of({&pool});
    // 10 * 2400e8 / 3 is 8e11; 12000 * 1e8 / 3 is 4e11: exact. One base unit more is not.
    CHECK(exposure.assets == Usd(decimal("800000000000").value()));
    pool.rows[0].balances[0].collateral = tokens(10) + 1;
    pool.rows[0].balances[1].debt = usdc(12'000) + 1;
    const Exposure off = exposure_of({&pool});
    CHECK(off.assets == Usd(decimal("800000000000.00000008").value()));
    // 1e8 / 3 / 1e6 = 33.33333333333333333.. dollars more, up.
    CHECK(off.debt == Usd(decimal("400000000033.333333333333333334").value()));
}

TEST_CASE("a pool without dollars borrows the price of another of its chain",
          "[exposure][aggregate][morpho]") {
    test::MarginPool isolated = test::pool("0xabc", "morpho_blue");
    isolated.assets = {
        {.address = kWeth,
         .symbol = "WETH",
         .answer = 2000'000000,
         .denominator = kUsdc,
         .denominator_symbol = "USDC"},
        {.address = kUsdc, .symbol = "USDC", .decimals = 6, .answer = 1'000000, .is_unit = true}};
    isolated.rows = {row(1, {{.asset = kWeth, .collateral = tokens(1), .debt = 0},
                             {.asset = kUsdc, .collateral = 0, .debt = usdc(1'000)}})};
    SECTION("and is unpriced without one, never zero") {
        const Exposure exposure = exposure_of({&isolated});
        CHECK(exposure.factors.empty());
        REQUIRE(exposure.unpriced.size() == 2);
        CHECK(exposure.unpriced[0].token.symbol == "WETH");
        CHECK(exposure.unpriced[1].side == margin::Side::Debt);
    }
    SECTION("priced by the other") {
        const auto other = short_ether();
        const Exposure exposure = exposure_of({&isolated, &other});
        CHECK(exposure.unpriced.empty());
        CHECK(factor_of(exposure, "ETH/USD").long_usd == dollars(2'000));
    }
    SECTION("not by one of another chain") {
        test::MarginPool far = test::pool("core", "aave_v3", "base");
        CHECK(exposure_of({&isolated, &far}).unpriced.size() == 2);
    }
}

TEST_CASE("the order in which markets and holdings were read changes nothing",
          "[exposure][aggregate]") {
    const auto longs = long_ether();
    const auto shorts = short_ether();
    const auto here = test::weth_holding(3, 5);
    const auto there = test::weth_holding(4, 7);
    const auto describe = [](const Exposure& exposure) {
        std::string out;
        for (const FactorExposure& factor : exposure.factors) {
            out += factor.factor + core::to_decimal(factor.long_usd.value()) + "/" +
                   core::to_decimal(factor.short_usd.value());
            for (const Contribution& part : factor.contributions) {
                out += part.wallet.to_string() + core::to_decimal(part.long_usd.value());
            }
        }
        return out;
    };
    CHECK(describe(exposure_of({&longs, &shorts}, {here, there})) ==
          describe(exposure_of({&shorts, &longs}, {there, here})));
}

TEST_CASE("only the chosen wallets count", "[exposure][aggregate]") {
    const auto longs = long_ether();
    const auto shorts = short_ether();
    const Exposure exposure = exposure_of({&longs, &shorts}, {}, {numbered(2)});
    CHECK(exposure.assets == dollars(9'000));
    CHECK(exposure.debt == dollars(6'000));
}

TEST_CASE("a token taken at its word is named", "[exposure][aggregate]") {
    const auto longs = long_ether();  // its wstETH is vouched for by nobody
    const Exposure exposure = exposure_of({&longs});
    REQUIRE(exposure.assumed.size() == 1);
    CHECK(exposure.assumed[0].symbol == "wstETH");
}

TEST_CASE("a share of a pool is what all accounts have in it", "[exposure][aggregate]") {
    auto pool = long_ether();
    pool.rows.push_back(row(4, {{.asset = kWsteth, .collateral = tokens(5), .debt = 0}}));
    pool.capacities_ = {{.asset = kWsteth,
                         .symbol = "wstETH",
                         .decimals = 18,
                         .supplied = tokens(60),
                         .borrowed = 0,
                         .liquid = tokens(60),
                         .supply_cap = tokens(100),
                         .borrow_cap = std::nullopt,
                         .borrow_rate = std::nullopt},
                        {.asset = kWeth,
                         .symbol = "WETH",
                         .decimals = 18,
                         .supplied = 1,
                         .borrowed = 0,
                         .liquid = 1,
                         .supply_cap = std::nullopt,
                         .borrow_cap = std::nullopt,
                         .borrow_rate = std::nullopt}};
    const Exposure exposure = exposure_of({&pool});
    REQUIRE(exposure.pools.size() == 1);  // nothing of WETH is theirs
    CHECK(exposure.pools[0].supplied == tokens(15));
    CHECK(exposure.pools[0].borrowed == 0);
}

TEST_CASE("a difference of dollars keeps its sign", "[exposure]") {
    CHECK(difference(dollars(3), dollars(5)) ==
          SignedUsd{.negative = true, .magnitude = dollars(2)});
    CHECK(difference(dollars(5), dollars(5)) ==
          SignedUsd{.negative = false, .magnitude = dollars(0)});
}

}  // namespace
}  // namespace margrave::exposure
