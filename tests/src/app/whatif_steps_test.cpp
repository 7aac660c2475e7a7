#include "app/whatif_steps.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"

using namespace margrave;
using namespace margrave::app;
using Catch::Matchers::Contains;
using core::U256;

namespace {

template <class T>
T step(const std::string& text) {
    return std::get<T>(parse_step(text));
}

core::Wad parts(std::uint64_t of_hundred) {
    return core::Wad(U256(core::wad() * of_hundred / 100));
}

}  // namespace

TEST_CASE("a price moves by percent with a sign, or goes to a level", "[whatif]") {
    const auto fall = step<PriceStep>("ETH=-20%");
    CHECK(fall.name == "ETH");
    CHECK(fall.move.is_relative);
    CHECK(fall.move.value == parts(80));
    CHECK(step<PriceStep>("ETH/USD=+5%").move.value == parts(105));
    const auto level = step<PriceStep>("USDC=0.97");
    CHECK_FALSE(level.move.is_relative);
    CHECK(level.move.value == parts(97));
}

TEST_CASE("a rate moves with a sign and is set without", "[whatif]") {
    const U256 percent = core::ray() / 100;
    const auto more = step<RateStep>("rate:USDC=+5%");
    CHECK(more.symbol == "USDC");
    CHECK(more.move.is_relative);
    CHECK_FALSE(more.move.is_fall);
    CHECK(more.move.value == core::Ray(U256(percent * 5)));
    CHECK(step<RateStep>("rate:USDC=-1%").move.is_fall);
    CHECK_FALSE(step<RateStep>("rate:USDC=5%").move.is_relative);
}

TEST_CASE("thresholds, pauses and days", "[whatif]") {
    CHECK(step<ThresholdStep>("LT:WETH=78%").value == core::Bps(7800));
    CHECK(step<ThresholdStep>("lt:WETH=100%").value == core::Bps(10'000));
    CHECK(step<PauseStep>("pause:LINK").symbol == "LINK");
    CHECK(step<TimeStep>("days=30").seconds == 30 * 86'400);
    CHECK(step<TimeStep>("days=0.5").seconds == 43'200);
}

TEST_CASE("an action names verb, asset, amount and place", "[whatif]") {
    const auto repay = step<ActionStep>("repay:USDC:10000@aave-v3");
    CHECK(repay.kind == margin::ActionKind::Repay);
    CHECK(repay.symbol == "USDC");
    CHECK(repay.amount == "10000");
    CHECK(repay.protocol == "aave_v3");
    CHECK_FALSE(repay.market);
    const auto all = step<ActionStep>("withdraw:WETH:max@aave_v3/core");
    CHECK_FALSE(all.amount);
    CHECK(all.market == "core");
    CHECK(step<ActionStep>("emode:2@aave-v3").category == 2);
    CHECK_FALSE(step<ActionStep>("collateral:WETH:off@aave-v3").enable);
    CHECK(step<ActionStep>("collateral:WETH:on@aave-v3").enable);
}

TEST_CASE("what is no step is refused in one line that shows the forms", "[whatif]") {
    const std::string bad = GENERATE(
        as<std::string>{}, "", "ETH", "=", "ETH=", "=5", "ETH=-100%", "ETH=-250%", "ETH=20%",
        "ETH=0", "ETH=cheap", "ETH=-1", "rate:USDC=5", "rate:USDC", "LT:WETH=101%", "LT:WETH=-1%",
        "LT:WETH=0.78", "pause:", "days=-1", "days=36501", "days=soon", "repay:USDC:5",
        "repay:USDC@aave-v3", "repay:USDC:@aave-v3", "repay::5@aave-v3", "repay:USDC:5:6@aave-v3",
        "repay:USDC:5@", "emode:256@aave-v3", "emode:x@aave-v3", "collateral:WETH:maybe@aave-v3");
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_step(bad), core::InputError);
    CHECK_THROWS_WITH(parse_step(bad), Contains("steps are ETH=-20%") && !Contains("\n"));
}

TEST_CASE("a step that leaves every range is refused, not wrapped", "[whatif]") {
    const std::string huge(60, '9');
    CHECK_THROWS_AS(parse_step("ETH=" + huge), core::InputError);
    CHECK_THROWS_AS(parse_step("ETH=+" + huge + "%"), core::InputError);
    CHECK_THROWS_AS(parse_step("days=" + huge), core::InputError);
    CHECK_THROWS_AS(parse_step("emode:" + huge + "@aave-v3"), core::InputError);
}

TEST_CASE("an amount of tokens is exact or refused", "[whatif]") {
    CHECK(parse_tokens("1.5", 6) == U256(1'500'000));
    CHECK(parse_tokens("0", 6) == U256(0));
    CHECK(parse_tokens("0.000001", 6) == U256(1));
    CHECK_FALSE(parse_tokens("0.0000001", 6));
    CHECK_FALSE(parse_tokens("1.", 6));
    CHECK_FALSE(parse_tokens(".5", 6));
    CHECK_FALSE(parse_tokens("-1", 6));
    CHECK_FALSE(parse_tokens("", 6));
    CHECK_FALSE(parse_tokens(std::string(80, '9'), 6));
}
