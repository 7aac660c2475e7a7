#include "exposure/oracle_match.hpp"

#include <catch2/catch.hpp>

#include "exposure/shock.hpp"
#include "oracle/model.hpp"
#include "tests/src/exposure/examples.hpp"
#include "tests/support/oracles.hpp"

namespace margrave::exposure {
namespace {

using core::U256;
using margin::OracleKind;
using margin::OracleSource;
using test::decimal;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;
using Shared = std::shared_ptr<const margin::OracleModel>;

/// wstETH of the pool: 2000 dollars of ETH times `ratio`, capped at `cap`, both of 18 decimals.
Shared capped(const char* ratio, const char* cap, std::string base = "ETH / USD",
              std::uint64_t answer = 2400'00000000) {
    OracleSource source =
        *test::capped_ratio(test::feed(1, 2000'00000000, std::move(base)), decimal(ratio).value(),
                            {.snapshot = decimal(cap).value(),
                             .growth = 0,
                             .scale = 1,
                             .seconds = 1,
                             .answer = answer});
    source.address = numbered(0x97);
    return oracle::make_model(std::make_shared<const OracleSource>(std::move(source)));
}

FactorMap with(const Shared& model) {
    const std::vector<margin::OracleBook> books{
        {.chain = "ethereum", .models = {model}, .sequencer = std::nullopt}};
    return test::factors().with_oracles(books);
}

margin::OracleAnswer wsteth_answer(const margin::Market& market) { return market.answers().at(2); }

/// 10 wstETH (24000 dollars, 75 %) against 15000 USDC: health 1.2, 1 at a ratio of 1.
test::MarginPool wsteth_account() {
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWsteth, .collateral = tokens(10), .debt = 0},
                               {.asset = test::kUsdc, .collateral = 0, .debt = usdc(15'000)}}}};
    return pool;
}

std::optional<Crossing> crossing_of(const test::MarginPool& pool, const FactorMap& map,
                                    const std::string& factor) {
    const auto powers = factor_powers(pool, map);
    ShockedMarket shocked(pool);
    return find_crossing(shocked, 0, powers.at(factor), Direction::Nearest);
}

TEST_CASE("a feed is the factor of the pair that it calls itself", "[exposure][oracles]") {
    CHECK(pair_of("ETH / USD") == "ETH/USD");
    CHECK(pair_of("ETH / USD SVR") == "ETH/USD");
    CHECK(pair_of("wstETH/stETH exchange rate") == "wstETH/stETH");
    CHECK(pair_of("Capped wstETH / stETH(ETH) / USD").empty());
    CHECK(pair_of("no pair").empty());
    CHECK(pair_of("/ USD").empty());
    CHECK(pair_of("ETH /").empty());
}

TEST_CASE("a composition that is as configured agrees, and a wrapped token is its root",
          "[exposure][oracles]") {
    const auto pool = test::pool();
    for (const char* base : {"ETH / USD", "WETH / USD", "eth / usd"}) {
        const FactorMap map = with(capped("1.2", "1.25", base));
        CHECK(oracle_disagreements(pool, wsteth_answer(pool), map).empty());
    }
}

TEST_CASE("a configured factor that nothing on chain follows is told", "[exposure][oracles]") {
    const test::MarginPool pool = test::pool("core", "lender");  // of no protocol's own rows
    const auto told = oracle_disagreements(pool, wsteth_answer(pool), with(capped("1.2", "1.25")));
    REQUIRE(told.size() == 1);
    CHECK(told[0] ==
          "it is configured to follow stETH/ETH, but nothing that it is made of on chain is that");
}

TEST_CASE("a feed that is none of the configured factors is told, and its rule not used",
          "[exposure][oracles]") {
    const auto pool = wsteth_account();
    const FactorMap map = with(capped("1.2", "1.25", "USDT / USD"));
    const auto told = oracle_disagreements(pool, wsteth_answer(pool), map);
    REQUIRE(told.size() == 2);
    CHECK(told[0].find("\"USDT / USD\", which is none of its configured factors") !=
          std::string::npos);
    CHECK(told[1].find("configured to follow ETH/USD") != std::string::npos);
    CHECK_FALSE(factor_powers(pool, map).at("ETH/USD").at(kWsteth).rule);
}

TEST_CASE("nothing is said of what is not confirmed, not known, or no longer the answer",
          "[exposure][oracles]") {
    auto pool = test::pool();
    const Shared off = capped("1.2", "1.25", "USDT / USD", 2400'00000001);
    REQUIRE_FALSE(off->is_confirmed());
    pool.assets[2].answer = 2400'00000001;
    CHECK(oracle_disagreements(pool, wsteth_answer(pool), with(off)).empty());
    pool.assets[2].answer = 2000'00000000;  // moved by a what-if
    CHECK(oracle_disagreements(pool, wsteth_answer(pool), with(capped("1.2", "1.25", "X / Y")))
              .empty());
    CHECK(oracle_disagreements(pool, pool.answers().at(0), test::factors()).empty());
}

TEST_CASE("a debt in a capped token does not grow beyond the cap", "[exposure][oracles][capo]") {
    // 10 WETH (16000 dollars weighted) against 6 wstETH (14400): fails at a ratio of 1.3333.
    test::MarginPool pool = test::pool();
    pool.rows = {{.wallet = numbered(1),
                  .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                               {.asset = kWsteth, .collateral = 0, .debt = tokens(6)}}}};
    const auto free = crossing_of(pool, test::factors(), "wstETH/stETH");
    REQUIRE(free);
    CHECK(free->last_safe > decimal("1.1111").value());
    CHECK_FALSE(crossing_of(pool, with(capped("1.2", "1.33")), "wstETH/stETH"));
    const auto wide = crossing_of(pool, with(capped("1.2", "1.34")), "wstETH/stETH");
    REQUIRE(wide);
    CHECK(wide->first_failing > decimal("1.1111").value());
    CHECK(wide->first_failing < decimal("1.1112").value());
}

TEST_CASE("a ratio above its cap must first fall to it", "[exposure][oracles][capo]") {
    // The answer is 2400 as long as the ratio is 1.2 or more; health is 1 at a ratio of 1.
    const auto pool = wsteth_account();
    const auto free = crossing_of(pool, with(capped("1.2", "2")), "wstETH/stETH");
    const auto held = crossing_of(pool, with(capped("1.32", "1.2")), "wstETH/stETH");
    REQUIRE(free);
    REQUIRE(held);
    // 1 / 1.2 = 0.83333..., 1 / 1.32 = 0.757575...
    CHECK(free->last_safe > decimal("0.833333").value());
    CHECK(free->last_safe < decimal("0.833334").value());
    CHECK(held->last_safe > decimal("0.757575").value());
    CHECK(held->last_safe < decimal("0.757576").value());
    CHECK(held->last_safe - held->first_failing == 1);
}

TEST_CASE("the root feed moves a capped answer as before", "[exposure][oracles][capo]") {
    const auto pool = wsteth_account();
    const auto moved = crossing_of(pool, with(capped("1.32", "1.2")), "ETH/USD");
    REQUIRE(moved);
    CHECK(moved->last_safe > decimal("0.833333").value());
    CHECK(moved->last_safe < decimal("0.833334").value());
}

}  // namespace
}  // namespace margrave::exposure
