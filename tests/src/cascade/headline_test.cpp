#include "cascade/headline.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

/// Alone the second account falls at 1,280,000 / (800 * 0.83) = 1927.71 dollars, 3.6145 % down. The
/// first one falls at 1,650,000 / (1000 * 0.83) = 1987.95, 0.6025 % down, and its sale takes it
/// along.
State two_accounts() {
    return state_of(lending({{1000, 1'650'000}, {800, 1'280'000}}),
                    pair_at(kPair, whole(10'000), whole(20'000'000)));
}

TEST_CASE("an account falls at the price at which others' sales take it along", "[cascade]") {
    const State begin_state = two_accounts();
    const ExactEngine engine(begin_state, playbook(), begin());
    const Place own{.market = 0, .row = 1};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK(found.direction == Direction::Down);
    CHECK(found.naive_bps == 362);
    CHECK(found.cascade_bps == 61);
    REQUIRE(found.at_fall);
    CHECK(found.at_fall->round_of(own) == 2);
    // The first account's 850 ether or so move a pool of 10000 by some 16 %.
    REQUIRE(found.amplification);
    CHECK(*found.amplification > 20);
    CHECK_FALSE(found.non_monotone);
}

TEST_CASE("without a sale the adjusted price is the account's own", "[cascade]") {
    const State begin_state = two_accounts();
    Playbook book = playbook();
    book.selling = Selling::Keep;
    const ExactEngine engine(begin_state, book, begin());
    const Place own{.market = 0, .row = 1};
    Headlines headlines(engine, {own});
    const Headline found = headlines.find(own, "ETH/USD");
    CHECK(found.naive_bps == 362);
    CHECK(found.cascade_bps == 362);
    REQUIRE(found.amplification);
    CHECK(*found.amplification == Approx(1).epsilon(1e-6));
}

TEST_CASE("an account that is liquidatable today needs no move", "[cascade]") {
    const State begin_state =
        state_of(lending({{1000, 1'700'000}}), pair_at(kPair, whole(10'000), whole(20'000'000)));
    const ExactEngine engine(begin_state, playbook(), begin());
    Headlines headlines(engine, {{.market = 0, .row = 0}});
    const Headline found = headlines.find({.market = 0, .row = 0}, "ETH/USD");
    CHECK(found.naive_bps == 0);
    CHECK(found.cascade_bps == 0);
    CHECK_FALSE(found.amplification);
}

TEST_CASE("an account that no price of the factor reaches has no price", "[cascade]") {
    auto market = lending({{1000, 0}});
    const State begin_state =
        state_of(std::move(market), pair_at(kPair, whole(10'000), whole(20'000'000)));
    const ExactEngine engine(begin_state, playbook(), begin());
    Headlines headlines(engine, {{.market = 0, .row = 0}});
    const Headline found = headlines.find({.market = 0, .row = 0}, "ETH/USD");
    CHECK_FALSE(found.naive_bps);
    CHECK_FALSE(found.cascade_bps);
}

}  // namespace
}  // namespace margrave::cascade
