#include "settings/factors.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "settings/settings.hpp"

namespace margrave::settings {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

const Environment kNoVariables = [](const std::string&) { return std::nullopt; };

Settings load_text(const std::string& text) {
    return load({Source{.name = "test.toml", .text = text}}, std::nullopt, kNoVariables);
}

std::string refusal_of(const std::string& text) {
    try {
        (void)load_text(text);
    } catch (const core::ConfigError& error) {
        return error.what();
    }
    return "";
}

TEST_CASE("a token has its underlying's factors before its own", "[settings][factors]") {
    const auto settings = load_text(R"(
[[factors]]
symbol = "wstETH"
underlying = "stETH"
factors = ["wstETH/stETH"]
[[factors]]
symbol = "stETH"
underlying = "ETH"
factors = ["stETH/ETH"]
[[factors]]
symbol = "ETH"
factors = ["ETH/USD"]
)");
    REQUIRE(settings.factors.size() == 3);
    CHECK(settings.factors[0].factors == Names{"ETH/USD", "stETH/ETH", "wstETH/stETH"});
}

TEST_CASE("a protocol's row looks for its underlying in the protocol first",
          "[settings][factors]") {
    const auto settings = load_text(R"(
[[factors]]
symbol = "USDT"
factors = ["USDT/USD"]
[[factors]]
symbol = "USDe"
factors = ["USDe/USD"]
[[factors]]
symbol = "USDe"
protocol = "aave_v3"
underlying = "USDT"
[[factors]]
symbol = "sUSDe"
protocol = "aave_v3"
underlying = "USDe"
factors = ["sUSDe/USDe"]
)");
    CHECK(settings.factors.back().factors == Names{"USDT/USD", "sUSDe/USDe"});
}

TEST_CASE("an underlying that leads back to its own row is a mistake", "[settings][factors]") {
    CHECK_THAT(refusal_of(R"(
[[factors]]
symbol = "A"
underlying = "B"
[[factors]]
symbol = "B"
underlying = "A"
)"),
               Contains("leads back"));
    CHECK_THAT(refusal_of("[[factors]]\nsymbol = \"A\"\nunderlying = \"C\"\n"),
               Contains("no [[factors]] row has the symbol \"C\""));
}

TEST_CASE("a token is named in one way, and says something", "[settings][factors]") {
    CHECK_THAT(refusal_of("[[factors]]\nfactors = [\"X/USD\"]\n"), Contains("either `symbol`"));
    CHECK_THAT(refusal_of("[[factors]]\nchain = \"ethereum\"\nfactors = [\"X/USD\"]\n"),
               Contains("either `symbol`"));
    CHECK_THAT(refusal_of("[[factors]]\nsymbol = \"X\"\nchain = \"ethereum\"\n"),
               Contains("either `symbol`"));
    CHECK_THAT(refusal_of("[[factors]]\nsymbol = \"X\"\n"), Contains("neither"));
}

TEST_CASE("a risk factor is decimal numbers in quotes", "[settings][factors]") {
    const auto settings = load_text(
        "[[risk_factors]]\nname = \"ETH/USD\"\nvolatility = \"0.7\"\ncommon = \"0.85\"\n");
    REQUIRE(settings.risk_factors.size() == 1);
    CHECK(settings.risk_factors[0].volatility == *parse_wad("0.7"));
    CHECK(settings.risk_factors[0].yearly_growth == core::Wad());
    CHECK_THAT(refusal_of("[[risk_factors]]\nname = \"X\"\nvolatility = \"much\"\n"),
               Contains("expected a decimal number"));
    CHECK_THAT(refusal_of("[[risk_factors]]\nname = \"X\"\ncommon = \"1.1\"\n"),
               Contains("at most 1"));
}

TEST_CASE("the shipped factors resolve", "[settings][factors]") {
    const auto settings = load(shipped_sources(), std::nullopt, kNoVariables);
    const auto factors_of = [&](const std::string& symbol, const std::string& protocol) {
        for (const TokenFactors& row : settings.factors) {
            if (row.symbol == symbol && row.protocol == protocol) {
                return row.factors;
            }
        }
        return Names{"none"};
    };
    CHECK(factors_of("WETH", "") == Names{"ETH/USD"});
    CHECK(factors_of("wstETH", "") == Names{"ETH/USD", "stETH/ETH", "wstETH/stETH"});
    CHECK(factors_of("wstETH", "aave_v3") == Names{"ETH/USD", "wstETH/stETH"});
    CHECK(factors_of("sUSDe", "aave_v3") == Names{"USDT/USD", "sUSDe/USDe"});
    CHECK(factors_of("GHO", "aave_v3").empty());
}

}  // namespace
}  // namespace margrave::settings
