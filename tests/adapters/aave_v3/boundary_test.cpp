#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using core::Address;
using margin::Status;

namespace {

std::vector<std::string> all_behaviours() {
    std::vector<std::string> out;
    for (const Behaviour& behaviour : behaviours()) {
        out.emplace_back(behaviour.name);
    }
    return out;
}

bool fails(const AaveMarket& market, const Address& asset, const U256& answer) {
    const auto fork = market.fork();
    fork->set_answer(asset, answer);
    return fork->health(0).status == Status::Liquidatable;
}

bool is_unknown_at(const AaveMarket& market, const Address& asset, const U256& answer) {
    const auto fork = market.fork();
    fork->set_answer(asset, answer);
    return fork->health(0).status == Status::Unknown;
}

/// The failing answer nearest to `today` by asking for every one, up to `reach` away.
std::optional<U256> by_brute_force(const AaveMarket& market, const Address& asset,
                                   std::uint64_t today, std::uint64_t reach) {
    const auto fork = market.fork();
    const auto is_failing = [&](std::uint64_t answer) {
        fork->set_answer(asset, answer);
        return fork->health(0).status == Status::Liquidatable;
    };
    for (std::uint64_t away = 0; away <= reach; ++away) {
        if (away < today && is_failing(today - away)) {
            return U256(today - away);
        }
        if (is_failing(today + away)) {
            return U256(today + away);
        }
    }
    return std::nullopt;
}

/// A pool of four reserves with few decimals and low prices, so that every rounding shows, and one
/// account in it.
State small_pool(const std::string& behaviour, std::mt19937_64& random) {
    const auto any = [&](std::uint64_t from, std::uint64_t to) {
        return std::uniform_int_distribution<std::uint64_t>(from, to)(random);
    };
    State state = pool(behaviour);
    state.reserves.clear();
    const std::uint64_t size = std::uint64_t{1} << any(3, 16);
    for (unsigned id = 0; id < 4; ++id) {
        const std::uint64_t threshold = any(0, 9) == 0 ? 0 : any(1000, 9900);
        state.reserves[id] = reserve(id, "R" + std::to_string(id),
                                     {.ltv = threshold / 2,
                                      .threshold = threshold,
                                      .decimals = any(0, 3),
                                      .emode = any(0, 1)},
                                     U256(any(1, 300)));
        // An index that is not one rounds the balances too.
        state.reserves[id].liquidity_index = core::ray() + core::ray() / any(2, 1000);
        state.reserves[id].borrow_index = core::ray() + core::ray() / any(2, 1000);
    }
    AccountBuilder account;
    for (unsigned id = 0; id < 4; ++id) {
        if (any(0, 2) != 0) {
            any(0, 5) == 0 ? account.supply(id, any(1, size))
                           : account.collateral(id, any(1, size));
        }
        if (any(0, 2) == 0) {
            account.debt(id, any(1, size));
        }
    }
    if (any(0, 1) == 1) {
        EmodeCategory category;
        category.id = 1;
        category.liquidation_threshold_bps = any(1000, 9900);
        category.ltv_bps = category.liquidation_threshold_bps / 2;
        category.collateral = ReserveBitmap(any(0, 15));
        if (any(0, 1) == 1) {
            category.price = quote(any(1, 300));
            category.price->source = any(0, 1) == 1 ? test::address(0x777) : test::address(0xa000);
        }
        state.emodes[1] = category;
        account.emode(1);
    }
    state.accounts.push_back(account.build());
    return state;
}

}  // namespace

TEST_CASE("the liquidation answer is the nearest of all that fail, by brute force",
          "[aave_v3][boundary]") {
    constexpr std::uint64_t kReach = 1000;
    std::mt19937_64 random(20260310);
    int found_below = 0;
    int found_above = 0;
    int none = 0;
    for (const std::string& name : all_behaviours()) {
        for (int round = 0; round < 120; ++round) {
            AaveMarket market(small_pool(name, random));
            if (round % 4 == 0) {
                // Assets that one e-mode's source prices may then have thresholds of their own.
                const U256 threshold = 1000 + random() % 9000;
                REQUIRE(market.shock({.kind = margin::ParameterShock::Kind::LiquidationThreshold,
                                      .asset = test::address(0xa001),
                                      .value = threshold}));
            }
            if (market.health(0).status == Status::NoDebt) {
                continue;
            }
            for (const margin::OracleAnswer& one : market.answers()) {
                const auto today = static_cast<std::uint64_t>(one.quote->answer);
                const auto expected = by_brute_force(market, one.asset, today, kReach);
                const auto ours = market.liquidation_answer(0, one.asset);
                CAPTURE(name, round, one.symbol, today);
                if (expected) {
                    REQUIRE(ours == expected);
                    ++(*expected < today ? found_below : found_above);
                } else if (ours) {
                    REQUIRE(*ours > today + kReach);
                    REQUIRE(*ours <= U256(today) * 1'000'000);
                    REQUIRE(fails(market, one.asset, *ours));
                    REQUIRE_FALSE(fails(market, one.asset, *ours - 1));
                } else {
                    ++none;
                }
            }
        }
    }
    // Every kind is there.
    CHECK(found_below > 100);
    CHECK(found_above > 100);
    CHECK(none > 100);
}

TEST_CASE("an account falls at the exact answer on either side", "[aave_v3][boundary]") {
    // 10 WETH at 2000 dollars, threshold 80 %, against 8000 USDC.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = pool(name);
        state.accounts.push_back(weth_against_usdc().build());
        const AaveMarket market(state);
        const Address weth = state.reserves[kWeth].asset;
        const Address usdc = state.reserves[kUsdc].asset;
        // 10 * p * 0.8 = 8000 dollars at p = 1000: that is a health factor of exactly 1, which
        // stands. One unit below, 7999.99999992 are short of 8000.
        CHECK(market.liquidation_answer(0, weth) == U256(1000 * kDollar - 1));
        // 16000 = 8000 p at 2 dollars; one unit more is too much.
        CHECK(market.liquidation_answer(0, usdc) == U256(2 * kDollar + 1));
        // Nothing depends on DAI.
        CHECK_FALSE(market.liquidation_answer(0, state.reserves[kDai].asset));
        CHECK_FALSE(market.liquidation_answer(0, test::address(0x1234)));
    }
}

TEST_CASE("an account that can be liquidated already falls at today's answer",
          "[aave_v3][boundary]") {
    State state = pool("3.6");
    state.accounts.push_back(weth_against_usdc().build());
    state.reserves[kWeth].price->answer = U256(999 * kDollar);
    CHECK(AaveMarket(state).liquidation_answer(0, state.reserves[kWeth].asset) ==
          U256(999 * kDollar));
}

TEST_CASE("an account without debt, or of unknown health, has no liquidation answer",
          "[aave_v3][boundary]") {
    State state = pool("3.6");
    state.accounts.push_back(AccountBuilder(1).collateral(kWeth, core::wad()).build());
    state.accounts.push_back(weth_against_usdc().build());
    state.accounts.back().trouble = "not read";
    const AaveMarket market(state);
    CHECK_FALSE(market.liquidation_answer(0, state.reserves[kWeth].asset));
    CHECK_FALSE(market.liquidation_answer(1, state.reserves[kWeth].asset));
    CHECK(market.weighted_legs(1).empty());
}

TEST_CASE("an answer beyond a million times today's is none", "[aave_v3][boundary]") {
    // 1 WETH of collateral at 1 unit a dollar: threshold 80 %, so the 1-unit USDC debt of
    // 0.8 units fails as soon as its price is over a million times today's.
    State state = pool("3.6");
    state.reserves[kWeth].price->answer = 1'000'000;
    state.reserves[kUsdc].price->answer = 1;
    // Collateral counts 1,000,000 * 0.8 = 800,000; debt 1 USDC at p counts p.
    state.accounts.push_back(
        AccountBuilder().collateral(kWeth, core::wad()).debt(kUsdc, 1'000'000).build());
    const Address usdc = state.reserves[kUsdc].asset;
    CHECK(AaveMarket(state).liquidation_answer(0, usdc) == U256(800'001));
    // Twice as much collateral: 1,600,001 is out of reach.
    state.accounts[0].balances[0].scaled_supply = 2 * core::wad();
    CHECK_FALSE(AaveMarket(state).liquidation_answer(0, usdc));
}

TEST_CASE("answers at which the arithmetic leaves 256 bits are not searched",
          "[aave_v3][boundary]") {
    // 2^160 units of 6 decimals at 2^37 are worth about 2^177, and 2^13 * 2^60 times that must fit:
    // it does today, but not at a million times today's answer.
    State state = pool("3.6");
    state.reserves[kWeth] = reserve(kWeth, "WETH", {.ltv = 7500, .threshold = 8000, .decimals = 6},
                                    U256(2000 * kDollar));
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(1) << 160)
                                 .debt(kWeth, U256(1) << 158)
                                 .debt(kUsdc, U256(1) << 155)
                                 .build());
    const AaveMarket market(state);
    REQUIRE(market.health(0).status == Status::Healthy);
    const Address weth = state.reserves[kWeth].asset;
    CHECK(is_unknown_at(market, weth, U256(2000 * kDollar) * 1'000'000));
    const auto falls_at = market.liquidation_answer(0, weth);
    REQUIRE(falls_at);
    CHECK(fails(market, weth, *falls_at));
    CHECK_FALSE(fails(market, weth, *falls_at + 1));
    CHECK(*falls_at < 2000 * kDollar);
}

TEST_CASE("an average threshold that is cut to a basis point fails before the price does",
          "[aave_v3][boundary]") {
    // Until 3.4 the average of 75 % and 10 % falls by whole basis points as the second asset
    // rises, and each step takes from all of the collateral: a price that rises can liquidate.
    State state = pool("3.4");
    state.reserves[kWeth] =
        reserve(kWeth, "LOW", {.ltv = 500, .threshold = 1000}, U256(120'000'000));
    // 100,000 DAI at 75 % and 10 LOW at 1.2 dollars and 10 %: S / C = (750,000,000 + 12,000) /
    // 100,012 = 7499.2, cut to 7499. The limit is 100,012 * 0.7499 = 74998.99; owed are 74996.
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kDai, U256(100'000) * core::wad())
                                 .collateral(kWeth, U256(10) * core::wad())
                                 .debt(kUsdc, U256(74'996'000'000))
                                 .build());
    const AaveMarket market(state);
    REQUIRE(market.health(0).status == Status::Healthy);
    // At p the average is under 7499 as soon as 750,000,000 + 10,000 p < 7499 (100,000 + 10 p):
    // 100,000 < 64,990 p, p > 1.538698… dollars. The limit is then (100000 + 15.387) * 0.7498 =
    // 74991.5: short. Downwards 74990 + 7.499 p = 74996 is further, at 0.80. 100,000 / 64,990
    // = 1.53869826 and 6.6e-9 more, so the first unit is …827.
    CHECK(market.liquidation_answer(0, state.reserves[kWeth].asset) == U256(153'869'827));
    // Since 3.5 nothing is cut, and more collateral never harms.
    state.behaviour = find_behaviour("3.5");
    CHECK_FALSE(AaveMarket(state).liquidation_answer(0, state.reserves[kWeth].asset));
}

TEST_CASE("the asset of a position on both sides is followed on both", "[aave_v3][boundary]") {
    // 10 WETH against 7 WETH and 1000 USDC: 8 p = 7 p + 1000 at 1000 dollars; below it fails.
    State state = pool("3.6");
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(10 * core::wad()))
                                 .debt(kWeth, U256(7 * core::wad()))
                                 .debt(kUsdc, U256(1000) * 1'000'000)
                                 .build());
    CHECK(AaveMarket(state).liquidation_answer(0, state.reserves[kWeth].asset) ==
          U256(1000 * kDollar - 1));
    // With 9 WETH owed and 5000 USDC of collateral at 85 %: 8 p + 4250 = 9 p at 4250; above it
    // fails.
    state.accounts[0] = AccountBuilder()
                            .collateral(kWeth, U256(10 * core::wad()))
                            .collateral(kUsdc, U256(5000) * 1'000'000)
                            .debt(kWeth, U256(9 * core::wad()))
                            .build();
    CHECK(AaveMarket(state).liquidation_answer(0, state.reserves[kWeth].asset) ==
          U256(4250 * kDollar + 1));
}

TEST_CASE("until 3.1 an e-mode's price source is an answer of its own", "[aave_v3][boundary]") {
    State state = pool("3.1");
    const Address source = test::address(0x777);
    state.reserves[kWeth] =
        reserve(kWeth, "WETH", {.ltv = 7500, .threshold = 8000, .emode = 1}, U256(2000 * kDollar));
    EmodeCategory category;
    category.id = 1;
    category.liquidation_threshold_bps = 9000;
    category.price = quote(U256(2000 * kDollar));
    category.price->source = source;
    state.emodes[1] = category;
    state.accounts.push_back(weth_against_usdc().emode(1).build());
    AaveMarket market(state);
    const auto answers = market.answers();
    REQUIRE(answers.size() == 4);
    CHECK(answers[3].asset == source);
    CHECK(answers[3].symbol == "price source of e-mode 1");
    CHECK(answers[0].symbol == "WETH");
    CHECK(answers[0].decimals == 18);
    CHECK(answers[0].denominator_symbol == "USD");
    CHECK_FALSE(answers[0].denominator);
    CHECK(answers[0].unit == kDollar);
    CHECK(answers[0].quote->answer == U256(2000 * kDollar));
    // 9 p = 8000 at 888.888888888…: that answer, cut, fails.
    CHECK(market.liquidation_answer(0, source) == U256(88'888'888'888));
    // WETH's own answer does not count for this account.
    CHECK_FALSE(market.liquidation_answer(0, state.reserves[kWeth].asset));
    market.set_answer(source, U256(88'888'888'888));
    CHECK(market.health(0).status == Status::Liquidatable);
    market.set_answer(source, U256(88'888'888'889));
    CHECK(market.health(0).status == Status::Healthy);
    const auto legs = market.weighted_legs(0);
    REQUIRE(legs.size() == 2);
    CHECK(legs[0].asset == source);
    CHECK(legs[0].weight == Approx(8000e8));
    CHECK(legs[1].debt == Approx(8000e8));
}

TEST_CASE("an answer is replaced in a fork, and only one that there is", "[aave_v3][whatif]") {
    State state = pool("3.6");
    state.accounts.push_back(weth_against_usdc().build());
    state.accounts.back().referee = Referee{};
    const AaveMarket market(state);
    const auto fork = market.fork();
    fork->set_answer(state.reserves[kWeth].asset, U256(1000 * kDollar));
    // 10 * 1000 * 0.8 / 8000
    CHECK(fork->health(0).health_factor == core::Wad(U256(core::wad())));
    CHECK(market.health(0).health_factor == core::Wad(U256(2 * core::wad())));
    CHECK(market.has_referee(0));
    CHECK_FALSE(fork->has_referee(0));
    CHECK_THROWS_AS(fork->set_answer(test::address(0x1234), 1), core::InputError);
    CHECK_THROWS_AS(fork->set_answer(state.reserves[kWeth].asset, 0), core::InputError);
    SECTION("also one that the oracle did not give") {
        state.reserves[kWeth].price.reset();
        AaveMarket unpriced(state);
        CHECK(unpriced.health(0).status == Status::Unknown);
        unpriced.set_answer(state.reserves[kWeth].asset, U256(1000 * kDollar));
        CHECK(unpriced.health(0).health_factor == core::Wad(U256(core::wad())));
    }
}

TEST_CASE("weighted legs sum to the health factor", "[aave_v3][whatif]") {
    State state = pool("3.6");
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(10 * core::wad()))
                                 .supply(kDai, U256(core::wad()))
                                 .debt(kWeth, core::wad())
                                 .debt(kUsdc, U256(8000) * 1'000'000)
                                 .build());
    const auto legs = AaveMarket(state).weighted_legs(0);
    REQUIRE(legs.size() == 2);  // what is not collateral weighs nothing
    CHECK(legs[0].asset == state.reserves[kWeth].asset);
    CHECK(legs[0].weight == Approx(16'000e8));  // 20,000 dollars at 80 %
    CHECK(legs[0].debt == Approx(2'000e8));
    CHECK(legs[1].weight == 0);
    CHECK(legs[1].debt == Approx(8'000e8));
}
