#include "cascade/sales.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using namespace test;

const core::Address kStaked = address(0x57);
const core::Address kOther = address(0xb3);

TEST_CASE("the way between two assets is the shortest, in either direction of a venue",
          "[cascade]") {
    const std::vector<VenueRule> venues{{.asset = kStaked, .into = kEther, .pool = kOther},
                                        {.asset = kEther, .into = kDollar, .pool = kPair}};
    const auto way = find_way(venues, kStaked, kDollar);
    REQUIRE(way.size() == 2);
    CHECK(way[0].pools == std::vector{kOther});
    CHECK(way[1].sell == kEther);
    CHECK(way[1].buy == kDollar);
    const auto back = find_way(venues, kDollar, kEther);
    REQUIRE(back.size() == 1);
    CHECK(back[0].sell == kDollar);
    CHECK(find_way(venues, kStaked, address(0x99)).empty());
    CHECK(find_way(venues, kEther, kEther).empty());
}

TEST_CASE("two pools of a pair are sold into until they pay the same", "[cascade]") {
    State state;
    state.venues.push_back(pair_at(kPair, whole(1'000), whole(2'000'000), 0));
    state.venues.push_back(pair_at(kOther, whole(3'000), whole(6'060'000), 0));
    const std::vector<VenueRule> venues{{.asset = kEther, .into = kDollar, .pool = kPair},
                                        {.asset = kEther, .into = kDollar, .pool = kOther}};
    State alone = state.fork();
    const Sale both = sell_at_venue(state, venues, kEther, {.amount = whole(100)});
    CHECK(both.amount == whole(100));
    CHECK(both.unsold == 0);
    CHECK(both.pools.size() == 2);
    const auto price = [&](std::size_t i) {
        const auto ratio = state.venues[i]->price(kEther, kDollar);
        return ratio->numerator.convert_to<double>() / ratio->denominator.convert_to<double>();
    };
    CHECK(price(0) == Approx(price(1)).epsilon(1e-9));
    const Sale one = sell_at_venue(alone, {venues[1]}, kEther, {.amount = whole(100)});
    CHECK(both.received > one.received);
}

TEST_CASE("with half the depth a sale moves the price as twice as much does, at the price of that",
          "[cascade]") {
    const std::vector<VenueRule> venues{{.asset = kEther, .into = kDollar, .pool = kPair}};
    State whole_depth;
    whole_depth.venues.push_back(pair_at(kPair, whole(1'000), whole(2'000'000), 0));
    State half_depth = whole_depth.fork();
    const Sale twice = sell_at_venue(whole_depth, venues, kEther, {.amount = whole(200)});
    const Sale half =
        sell_at_venue(half_depth, venues, kEther, {.amount = whole(100), .divisor = 2});
    CHECK(half.amount == whole(100));
    CHECK(half.received == twice.received / 2);
    // A pool of half the size, sold the same into: 1e6 * 100 / 600 = 166,666.67 dollars.
    CHECK(half.received / core::wad() == 166'666);
    CHECK(half_depth.venues[0]->price(kEther, kDollar)->numerator ==
          whole_depth.venues[0]->price(kEther, kDollar)->numerator);
}

TEST_CASE("an asset without a venue stays unsold", "[cascade]") {
    State state;
    const Sale sale = sell_at_venue(state, {}, kEther, {.amount = whole(5)});
    CHECK(sale.unsold == whole(5));
    CHECK(sale.amount == 0);
}

TEST_CASE("a pool that was not read leaves the sale with a reason", "[cascade]") {
    State state;
    const Sale sale = sell_at_venue(state, {{.asset = kEther, .into = kDollar, .pool = kPair}},
                                    kEther, {.amount = whole(5)});
    CHECK(sale.unsold == whole(5));
    CHECK(sale.refusal == "not_read");
}

}  // namespace
}  // namespace margrave::cascade
