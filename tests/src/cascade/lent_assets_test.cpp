#include "cascade/lent_assets.hpp"

#include <catch2/catch.hpp>

#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using core::U256;
using namespace test;

margin::AssetCapacity lent_of(const core::Address& asset, std::uint64_t supplied,
                              std::uint64_t borrowed) {
    margin::AssetCapacity out;
    out.asset = asset;
    out.symbol = asset == kEther ? "ETH" : "USD";
    out.decimals = 18;
    out.supplied = whole(supplied);
    out.borrowed = whole(borrowed);
    out.liquid = whole(supplied - borrowed);
    return out;
}

/// 1000 ether of 4000 are our collateral, which the market lends on; dollars are lent by others.
State begin_state() {
    auto market = lending({{1000, 1'700'000}, {3000, 2'000'000}});
    market->capacities_ = {lent_of(kEther, 4000, 1000), lent_of(kDollar, 10'000'000, 3'700'000)};
    return state_of(std::move(market), pair_at(kPair, whole(20'000), whole(40'000'000)));
}

/// Afterwards 400 ether of it were seized, and 500 written off by everybody.
Outcome outcome_of(const State& begin) {
    Outcome out;
    out.end = begin.fork();
    auto& market = dynamic_cast<MarginPool&>(*out.end.markets[0]);
    if (!market.capacities_.empty()) {
        market.capacities_[0] = lent_of(kEther, 3600, 3500);
    }
    market.rows[0].balances[0].collateral = whole(600);
    Call call{.place = {.market = 0, .row = 1}, .pair = {}};
    call.ok = true;
    call.outcome.deficits = {{.asset = kEther, .symbol = "ETH", .amount = whole(200)}};
    Call other = call;
    other.outcome.deficits[0].amount = whole(300);
    out.rounds.push_back({.number = 1,
                          .calls = {call, other},
                          .sales = {},
                          .outside = {},
                          .prices = {},
                          .pools = {}});
    return out;
}

TEST_CASE("who lends sees what is left, what may be withdrawn, and the own part of write-offs",
          "[cascade]") {
    const State begin = begin_state();
    const Outcome outcome = outcome_of(begin);
    const auto lent = lent_assets(begin, outcome, {{.market = 0, .row = 0}}, {});
    REQUIRE(lent.size() == 1);  // of the dollars nothing moved, and none are ours
    const LentAsset& ether = lent.front();
    CHECK(ether.asset == kEther);
    REQUIRE(ether.before);
    REQUIRE(ether.after);
    CHECK(ether.before->utilisation() == core::Wad(core::wad() / 4));
    CHECK(ether.after->utilisation() == core::Wad(U256("972222222222222222")));
    CHECK(ether.own_before == whole(1000));
    CHECK(ether.own == whole(600));
    CHECK(ether.own_withdrawable == whole(100));  // more is lent out
    CHECK(ether.written_off == whole(500));
    CHECK(ether.own_loss == whole(125));  // 500 * 1000 / 4000
}

TEST_CASE("what others lend for own accounts bears its part of what was written off", "[cascade]") {
    const State begin = begin_state();
    const Outcome outcome = outcome_of(begin);
    const auto lent = lent_assets(begin, outcome, {{.market = 0, .row = 0}},
                                  {{0, kEther, whole(200)}, {0, kDollar, whole(7)}});
    REQUIRE(lent.size() == 2);
    const LentAsset& ether = lent[0].asset == kEther ? lent[0] : lent[1];
    const LentAsset& dollars = lent[0].asset == kEther ? lent[1] : lent[0];
    CHECK(ether.own_by_others == whole(200));
    CHECK(ether.own_loss == whole(150));  // 500 * (1000 + 200) / 4000
    CHECK(dollars.own_by_others == whole(7));
    CHECK(dollars.own_loss == U256(0));
}

TEST_CASE("what is lent where totals are unknown stands there as unknown", "[cascade]") {
    State begin = begin_state();
    dynamic_cast<MarginPool&>(*begin.markets[0]).capacities_.clear();
    const Outcome outcome = outcome_of(begin);
    const auto lent = lent_assets(begin, outcome, {}, {});
    REQUIRE(lent.size() == 1);
    CHECK(lent[0].symbol == "ETH");
    CHECK(lent[0].written_off == whole(500));
    CHECK_FALSE(lent[0].before);
    CHECK_FALSE(lent[0].own_loss);
    CHECK_FALSE(lent[0].own_withdrawable);
}

}  // namespace
}  // namespace margrave::cascade
