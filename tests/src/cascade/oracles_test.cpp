#include "cascade/oracles.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

std::unique_ptr<MarginPool> lending_of(const std::string& protocol) {
    auto market = lending({{1000, 1'000'000}});
    auto named = std::make_unique<MarginPool>(
        margin::MarketName{.protocol = protocol, .chain = "ethereum", .name = "core"});
    named->unit = market->unit;
    named->close_factor_bps = market->close_factor_bps;
    named->assets = market->assets;
    named->rows = market->rows;
    return named;
}

core::U256 ether_answer(const State& state, std::size_t market) {
    return state.markets[market]->answers()[0].quote->answer;
}

TEST_CASE("a protocol's oracle follows the factors that it follows, and no other's", "[cascade]") {
    State state;
    state.markets.push_back(lending_of("follows"));
    state.markets.push_back(lending_of("stands"));
    Playbook book;
    book.factors.set("stETH/ETH", "follows", kEther, 1);
    book.factors.set("ETH/USD", "follows", kEther, 1);
    book.factors.set("ETH/USD", "stands", kEther, 1);
    const Oracles oracles(book, state, begin());
    const auto moved =
        oracles.move(state, {{.factor = "stETH/ETH", .multiplier = Fraction(9, 10)}});
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].market == 0);
    CHECK(ether_answer(state, 0) == whole(1800));
    CHECK(ether_answer(state, 1) == whole(2000));
    CHECK(oracles.move(state, {{.factor = "ETH/USD", .multiplier = Fraction(1, 2)}}).size() == 2);
    CHECK(ether_answer(state, 0) == whole(900));
    CHECK(ether_answer(state, 1) == whole(1000));
}

TEST_CASE("a rule sets dollars to the pool's price and only moves what counts in another asset",
          "[cascade]") {
    State state = state_of(lending_of("dollars"), pair_at(kPair, whole(10'000), whole(19'000'000)));
    auto in_other = lending_of("others");
    in_other->assets[0].answer = whole(40);
    in_other->assets[0].denominator = address(0xbeef);
    state.markets.push_back(std::move(in_other));
    Oracles oracles(playbook(Anchor::Spot), state, begin());
    // The pool stands 5 % below the first market's answer: one is set to it, the other keeps its
    // own basis until the pool moves.
    const auto moved = oracles.update(state, begin());
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].market == 0);
    CHECK(ether_answer(state, 0) == whole(1900));
    CHECK(ether_answer(state, 1) == whole(40));
    REQUIRE(oracles.notes().size() == 1);
    CHECK_THAT(oracles.notes()[0],
               Catch::Contains("others core") && Catch::Contains("is moved by its pool's price"));
}

TEST_CASE("an oracle whose pool was not read is told", "[cascade]") {
    State state;
    state.markets.push_back(lending_of("lending"));
    const Oracles oracles(playbook(), state, begin());
    REQUIRE(oracles.unread().size() == 1);
    CHECK_THAT(oracles.unread()[0],
               Catch::Contains(kPair.to_string()) && Catch::Contains("was not read"));
}

}  // namespace
}  // namespace margrave::cascade
