#include "cascade/assumed_curve.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "cascade/outside.hpp"
#include "cascade/sales.hpp"
#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using core::U256;
using namespace test;

const core::Address kCurve = address(0x01);

/// 2000 dollars, 4 % a day, 250000 ether of volume a day, the law's constant at 1.
std::unique_ptr<margin::Venue> curve() {
    return std::make_unique<AssumedCurve>(
        margin::VenueName{.kind = "assumed", .chain = "ethereum", .address = kCurve},
        margin::VenueToken{.address = kEther, .symbol = "ETH", .decimals = 18},
        margin::VenueToken{.address = kDollar, .symbol = "USD", .decimals = 18}, Fraction(2000),
        SquareRootLaw{.y = core::Wad(core::wad()),
                      .daily_volatility = core::Bps(400),
                      .daily_volume = whole(250'000)});
}

double price_of(const margin::Venue& venue) {
    const auto price = to_fraction(*venue.price(kEther, kDollar));
    return static_cast<double>(price);
}

double tokens(const U256& amount) { return amount.convert_to<double>() / 1e18; }

TEST_CASE("a sale moves the price by the square-root law", "[cascade]") {
    const auto venue = curve();
    CHECK(price_of(*venue) == Approx(2000).epsilon(1e-12));
    // sqrt(2500 / 250000) = 0.1, times 4 %: 0.4 % lower; on average two thirds of that.
    const auto outcome =
        venue->swap({.sell = kEther, .buy = kDollar, .amount = whole(2'500), .price_limit = {}});
    REQUIRE(outcome);
    CHECK(price_of(*venue) == Approx(2000 * 0.996).epsilon(1e-12));
    CHECK(tokens(outcome->bought) == Approx(2'500 * 2000 * (1 - 0.004 * 2 / 3)).epsilon(1e-12));
    CHECK(outcome->unfilled == 0);
}

TEST_CASE("two sales bring what one brings, and what was sold can be bought back", "[cascade]") {
    const auto at_once = curve();
    const auto parts = curve();
    const auto sell = [](margin::Venue& venue, std::uint64_t ethers) {
        return venue
            .swap({.sell = kEther, .buy = kDollar, .amount = whole(ethers), .price_limit = {}})
            ->bought;
    };
    const U256 whole_sale = sell(*at_once, 10'000);
    const U256 sum = sell(*parts, 1) + sell(*parts, 2'999) + sell(*parts, 7'000);
    CHECK(whole_sale >= sum);
    CHECK(whole_sale - sum <= 3);
    const auto back =
        at_once->swap({.sell = kDollar, .buy = kEther, .amount = whole_sale, .price_limit = {}});
    REQUIRE(back);
    CHECK(tokens(back->bought) == Approx(10'000).epsilon(1e-12));
    CHECK(back->bought <= whole(10'000));  // never more than was paid for
    CHECK(price_of(*at_once) == Approx(2000).epsilon(1e-9));
}

TEST_CASE("dust moves in either direction and is worth no less than nothing", "[cascade]") {
    const auto venue = curve();
    const auto swap = [&](const core::Address& sell, const core::Address& buy, const U256& amount) {
        return venue->swap({.sell = sell, .buy = buy, .amount = amount, .price_limit = {}});
    };
    REQUIRE(swap(kEther, kDollar, whole(100'000)));
    for (int i = 0; i < 300; ++i) {
        const auto sold = swap(kEther, kDollar, U256(1 + i * 7));
        REQUIRE(sold);
        CHECK(sold->bought <= U256(2000 * (1 + i * 7)) + 1);
        REQUIRE(swap(kDollar, kEther, U256(1 + i * 5)));
    }
    CHECK(price_of(*venue) == Approx(2000 * (1 - 0.04 * std::sqrt(0.4))).epsilon(1e-9));
}

TEST_CASE("an assumed curve is bought along above its beginning, too", "[cascade]") {
    const auto venue = curve();
    // 2500 ether: 0.4 % higher, on average two thirds of that.
    const double cost = 2'500 * 2000 * (1 + 0.004 * 2 / 3);
    const auto outcome = venue->swap(
        {.sell = kDollar,
         .buy = kEther,
         .amount = U256(static_cast<std::uint64_t>(cost * 1e6)) * U256(1'000'000'000'000),
         .price_limit = {}});
    REQUIRE(outcome);
    CHECK(tokens(outcome->bought) == Approx(2'500).epsilon(1e-9));
    CHECK(price_of(*venue) == Approx(2000 * 1.004).epsilon(1e-9));
}

TEST_CASE("a price limit ends a swap on either side", "[cascade]") {
    State state;
    state.venues.push_back(curve());
    const VenueRule rule{.asset = kEther, .into = kDollar, .pool = kCurve};
    const Sale down = trade_to(state, rule, to_ratio(Fraction(1980)));
    CHECK(tokens(down.amount) == Approx(250'000 * std::pow(0.01 / 0.04, 2)).epsilon(1e-9));
    CHECK(price_of(*state.venues[0]) == Approx(1980).epsilon(1e-9));
    const Sale up = trade_to(state, rule, to_ratio(Fraction(2010)));
    CHECK(up.asset == kDollar);
    CHECK(price_of(*state.venues[0]) == Approx(2010).epsilon(1e-9));
}

TEST_CASE("the law ends where nothing is left of the price", "[cascade]") {
    const auto venue = curve();
    // 1 / 0.04 squared is 625 days of volume.
    const auto outcome = venue->swap(
        {.sell = kEther, .buy = kDollar, .amount = whole(200'000'000), .price_limit = {}});
    REQUIRE(outcome);
    CHECK(tokens(outcome->sold) == Approx(625.0 * 250'000).epsilon(1e-9));
    CHECK(outcome->unfilled + outcome->sold == whole(200'000'000));
}

TEST_CASE("an outside move takes the curve along and trades nothing", "[cascade]") {
    State state;
    state.venues.push_back(curve());
    Playbook book = playbook();
    book.venues = {{.asset = kEther, .into = kDollar, .pool = kCurve}};
    book.oracles.clear();
    OutsidePrices outside = outside_prices(state, book);
    const auto sales =
        trade_outside(state, book, {{.factor = "ETH/USD", .multiplier = Fraction(8, 10)}}, outside);
    CHECK(sales.empty());
    CHECK(price_of(*state.venues[0]) == Approx(1600).epsilon(1e-12));
    // And is as deep there as before.
    static_cast<void>(sell_at_venue(state, book.venues, kEther, {.amount = whole(2'500)}));
    CHECK(price_of(*state.venues[0]) == Approx(1600 * 0.996).epsilon(1e-12));
}

TEST_CASE("an assumed curve and a pool are sold into until they pay the same", "[cascade]") {
    State state;
    state.venues.push_back(curve());
    state.venues.push_back(pair_at(kPair, whole(10'000), whole(20'000'000), 0));
    const std::vector<VenueRule> venues{{.asset = kEther, .into = kDollar, .pool = kPair},
                                        {.asset = kEther, .into = kDollar, .pool = kCurve}};
    const Sale sale = sell_at_venue(state, venues, kEther, {.amount = whole(1'000)});
    CHECK(sale.amount == whole(1'000));
    CHECK(sale.pools.size() == 2);
    CHECK(price_of(*state.venues[0]) == Approx(price_of(*state.venues[1])).epsilon(1e-6));
}

}  // namespace
}  // namespace margrave::cascade
