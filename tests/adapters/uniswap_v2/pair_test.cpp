#include "adapters/uniswap_v2/pair.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "tests/support/archive_text.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::adapters::uniswap_v2;
using Catch::Matchers::Contains;
using core::U256;
using test::address;
using test::text_of;

namespace {

PairVenue pair(const U256& reserve0, const U256& reserve1,
               std::optional<core::Address> router = std::nullopt) {
    return PairVenue(
        {.name = {.kind = "uniswap_v2", .chain = "ethereum", .address = address(0xb2)},
         .tokens =
             {{.address = address(0xa0), .symbol = "A", .decimals = 18},
              {.address = address(0xa1), .symbol = "WETH", .decimals = 18, .wraps_native = true}},
         .reserves = {reserve0, reserve1},
         .router = router});
}

margin::SwapCall call(const U256& amount, bool exact_out = false, bool sells_first = true) {
    return {.sell = address(sells_first ? 0xa0 : 0xa1),
            .buy = address(sells_first ? 0xa1 : 0xa0),
            .amount = amount,
            .exact_out = exact_out,
            .price_limit = std::nullopt};
}

}  // namespace

TEST_CASE("a sale into a pair fetches the product's answer, rounded down",
          "[uniswap_v2][rounding]") {
    // 1000 less 0.3 % are 997; 997 * 2000000 / (1000000 + 997) = 1992.01…
    CHECK(amount_out({.in = 1'000'000, .out = 2'000'000}, 1000, 30) == 1992);
    // 06: 10000 coins against 20e6, 500 sold: 949659.475163.
    CHECK(amount_out({.in = core::wad() * 10'000, .out = U256(20'000'000) * 1'000'000},
                     core::wad() * 500, 30) == 949'659'475'163);
}

TEST_CASE("a purchase from a pair is rounded up, always", "[uniswap_v2][rounding]") {
    // 1000000 * 1992 * 10000 / ((2000000 - 1992) * 9970) = 999.99…, and one.
    CHECK(amount_in({.in = 1'000'000, .out = 2'000'000}, 1992, 30) == 1000);
    // Without a fee 500 * 1000 / 500 is 1000 exactly, and still one more.
    CHECK(amount_in({.in = 500, .out = 1500}, 1000, 0) == 1001);
    CHECK_FALSE(amount_in({.in = 500, .out = 1500}, 1500, 30));
    CHECK(amount_in({.in = 500, .out = 1500}, 1499, 30));
}

TEST_CASE("a fork's fee is its own", "[uniswap_v2]") {
    // 1000 less 0.25 % are 997.5; 9975000 * 2000000 / (1e10 + 9975000) = 1993.01…
    CHECK(amount_out({.in = 1'000'000, .out = 2'000'000}, 1000, 25) == 1993);
}

TEST_CASE("a pair's swap moves its reserves, and the product never falls", "[uniswap_v2]") {
    PairVenue venue = pair(1'000'000, 2'000'000);
    REQUIRE(venue.swap(call(1000))->bought == 1992);
    CHECK(venue.archive().u256("reserve0") == 1'001'000);
    CHECK(venue.archive().u256("reserve1") == 1'998'008);
    const auto bought = venue.swap(call(500, true, false));
    REQUIRE(bought);
    CHECK(bought->bought == 500);
    const U256 product = venue.archive().u256("reserve0") * venue.archive().u256("reserve1");
    CHECK(product >= U256(1'000'000) * 2'000'000);
}

TEST_CASE("a pair refuses what its router or its width refuses", "[uniswap_v2][refused]") {
    PairVenue venue = pair(1'000'000, 2'000'000);
    CHECK(venue.swap(call(0)).error().reason == "zero_amount");
    CHECK(venue.swap(call(2'000'000, true)).error().reason == "no_liquidity");
    CHECK(venue.swap(call(1, false, false)).error().reason == "no_output");  // worth half a unit
    CHECK(venue.swap(call(U256(1) << 112U)).error().reason == "amount_too_large");
    CHECK(venue.swap(call(core::max_u256())).error().reason == "amount_too_large");
    CHECK(pair(0, 0).quote(call(1)).error().reason == "no_liquidity");
    margin::SwapCall other = call(1);
    other.sell = address(1);
    CHECK(venue.quote(other).error().reason == "unknown_token");
    CHECK(venue.archive().u256("reserve0") == 1'000'000);
}

TEST_CASE("a sale into a pair ends at its price limit", "[uniswap_v2]") {
    PairVenue venue = pair(core::wad() * 1000, core::wad() * 2000);
    margin::SwapCall limited = call(core::wad() * 1'000'000);
    limited.price_limit = margin::PriceRatio{.numerator = 1, .denominator = 1};
    const auto moved = venue.swap(limited);
    REQUIRE(moved);
    CHECK(moved->sold + moved->unfilled == limited.amount);
    const auto price = venue.price(limited.sell, limited.buy);
    CHECK(price->numerator >= price->denominator);
    REQUIRE(venue.swap(call(2)));
    const auto below = venue.price(limited.sell, limited.buy);
    CHECK(below->numerator < below->denominator);
    CHECK(venue.swap(limited)->unfilled == limited.amount);
}

TEST_CASE("a pair survives its archive, and hostile ones are refused", "[uniswap_v2][refused]") {
    const PairVenue venue = pair(7, 9, address(0x7));
    CHECK(text_of(PairVenue::restore(venue.archive())->archive()) == text_of(venue.archive()));
    core::Archive archive = venue.archive();
    archive.set("fee_bps", std::string("10000"));
    CHECK_THROWS_WITH(PairVenue::restore(archive), Contains("fee_bps"));
    archive = venue.archive();
    archive.set("reserve1", U256(U256(1) << 112U));
    CHECK_THROWS_WITH(PairVenue::restore(archive), Contains("112 bits"));
}

TEST_CASE("the router's call names amounts, path, recipient and deadline", "[uniswap_v2][calls]") {
    const PairVenue venue = pair(1'000'000, 2'000'000, address(0x7));
    margin::SwapTerms terms{
        .recipient = address(0x77), .limit = 90, .deadline = core::Timestamp(1'800'000'000)};
    const auto selector = [](const auto& calls) {
        return core::to_hex(core::Bytes(calls->call.data.begin(), calls->call.data.begin() + 4));
    };
    const auto sale = venue.calls(call(100), terms);
    REQUIRE(sale);
    CHECK(selector(sale) == "0x38ed1739");
    CHECK(core::from_big_endian(sale->call.data.data() + 4) == 100);
    CHECK(core::from_big_endian(sale->call.data.data() + 36) == 90);
    CHECK(sale->approvals.at(0).amount == 100);
    const auto purchase = venue.calls(call(100, true), terms);
    CHECK(selector(purchase) == "0x8803dbee");
    CHECK(purchase->approvals.at(0).amount == 90);
    terms.pays_native = true;
    CHECK(venue.calls(call(100), terms).error().reason == "not_native");
    const auto coin = venue.calls(call(100, true, false), terms);
    CHECK(selector(coin) == "0xfb3bdb41");
    CHECK(coin->call.value == 90);
    CHECK(coin->approvals.empty());
    const auto coins = venue.calls(call(100, false, false), terms);
    CHECK(selector(coins) == "0x7ff36ab5");
    CHECK(coins->call.value == 100);
    CHECK(pair(1, 1).calls(call(1), terms).error().reason == "no_router");
}
