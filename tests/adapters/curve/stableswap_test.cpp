#include "adapters/curve/stableswap.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "adapters/curve/contracts.hpp"
#include "adapters/curve/pool_venue.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "tests/support/archive_text.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::adapters::curve;
using Catch::Matchers::Contains;
using core::pow10;
using core::U256;
using test::address;
using test::text_of;

namespace {

const U256 kEighteen = pow10(18);
const U256 kSix = pow10(6);
const U256 kRateOf18 = pow10(18);
const U256 kRateOf6 = pow10(30);
constexpr std::uint64_t kHalf = 5'000'000'000;

/// DAI, USDC and USDT, unevenly.
StablePool three() {
    return {.generation = Generation::Early,
            .balances = {170'000'000 * kEighteen, 175'000'000 * kSix, 90'000'000 * kSix},
            .rates = {kRateOf18, kRateOf6, kRateOf6},
            .amp = 2000,
            .fee = 1'000'000,
            .admin_fee = kHalf,
            .offpeg_multiplier = 0};
}

StablePool two() {
    return {.generation = Generation::Template,
            .balances = {1000 * kEighteen, 1500 * kSix},
            .rates = {kRateOf18, kRateOf6},
            .amp = 100 * 100,
            .fee = 4'000'000,
            .admin_fee = kHalf,
            .offpeg_multiplier = 0};
}

/// Of the second coin a whole one is worth 1.05 of the first; the fee grows fivefold off the peg.
StablePool rated() {
    return {.generation = Generation::Ng,
            .balances = {2'000'000 * kEighteen, 500'000 * kEighteen},
            .rates = {kRateOf18, kRateOf18 / 100 * 105},
            .amp = 200 * 100,
            .fee = 1'000'000,
            .admin_fee = kHalf,
            .offpeg_multiplier = 50'000'000'000};
}

/// Not more than the exact solution, and short of it by a few units of the coin's rounding.
void check_close(const U256& actual, const char* exact, const U256& slack) {
    const U256 expected(exact);
    INFO(actual << " should be " << expected);
    CHECK(actual <= expected);
    CHECK(actual + slack >= expected);
}

PoolVenue venue_of(const StablePool& pool) {
    PoolVenue::State state{.name = {.kind = "curve", .chain = "ethereum", .address = address(0xc0)},
                           .tokens = {},
                           .pool = pool};
    for (std::size_t k = 0; k < pool.balances.size(); ++k) {
        state.tokens.push_back({.address = address(0xa0 + k), .symbol = "T", .decimals = 18});
    }
    return PoolVenue(state);
}

margin::SwapCall sale(const U256& amount, std::uint64_t sell = 0, std::uint64_t buy = 1) {
    return {.sell = address(0xa0 + sell),
            .buy = address(0xa0 + buy),
            .amount = amount,
            .exact_out = false,
            .price_limit = std::nullopt};
}

}  // namespace

// The exact solutions are the real roots of the invariant, found apart by bisection with 80 digits,
// fee and administrator's share taken of them.

TEST_CASE("the invariant is the real root, to a few units", "[curve][vectors]") {
    check_close(invariant(three(), scaled_balances(three())), "434989956813057503789135764", 4);
    check_close(invariant(two(), scaled_balances(two())), "2499484640699379766186", 4);
    check_close(invariant(rated(), scaled_balances(rated())), "2521758837948497420764582", 4);
}

TEST_CASE("an exchange pays the invariant's answer less the fee", "[curve][vectors]") {
    const auto dai_to_usdc = exchange(three(), {.sell = 0, .buy = 1}, 1'000'000 * kEighteen);
    check_close(dai_to_usdc.bought, "999911090156", 1);
    check_close(dai_to_usdc.admin, "50000554", 1);
    const auto usdc_to_usdt = exchange(three(), {.sell = 1, .buy = 2}, 50'000'000 * kSix);
    check_close(usdc_to_usdt.bought, "49933322442317", 1);
    check_close(usdc_to_usdt.admin, "2496915813", 1);
    const auto back = exchange(two(), {.sell = 1, .buy = 0}, 250 * kSix);
    check_close(back.bought, "248077819079710651914", 4);
    check_close(back.admin, "49635417983135384", 2);
}

TEST_CASE("off the peg the newest generation takes a larger fee", "[curve][vectors]") {
    const auto moved = exchange(rated(), {.sell = 0, .buy = 1}, 100'000 * kEighteen);
    // The fee is rounded to 1e-10: 0.0001450825…, so at most 1e-10 of 98 358 tokens more comes out.
    const U256 exact("93661354288098435776067");
    CHECK(moved.bought >= exact - 4);
    CHECK(moved.bought <= exact + 98'359 * pow10(8));
    StablePool flat = rated();
    flat.offpeg_multiplier = pow10(10);  // no multiplier
    CHECK(exchange(flat, {.sell = 0, .buy = 1}, 100'000 * kEighteen).bought > moved.bought);
}

TEST_CASE("the first generation's view takes the fee after scaling", "[curve][rounding]") {
    // Sold 5 base units of USDC. dy before the fee is 5e12 of DAI less rounding, or, the other way,
    // 4 of USDT once scaled, of which the fee of 1e-4 is 0: the view says 4. The exchange takes the
    // fee first, and pays 4 as well; of 10001 it is the view that says one more.
    StablePool pool = three();
    pool.balances = {100 * kEighteen, 100 * kSix, 100 * kSix};
    bool do_differ = false;
    for (std::uint64_t amount = 1; amount < 40'000; amount += 7) {
        const U256 viewed = get_dy(pool, {.sell = 1, .buy = 2}, amount);
        const U256 paid = exchange(pool, {.sell = 1, .buy = 2}, amount).bought;
        REQUIRE(viewed + 1 >= paid);
        REQUIRE(viewed <= paid + 1);
        do_differ = do_differ || viewed != paid;
    }
    CHECK(do_differ);
}

TEST_CASE("arithmetic in which the contract reverts throws", "[curve][refused]") {
    StablePool empty = two();
    empty.balances[1] = 0;
    CHECK_THROWS_AS(exchange(empty, {.sell = 0, .buy = 1}, 1), std::overflow_error);
    CHECK_THROWS_AS(exchange(two(), {.sell = 0, .buy = 1}, core::max_u256()), std::overflow_error);
}

TEST_CASE("a swap moves the balances, the administrator's share leaves them", "[curve]") {
    PoolVenue venue = venue_of(two());
    const auto expected = exchange(two(), {.sell = 0, .buy = 1}, 10 * kEighteen);
    const auto moved = venue.swap(sale(10 * kEighteen));
    REQUIRE(moved);
    CHECK(moved->bought == expected.bought);
    CHECK(moved->unfilled == 0);
    const auto coins = venue.archive().list("coins");
    CHECK(coins[0].u256("balance") == 1010 * kEighteen);
    CHECK(coins[1].u256("balance") == 1500 * kSix - expected.bought - expected.admin);
    CHECK(expected.admin > 0);
}

TEST_CASE("a purchase is the smallest sale that buys no less", "[curve]") {
    const StablePool pool = GENERATE(two(), rated());
    PoolVenue venue = venue_of(pool);
    margin::SwapCall call = sale(123'456'789);
    call.exact_out = true;
    const auto moved = venue.quote(call);
    REQUIRE(moved);
    CHECK(moved->bought >= call.amount);
    CHECK(moved->unfilled == 0);
    CHECK(exchange(pool, {.sell = 0, .buy = 1}, moved->sold).bought == moved->bought);
    CHECK(exchange(pool, {.sell = 0, .buy = 1}, moved->sold - 1).bought < call.amount);
    call.amount = pool.balances[1];
    CHECK(venue.quote(call).error().reason == "no_liquidity");
}

TEST_CASE("the price is what the smallest sale fetches, fee aside", "[curve]") {
    StablePool pool = GENERATE(three(), two(), rated());
    pool.fee = 0;
    const PoolVenue venue = venue_of(pool);
    const auto price = venue.price(address(0xa0), address(0xa1));
    REQUIRE(price);
    const U256 amount = pool.balances[0] / 10'000'000;
    const double marginal =
        price->numerator.convert_to<double>() / price->denominator.convert_to<double>();
    const double fetched =
        exchange(pool, {.sell = 0, .buy = 1}, amount).bought.convert_to<double>() /
        amount.convert_to<double>();
    // Two base units are lost to rounding at most.
    CHECK(fetched == Approx(marginal).epsilon(1e-5).margin(2 / amount.convert_to<double>()));
    CHECK(fetched < marginal);
}

TEST_CASE("a sale ends at its price limit", "[curve]") {
    PoolVenue venue = venue_of(rated());
    margin::SwapCall call = sale(10'000'000 * kEighteen);
    call.price_limit = margin::PriceRatio{.numerator = 8, .denominator = 10};
    const auto moved = venue.swap(call);
    REQUIRE(moved);
    CHECK(moved->unfilled > 0);
    CHECK(moved->sold + moved->unfilled == call.amount);
    const auto price = venue.price(call.sell, call.buy);
    CHECK(price->numerator * 10 >= price->denominator * 8);
    REQUIRE(venue.swap(sale(kEighteen)));  // a token more and it is below
    const auto below = venue.price(call.sell, call.buy);
    CHECK(below->numerator * 10 < below->denominator * 8);
}

TEST_CASE("a Curve pool survives its archive, and hostile ones are refused", "[curve][refused]") {
    const PoolVenue venue = venue_of(rated());
    CHECK(text_of(PoolVenue::restore(venue.archive())->archive()) == text_of(venue.archive()));
    core::Archive archive = venue.archive();
    const auto [field, value, word] = GENERATE(table<const char*, const char*, const char*>(
        {{"generation", "older", "early, template or ng"},
         {"amp", "0", "out of range"},
         {"fee", "10000000001", "out of range"}}));
    archive.set(field, std::string(value));
    CHECK_THROWS_WITH(PoolVenue::restore(archive), Contains(word));
    archive = venue.archive();
    archive.set("coins", core::Archive::List{});
    CHECK_THROWS_WITH(PoolVenue::restore(archive), Contains("two to eight coins"));
}

TEST_CASE("Curve's calldata is an exact sale at the pool itself", "[curve][calls]") {
    const PoolVenue venue = venue_of(two());
    const margin::SwapTerms terms{
        .recipient = address(1), .limit = 7, .deadline = core::Timestamp(1)};
    const auto calls = venue.calls(sale(9), terms);
    REQUIRE(calls);
    CHECK(calls->call.to == address(0xc0));
    CHECK(core::to_hex(core::Bytes(calls->call.data.begin(), calls->call.data.begin() + 4)) ==
          "0x3df02124");
    CHECK(calls->call.data.size() == 4 + 4 * 32);
    CHECK(calls->approvals.at(0).amount == 9);
    margin::SwapCall purchase = sale(9);
    purchase.exact_out = true;
    CHECK(venue.calls(purchase, terms).error().reason == "exact_out");
}
