#include "cascade/policies.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cascade/headline.hpp"
#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

/// Two accounts below 1, of which a pool so shallow lets only the first be sold well.
State two_below() {
    return state_of(lending({{1000, 1'700'000}, {100, 168'000}, {900, 1'300'000}}),
                    pair_at(kPair, whole(8'000), whole(16'000'000)));
}

TEST_CASE("every order, pair and way of selling is tried, the playbook's own first", "[cascade]") {
    Playbook book = playbook();
    const auto policies = policies_beside(book);
    CHECK(policies.size() == 8);
    CHECK(policies.front() == policy_of(book));
    for (const Policy& one : policies) {
        CHECK(std::count(policies.begin(), policies.end(), one) == 1);
        CHECK(policy_of(with_policy(book, one)) == one);
    }
    book.selling = Selling::Keep;
    CHECK(policies_beside(book).size() == 9);
}

TEST_CASE("what a shock does under each policy is what the engine does under it", "[cascade]") {
    const State begin_state = two_below();
    const ExactEngine engine(begin_state, playbook(), begin());
    const std::set<Place> own{{.market = 0, .row = 1}};
    const auto found = under_policies(engine, {}, own);
    REQUIRE(found.size() == 8);
    for (const PolicyOutcome& one : found) {
        const ExactEngine other(begin_state, with_policy(playbook(), one.policy), begin());
        const Outcome outcome = other.run({});
        CHECK(one.liquidations == outcome.liquidations());
        CHECK(one.accounts == outcome.fallen().size());
        CHECK(one.own_accounts == 1);
        CHECK(one.is_known);
        core::U256 repaid = 0;
        for (const Round& round : outcome.rounds) {
            for (const Call& call : round.calls) {
                repaid += call.outcome.repaid;
            }
        }
        REQUIRE(one.repaid);
        CHECK(*one.repaid == SignedUsd(repaid));  // of an asset worth a dollar
        CHECK(one.written_off == SignedUsd(0));
    }
}

TEST_CASE("an own account's price under each policy, and the worst of them", "[cascade]") {
    // With one call a round it counts who comes first.
    const State begin_state =
        state_of(lending({{1000, 1'500'000}, {300, 460'000}, {900, 1'300'000}}),
                 pair_at(kPair, whole(8'000), whole(16'000'000)));
    Playbook book = playbook();
    book.liquidators.calls_per_round = 1;
    const ExactEngine engine(begin_state, book, begin());
    const Place own{.market = 0, .row = 2};
    const auto prices = prices_under_policies(
        engine, {{.place = own, .factor = "ETH/USD"}, {.place = own, .factor = ""}});
    REQUIRE(prices.size() == 2);
    CHECK(prices[1].empty());
    REQUIRE(prices[0].size() == 8);
    Headlines headlines(engine, {own});
    CHECK(prices[0].front().cascade_bps == headlines.find(own, "ETH/USD").cascade_bps);
    const auto worst = worst_of(prices[0]);
    REQUIRE(worst);
    for (const PolicyPrice& one : prices[0]) {
        REQUIRE(one.cascade_bps);
        CHECK(*worst <= *one.cascade_bps);
    }
}

TEST_CASE("a price that may be nearer is not the worst that is known", "[cascade]") {
    const PolicyPrice at_400{.policy = {}, .cascade_bps = 400, .unknown_from_bps = {}};
    const PolicyPrice never{.policy = {}, .cascade_bps = {}, .unknown_from_bps = {}};
    CHECK(worst_of({at_400, never}) == 400U);
    CHECK(worst_of({never}) == std::nullopt);
    CHECK(worst_of({at_400, {.policy = {}, .cascade_bps = {}, .unknown_from_bps = 300}}) ==
          std::nullopt);
    CHECK(worst_of({at_400, {.policy = {}, .cascade_bps = {}, .unknown_from_bps = 500}}) == 400U);
}

}  // namespace
}  // namespace margrave::cascade
