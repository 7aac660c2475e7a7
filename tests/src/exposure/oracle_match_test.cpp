#include "exposure/oracle_match.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "exposure/joint_move.hpp"
#include "exposure/liquidation_time.hpp"
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
    const auto powers = factor_powers(pool, map);
    CHECK_FALSE(powers.at("ETH/USD").at(kWsteth).rule);
    CHECK_FALSE(powers.at("wstETH/stETH").at(kWsteth).rule);  // the ratio may be of anything
}

TEST_CASE("a rate that a cap holds back gives no time beyond it", "[exposure][oracles][time]") {
    test::MarginPool pool = wsteth_account();
    pool.assets[1].yearly_rate = decimal("0.5").value();
    const auto falls_after_s = [&](const FactorMap& map) {
        return (*liquidation_time(pool, 0, answer_growth(pool, map)) - pool.now).value();
    };
    // 18000 (1 + 0.1 y) = 15000 (1 + 0.5 y) at y = 3 / 5.7 years, 16597894.7 s.
    CHECK(falls_after_s(test::factors()) == 16'597'895U);
    // The cap of 1.25 is reached at y = 0.0416 / 0.1; 18750 = 15000 (1 + 0.5 y) at half a year, and
    // a base unit more is owed a moment later.
    CHECK(falls_after_s(with(capped("1.2", "1.25"))) == 15'768'001U);
}

TEST_CASE("the nearest joint move does not count on a part that a cap holds",
          "[exposure][oracles]") {
    const test::MarginPool pool = wsteth_account();
    // A debt in wstETH: health 1.2 until it rises by a fifth.
    const std::vector<margin::WeightedLeg> legs{{.asset = test::kUsdc, .weight = 1.2, .debt = 0},
                                                {.asset = kWsteth, .weight = 0, .debt = 1}};
    const auto move_of_rate = [&](const FactorMap& map) {
        const auto move = nearest_joint_move(legs, factor_powers(pool, map), map);
        REQUIRE(move);
        double health = 1.2;
        double rate = 0;
        for (const JointMove::Part& part : move->parts) {
            if (part.factor == "wstETH/stETH") {
                rate = part.move;
            } else {
                health *= part.factor == "USDC/USD" ? 1 + part.move : 1 / (1 + part.move);
            }
        }
        return std::pair(rate, health);
    };
    const auto [free, health_of_others] = move_of_rate(test::factors());
    CHECK(free > 1e-9);
    CHECK(health_of_others > 1);
    // 1.3 is above the cap already: it may rise as it likes.
    const auto [held, health] = move_of_rate(with(capped("1.3", "1.2")));
    CHECK(std::abs(held) < 1e-9);
    CHECK(health == Approx(1).epsilon(1e-9));
}

/// WETH at 2000 dollars, capped at `base` times 1.04.
Shared capped_by(std::string base) {
    OracleSource source = test::source(0, OracleKind::CappedByPrice);
    source.address = test::kFeed;
    source.parameters = {{"cap_ratio", 104}, {"ratio_decimals", 2}};
    source.parts = {test::part_of("asset", test::feed(1, 2000'00000000, "WETH / USD")),
                    test::part_of("base", test::feed(2, 2000'00000000, std::move(base)))};
    source.answer = 2000'00000000;
    return oracle::make_model(std::make_shared<const OracleSource>(std::move(source)));
}

std::optional<U256> weth_moved(const FactorMap& map, const char* multiplier) {
    const auto powers = factor_powers(test::pool(), map);
    const auto& rule = powers.at("ETH/USD").at(kWeth).rule;
    return rule ? rule->moved(decimal(multiplier).value()) : std::nullopt;
}

TEST_CASE("a price moves together with a cap that is the same factor", "[exposure][oracles]") {
    const auto pool = test::pool();
    const FactorMap map = with(capped_by("ETH / USD"));
    CHECK(oracle_disagreements(pool, pool.answers().at(0), map).empty());
    CHECK(weth_moved(map, "2") == U256(4000'00000000));
}

TEST_CASE("a price stops at a cap that is none of its factors, which is told",
          "[exposure][oracles]") {
    const auto pool = test::pool();
    const FactorMap map = with(capped_by("EUR / USD"));
    CHECK(oracle_disagreements(pool, pool.answers().at(0), map).size() == 1);
    CHECK(weth_moved(map, "1.04") == U256(2080'00000000));
    CHECK(weth_moved(map, "2") == U256(2080'00000000));
    CHECK(weth_moved(map, "0.5") == U256(1000'00000000));
}

TEST_CASE("an answer without a limit is rounded as its composition is", "[exposure][oracles]") {
    // floor(3 * 7 / 10) = 2, and floor(3 * 70 / 10) = 21 is more than ten times that.
    OracleSource source = test::source(0, OracleKind::Product);
    source.address = test::kFeed;
    source.parameters = {{"decimals", 0}, {"denominator_decimals", 1}};
    source.parts = {test::part_of("asset", test::feed(1, 3, "WBTC / BTC")),
                    test::part_of("peg", test::feed(2, 7, "ETH / USD"))};
    source.answer = 2;
    auto pool = test::pool();
    pool.assets[0].answer = 2;
    const auto powers = factor_powers(
        pool, with(oracle::make_model(std::make_shared<const OracleSource>(std::move(source)))));
    const auto& rule = powers.at("ETH/USD").at(kWeth).rule;
    REQUIRE(rule);
    CHECK(rule->moved(decimal("10").value()) == U256(21));
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
