#include "exposure/loss_profile.hpp"

#include <catch2/catch.hpp>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::decimal;
using test::dollars;
using test::long_venue;
using test::numbered;
using test::short_venue;
using test::tokens;
using test::usdc;

const SignedUsd kNothing{.negative = false, .magnitude = core::Usd()};

LossProfile profile_of(std::vector<const margin::Market*> markets, const std::string& factor) {
    const FactorMap factors = test::factors();
    const Portfolio portfolio = make_portfolio(std::move(markets), {}, {});
    const auto profiles = loss_profiles(portfolio, PriceBook(portfolio, factors), factors);
    REQUIRE(profiles);
    for (const LossProfile& profile : *profiles) {
        if (profile.factor == factor) {
            return profile;
        }
    }
    throw std::runtime_error("no profile of " + factor);
}

const LossPoint& point_at(const LossProfile& profile, const std::string& multiplier) {
    for (const LossPoint& point : profile.points) {
        if (point.multiplier == decimal(multiplier).value()) {
            return point;
        }
    }
    throw std::runtime_error("no point at " + multiplier);
}

double in_dollars(const SignedUsd& value) {
    const double size = value.magnitude.value().convert_to<double>() / 1e18;
    return value.negative ? -size : size;
}

TEST_CASE("a delta-neutral book nets to nothing everywhere, and loses the leg that falls",
          "[exposure][profile]") {
    const auto longs = long_venue();
    const auto shorts = short_venue();
    const LossProfile profile = profile_of({&longs, &shorts}, "ETH/USD");
    for (const LossPoint& point : profile.points) {
        CHECK(point.netted == kNothing);
    }
    // Until the first trigger there is nothing at all.
    CHECK(point_at(profile, "0.8").with_liquidations == kNothing);
    CHECK(point_at(profile, "1.15").with_liquidations == kNothing);

    // Down: 6000 USDC are repaid at 1500 dollars, 6300 dollars of WETH are gone.
    const LossPoint& down = point_at(profile, "0.749999999999999999");
    CHECK(down.calls == 1);
    CHECK(in_dollars(down.with_liquidations) == Approx(-300).margin(1e-6));
    CHECK(down.liquidation_loss <= dollars(300));
    // At 1400 the book is short the 4.2 WETH that are gone, sold at 1500: 420 dollars less 300.
    CHECK(in_dollars(point_at(profile, "0.7").with_liquidations) == Approx(120).margin(1e-6));

    // Up: 5 WETH are repaid at 2400 dollars, 12600 are gone. Nothing is worse.
    const LossPoint& up = point_at(profile, "1.200000000005");
    CHECK(in_dollars(up.with_liquidations) == Approx(-600).margin(1e-4));
    REQUIRE(profile.worst);
    CHECK(profile.points[*profile.worst].multiplier == up.multiplier);

    REQUIRE(profile.accounts.size() == 2);
    CHECK(profile.accounts[0].market.name == "long");
    CHECK(profile.accounts[0].multiplier == down.multiplier);
    CHECK(profile.accounts[0].reason.empty());
    CHECK(profile.accounts[1].market.name == "short");
}

TEST_CASE("an account falls again further out", "[exposure][profile]") {
    const auto longs = long_venue();
    const LossProfile profile = profile_of({&longs}, "ETH/USD");
    // 5.8 WETH against 6000 USDC fall again below 6000 / (5.8 * 0.8) = 1293.10 dollars.
    CHECK(point_at(profile, "0.7").calls == 1);
    CHECK(point_at(profile, "0.6").calls == 2);
    // 300 and 5 % of the 3000 repaid there.
    CHECK(in_dollars({.negative = false, .magnitude = point_at(profile, "0.6").liquidation_loss}) ==
          Approx(450).margin(1e-5));
    CHECK(profile.accounts.at(0).calls >= 2);
    CHECK(profile.accounts.at(0).multiplier == decimal("0.749999999999999999").value());
}

TEST_CASE("what is lost at a trigger is the move and the call together", "[exposure][profile]") {
    const auto longs = long_venue();
    const LossProfile profile = profile_of({&longs}, "ETH/USD");
    const LossPoint& first = point_at(profile, "0.749999999999999999");
    CHECK(in_dollars(first.with_liquidations) ==
          Approx(in_dollars(first.netted) - 300).margin(1e-6));
}

TEST_CASE("a refused liquidation is named and loses nothing beyond the move",
          "[exposure][profile]") {
    auto longs = long_venue();
    longs.refuses_as = "paused";
    const LossProfile profile = profile_of({&longs}, "ETH/USD");
    REQUIRE(profile.accounts.size() == 1);
    CHECK(profile.accounts[0].reason == "paused");
    CHECK(profile.accounts[0].calls == 0);
    for (const LossPoint& point : profile.points) {
        CHECK(point.with_liquidations == point.netted);
    }
}

TEST_CASE("what is liquidatable today is liquidated today", "[exposure][profile]") {
    auto longs = long_venue();
    longs.rows[0].balances[1].debt = usdc(16'100);
    const LossProfile profile = profile_of({&longs}, "ETH/USD");
    CHECK(profile.accounts.at(0).multiplier == core::wad());
    CHECK(point_at(profile, "0.95").calls >= 1);
    CHECK(point_at(profile, "1.05").calls >= 1);
}

TEST_CASE("the joint move takes factors along by size and loading", "[exposure][profile]") {
    auto pool = long_venue();
    const core::Address btc = numbered(0x44);
    pool.assets.push_back({.address = btc, .symbol = "BTC", .answer = 50'000'00000000});
    pool.rows[0].balances.push_back({.asset = btc, .collateral = tokens(1), .debt = 0});
    const FactorMap factors(
        {test::symbol_row("WETH", {"ETH/USD"}), test::symbol_row("BTC", {"BTC/USD"}),
         test::symbol_row("USDC", {"USDC/USD"})},
        {test::risk("ETH/USD", "0.8", "0.8"), test::risk("BTC/USD", "0.4", "0.8"),
         test::risk("USDC/USD", "0.01")},
        {});
    const Portfolio portfolio = make_portfolio({&pool}, {}, {});
    const auto profiles = loss_profiles(portfolio, PriceBook(portfolio, factors), factors);
    REQUIRE(profiles);
    const LossProfile& joint = profiles->back();
    CHECK(joint.factor == "ETH/USD");
    CHECK(joint.moves_with == std::vector<std::string>{"BTC/USD"});
    // ETH at a half takes BTC to 0.5^(1/2): 20000 / 2 and 50000 (1 - 0.70710678…) are lost.
    CHECK(in_dollars(point_at(joint, "0.5").netted) == Approx(-10'000 - 14'644.6609).margin(1e-3));
}

TEST_CASE("a portfolio of too many accounts has no profile", "[exposure][profile]") {
    auto pool = long_venue();
    pool.rows.resize(kProfiledAccountsMax + 1, pool.rows[0]);
    const FactorMap factors = test::factors();
    const Portfolio portfolio = make_portfolio({&pool}, {}, {});
    CHECK_FALSE(loss_profiles(portfolio, PriceBook(portfolio, factors), factors));
}

}  // namespace
}  // namespace margrave::exposure
