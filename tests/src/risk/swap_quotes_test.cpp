#include "risk/swap_quotes.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "core/fixed_point.hpp"
#include "tests/support/fake_venue.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::risk {
namespace {

using core::U256;

const Token kWethToken{.address = test::kWeth, .symbol = "WETH", .decimals = 18};
const Token kUsdcToken{.address = test::kUsdc, .symbol = "USDC", .decimals = 18};
const Token kCoin{.address = std::nullopt, .symbol = "ETH", .decimals = 18};

/// Pools of WETH against USDC that give so much for a WETH.
snapshot::Snapshot with_pools(const std::vector<std::pair<U256, U256>>& rates,
                              const U256& depth = core::max_u256()) {
    snapshot::Snapshot snapshot;
    std::uint8_t number = 1;
    for (const auto& rate : rates) {
        auto venue = std::make_unique<test::FakeVenue>("ethereum", test::numbered(number++),
                                                       test::kWeth, test::kUsdc);
        venue->rate = rate;
        venue->depth = depth;
        snapshot.venues.push_back(std::move(venue));
    }
    return snapshot;
}

TEST_CASE("the pool that asks least serves a purchase", "[rescue][venue]") {
    const auto snapshot = with_pools({{2400, 1}, {2500, 1}, {2450, 1}});
    const SwapQuotes quotes(snapshot, "ethereum");
    CHECK(quotes.serves(kWethToken, kUsdcToken));
    const auto quote = quotes.buy(kWethToken, kUsdcToken, 7400);
    REQUIRE(quote);
    CHECK(quote->venue->name().address == test::numbered(2));
    CHECK(quote->sold == 3);  // 7400 / 2500, rounded up; the others ask 4
    CHECK(quote->call.exact_out);
    CHECK_FALSE(quote->pays_native);
    // The other way round the lowest price asks least.
    CHECK(quotes.buy(kUsdcToken, kWethToken, 2)->venue->name().address == test::numbered(1));
}

TEST_CASE("funds buy what the best pool gives for them", "[rescue][venue]") {
    const auto snapshot = with_pools({{2400, 1}, {2500, 1}});
    const SwapQuotes quotes(snapshot, "ethereum");
    CHECK(quotes.bought_with(kWethToken, 4, kUsdcToken) == 10'000);
    CHECK(quotes.bought_with(kWethToken, 0, kUsdcToken) == 0);
}

TEST_CASE("where a pool ends, funds buy what is left of it", "[rescue][venue]") {
    const auto snapshot = with_pools({{2500, 1}}, 1'000'000);
    const SwapQuotes quotes(snapshot, "ethereum");
    CHECK_FALSE(quotes.buy(kWethToken, kUsdcToken, U256(2500) * 1'000'001));
    CHECK(quotes.buy(kWethToken, kUsdcToken, U256(2500) * 1'000'000));
    const U256 bought = quotes.bought_with(kWethToken, 3'000'000, kUsdcToken);
    CHECK(bought <= U256(2500) * 1'000'000);
    CHECK(bought >= U256(2500) * 999'990);  // to a millionth of the funds
}

TEST_CASE("pairs and chains without a pool are not served", "[rescue][venue]") {
    const auto snapshot = with_pools({{2500, 1}});
    const SwapQuotes quotes(snapshot, "ethereum");
    const Token other{.address = test::numbered(0x77), .symbol = "DAI", .decimals = 18};
    CHECK_FALSE(quotes.serves(kWethToken, other));
    CHECK_FALSE(quotes.buy(other, kUsdcToken, 1));
    CHECK(quotes.bought_with(other, 1, kUsdcToken) == 0);
    CHECK_FALSE(quotes.serves(kWethToken, kWethToken));
    CHECK_FALSE(SwapQuotes(snapshot, "base").serves(kWethToken, kUsdcToken));
}

TEST_CASE("the chain's own coin pays where a pool's router wraps it", "[rescue][venue]") {
    auto snapshot = with_pools({{2500, 1}});
    CHECK_FALSE(SwapQuotes(snapshot, "ethereum").serves(kCoin, kUsdcToken));
    dynamic_cast<test::FakeVenue&>(*snapshot.venues[0]).wrap_native(test::kWeth);
    const SwapQuotes quotes(snapshot, "ethereum");
    const auto quote = quotes.buy(kCoin, kUsdcToken, 5000);
    REQUIRE(quote);
    CHECK(quote->pays_native);
    CHECK(quote->call.sell == test::kWeth);
    CHECK(quote->sold == 2);
    CHECK_FALSE(quotes.serves(kUsdcToken, kCoin));  // the pool pays out WETH
    CHECK_FALSE(quotes.serves(kCoin, kWethToken));
}

}  // namespace
}  // namespace margrave::risk
