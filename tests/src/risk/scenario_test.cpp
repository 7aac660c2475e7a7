#include "risk/scenario.hpp"

#include <catch2/catch.hpp>

#include "oracle/model.hpp"
#include "tests/src/exposure/examples.hpp"
#include "tests/support/oracles.hpp"

namespace margrave::risk {
namespace {

using core::U256;
using test::decimal;

/// The pool of the exposure examples, wstETH from ETH/USD at 2000 and a ratio of 1.2 that is capped
/// at 1.25.
snapshot::Snapshot capped() {
    margin::OracleSource source =
        *test::capped_ratio(test::feed(1, 2000'00000000, "ETH / USD"), decimal("1.2").value(),
                            {.snapshot = decimal("1.25").value(),
                             .growth = 0,
                             .scale = 1,
                             .seconds = 1,
                             .answer = 2400'00000000});
    source.address = test::numbered(0x97);
    snapshot::Snapshot out;
    out.chains = {test::ethereum()};
    out.markets.push_back(std::make_unique<test::MarginPool>(test::pool()));
    out.oracles = {{.chain = "ethereum",
                    .models = {oracle::make_model(
                        std::make_shared<const margin::OracleSource>(std::move(source)))},
                    .sequencer = std::nullopt}};
    return out;
}

struct Step {
    std::string what;
    const char* multiplier;
};

/// The answer of wstETH after the steps; those without a slash move the symbol alone.
U256 after(const std::vector<Step>& steps) {
    const snapshot::Snapshot read = capped();
    Scenario scenario(read, test::factors());
    for (const Step& step : steps) {
        const PriceMove move{.value = decimal(step.multiplier)};
        static_cast<void>(step.what.find('/') == std::string::npos
                              ? scenario.move_asset(step.what, move)
                              : scenario.move_factor(step.what, move));
    }
    return scenario.markets().at(0)->answers().at(2).quote->answer;
}

TEST_CASE("a cap holds whatever has moved before", "[risk][scenario][capo]") {
    CHECK(after({{"wstETH/stETH", "1.2"}}) == 2500'00000000);  // 2000 * 1.25
    CHECK(after({{"ETH/USD", "0.8"}, {"wstETH/stETH", "1.2"}}) == 2000'00000000);
    CHECK(after({{"wstETH/stETH", "1.2"}, {"ETH/USD", "0.8"}}) == 2000'00000000);
    CHECK(after({{"wstETH/stETH", "1.02"}, {"wstETH/stETH", "1.2"}}) == 2500'00000000);
}

TEST_CASE("a ratio that went over its cap comes back from where it is", "[risk][scenario][capo]") {
    // 1.2 * 1.2 * 0.85 = 1.224, and not 1.25 * 0.85.
    CHECK(after({{"wstETH/stETH", "1.2"}, {"wstETH/stETH", "0.85"}}) == 2448'00000000);
    CHECK(after({{"wstETH/stETH", "1.2"}, {"wstETH/stETH", "0.9"}}) == 2500'00000000);
}

TEST_CASE("what a symbol moved by itself stays in proportion", "[risk][scenario]") {
    CHECK(after({{"wstETH", "0.5"}, {"ETH/USD", "0.8"}}) == 960'00000000);
    // From 1.2 to the cap of 1.25.
    CHECK(after({{"wstETH", "0.5"}, {"wstETH/stETH", "1.2"}}) == 1250'00000000);
}

}  // namespace
}  // namespace margrave::risk
