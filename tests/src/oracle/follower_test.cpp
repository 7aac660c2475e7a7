#include "oracle/follower.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::oracle {
namespace {

using core::BlockNumber;
using core::Bps;
using core::Timestamp;
using core::U256;
using margin::next_answer;

Observation at(std::uint64_t block, const U256& price) {
    return {.price = price, .time = Timestamp(1000 + 12 * block), .block = BlockNumber(block)};
}

TEST_CASE("without a rule an answer follows every change at once", "[oracle][follower]") {
    Follower feed({}, 100, Timestamp(1000));
    CHECK(feed.step(at(1, 101)) == 101);
    CHECK(feed.step(at(2, 99)) == 99);
    CHECK(feed.updated_at() == Timestamp(1024));
    CHECK(feed.step(at(3, 99)) == 99);
    CHECK(feed.updated_at() == Timestamp(1024));  // nothing changed, nothing was sent
}

TEST_CASE("an answer moves at its deviation and not a unit before", "[oracle][follower]") {
    // 0.5 % of 200000 is 1000.
    Follower feed({.deviation = Bps(50)}, 200'000, Timestamp(1000));
    CHECK(feed.step(at(1, 200'999)) == 200'000);
    CHECK(feed.step(at(2, 199'001)) == 200'000);
    CHECK(feed.step(at(3, 199'000)) == 199'000);
    // Now it is measured from 199000: 995.
    CHECK(feed.step(at(4, 199'994)) == 199'000);
    CHECK(feed.step(at(5, 199'995)) == 199'995);
}

TEST_CASE("an answer is renewed at its heartbeat, whatever the price", "[oracle][follower]") {
    Follower feed({.deviation = Bps(50), .heartbeat_s = 3600}, 200'000, Timestamp(1000));
    CHECK(feed.step({.price = 200'001, .time = Timestamp(4599), .block = BlockNumber(1)}) ==
          200'000);
    CHECK(feed.step({.price = 200'001, .time = Timestamp(4600), .block = BlockNumber(2)}) ==
          200'001);
    CHECK(feed.updated_at() == Timestamp(4600));
}

TEST_CASE("what was seen lands some blocks later, as it was seen", "[oracle][follower]") {
    Follower feed({.deviation = Bps(100), .delay_blocks = 2}, 1000, Timestamp(1000));
    CHECK(feed.step(at(1, 900)) == 1000);
    CHECK(feed.step(at(2, 800)) == 1000);  // one is on its way already
    CHECK(feed.step(at(3, 800)) == 900);   // and 800, seen at block 3, sets out
    CHECK(feed.step(at(4, 900)) == 900);
    CHECK(feed.step(at(5, 800)) == 800);
}

TEST_CASE("a price beyond the bounds is refused, and the answer stays and ages",
          "[oracle][follower][boundary]") {
    Follower feed({.heartbeat_s = 10, .min = 50, .max = 200}, 100, Timestamp(1000));
    CHECK(feed.step(at(1, 49)) == 100);
    CHECK(feed.updated_at() == Timestamp(1000));
    CHECK(feed.step(at(2, 50)) == 50);
    CHECK(feed.step(at(3, 201)) == 50);
    CHECK(feed.updated_at() == Timestamp(1024));
    CHECK(feed.step(at(4, 200)) == 200);
}

TEST_CASE("a cap holds when the answer is read", "[oracle][follower]") {
    Follower feed({.cap = 150}, 100, Timestamp(1000));
    CHECK(feed.step(at(1, 200)) == 150);
    // 200 is on chain behind the cap, and 200 seen again is no change.
    CHECK(feed.step(at(2, 200)) == 150);
    CHECK(feed.updated_at() == Timestamp(1012));
    CHECK(feed.step(at(3, 140)) == 140);
}

TEST_CASE("a price of nothing is never an answer of 0", "[oracle][follower]") {
    Follower feed({}, 100, Timestamp(1000));
    CHECK(feed.step(at(1, 0)) == 1);
}

TEST_CASE("a paused feed keeps its answer, and what was on its way lands", "[oracle][follower]") {
    Follower feed({.delay_blocks = 1}, 100, Timestamp(1000));
    CHECK(feed.step(at(1, 90)) == 100);
    feed.set_paused(true);
    CHECK(feed.step(at(2, 80)) == 90);
    CHECK(feed.step(at(9, 80)) == 90);
    feed.set_paused(false);
    CHECK(feed.step(at(10, 80)) == 90);
    CHECK(feed.step(at(11, 80)) == 80);
}

TEST_CASE("blocks out of order and a feed without an answer are mistakes of the caller",
          "[oracle][follower]") {
    Follower feed({}, 100, Timestamp(1000));
    static_cast<void>(feed.step(at(5, 100)));
    CHECK_THROWS_AS(feed.step(at(4, 100)), core::InvariantError);
    CHECK_THROWS_AS(Follower({}, 0, Timestamp(1000)), core::InvariantError);
    Follower young({}, 100, Timestamp(5000));
    CHECK_THROWS_AS(young.step(at(1, 100)), core::InvariantError);
}

TEST_CASE("the next answer is told from deviation and heartbeat", "[oracle][follower]") {
    // 0.5 % of 333 is 1.665: a change of 2.
    const auto next = next_answer({.deviation = Bps(50), .heartbeat_s = 3600}, 333, Timestamp(10));
    CHECK(next.at_or_below == U256(331));
    CHECK(next.at_or_above == U256(335));
    CHECK(next.by == Timestamp(3610));
    const auto unknown = next_answer({}, 333, Timestamp(10));
    CHECK_FALSE(unknown.at_or_below);
    CHECK_FALSE(unknown.at_or_above);
    CHECK_FALSE(unknown.by);
    CHECK(next_answer({.deviation = Bps(20'000)}, 100, Timestamp(10)).at_or_below == U256(0));
}

}  // namespace
}  // namespace margrave::oracle
