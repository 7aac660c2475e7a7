#include "exposure/factor_map.hpp"

#include <catch2/catch.hpp>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::numbered;
using test::symbol_row;
using Names = std::vector<std::string>;

TEST_CASE("a token is found by its address before its symbol", "[exposure][factors]") {
    const FactorMap map({{.chain = "ethereum",
                          .address = numbered(1),
                          .symbol = "",
                          .protocol = "",
                          .factors = {"BTC/USD"}},
                         symbol_row("WETH", {"ETH/USD"})},
                        {}, {});
    const Token here{.chain = "ethereum", .address = numbered(1), .symbol = "WETH"};
    CHECK(map.factors_of(here, "").factors == Names{"BTC/USD"});
    CHECK_FALSE(map.factors_of(here, "").by_symbol);
    const Token elsewhere{.chain = "base", .address = numbered(1), .symbol = "WETH"};
    CHECK(map.factors_of(elsewhere, "").factors == Names{"ETH/USD"});
    CHECK(map.factors_of(elsewhere, "").by_symbol);
}

TEST_CASE("a symbol that the configuration gives an address is no assumption",
          "[exposure][factors]") {
    const FactorMap map({symbol_row("WETH", {"ETH/USD"})}, {},
                        {{.chain = "ethereum", .address = numbered(1), .symbol = "WETH"}});
    // The token calls itself something else, and the configuration's word counts.
    const FactorsFound found =
        map.factors_of({.chain = "ethereum", .address = numbered(1), .symbol = "Wrapped"}, "");
    CHECK(found.factors == Names{"ETH/USD"});
    CHECK_FALSE(found.by_symbol);
}

TEST_CASE("a token without a row is a factor of its own", "[exposure][factors]") {
    const FactorsFound found =
        FactorMap().factors_of({.chain = "x", .address = numbered(1), .symbol = "ODD"}, "");
    CHECK(found.factors == Names{"ODD/USD"});
    CHECK(found.by_symbol);
}

TEST_CASE("the native coin goes by its configured symbol", "[exposure][factors]") {
    const FactorsFound found = test::factors().factors_of(
        {.chain = "ethereum", .address = std::nullopt, .symbol = "ETH"}, "");
    CHECK(found.factors == Names{"ETH/USD"});
    CHECK_FALSE(found.by_symbol);
}

TEST_CASE("a protocol's oracle may follow less than the token is worth", "[exposure][factors]") {
    const Token wsteth{.chain = "ethereum", .address = test::kWsteth, .symbol = "wstETH"};
    CHECK(test::factors().factors_of(wsteth, "").factors ==
          Names{"ETH/USD", "stETH/ETH", "wstETH/stETH"});
    CHECK(test::factors().factors_of(wsteth, "aave_v3").factors ==
          Names{"ETH/USD", "wstETH/stETH"});
    CHECK(test::factors().factors_of(wsteth, "morpho_blue").factors.size() == 3);
}

TEST_CASE("an answer follows what its asset has and its denominator has not",
          "[exposure][factors]") {
    test::MarginPool pool = test::pool("x", "morpho_blue");
    pool.assets = {{.address = test::kWsteth,
                    .symbol = "wstETH",
                    .answer = 1,
                    .denominator = test::kWeth,
                    .denominator_symbol = "WETH"},
                   {.address = test::kUsdc,
                    .symbol = "USDC",
                    .answer = 1,
                    .denominator = test::kWeth,
                    .denominator_symbol = "WETH"}};
    const auto powers = factor_powers(pool, test::factors());
    // wstETH in WETH: ETH/USD cancels. USDC in WETH: ETH/USD stands below the line.
    CHECK(powers.at("ETH/USD") == Powers{{test::kUsdc, {-1}}});
    CHECK(powers.at("stETH/ETH") == Powers{{test::kWsteth, {1}}});
    CHECK(powers.at("USDC/USD") == Powers{{test::kUsdc, {1}}});
}

TEST_CASE("a factor without a row has the default's risk", "[exposure][factors]") {
    const FactorMap map({}, {test::risk("default", "0.9", "0.5")}, {});
    CHECK(map.risk_of("ODD/USD").volatility == test::decimal("0.9"));
    CHECK(map.risk_of("ODD/USD").name == "ODD/USD");
    CHECK(FactorMap().risk_of("ODD/USD").volatility == test::decimal("1"));
}

}  // namespace
}  // namespace margrave::exposure
