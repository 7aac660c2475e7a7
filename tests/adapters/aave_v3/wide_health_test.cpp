#include <catch2/catch.hpp>
#include <random>

#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "margin/guard.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::test::aave_v3;
using adapters::aave_v3::AaveMarket;
using margin::Exact;
using margin::Narrow;

namespace {

/// WETH against USDC, as pool() has them, in the arithmetic A; throws where A does not hold it.
template <class A>
U256 factor_of(const State& state, const U256& weth, const U256& usdc) {
    using namespace adapters::aave_v3;
    Sums<A> sums;
    const auto enter = [&](unsigned id, const U256& collateral, const U256& debt) {
        const Reserve& reserve = state.reserves.at(id);
        const ReserveConfiguration& terms = reserve.configuration;
        const auto at_index = [&](const U256& scaled, const U256& index) {
            return debt_balance<A>(*state.behaviour, A::of(scaled), A::of(index));
        };
        add_position<A>(*state.behaviour,
                        {.collateral = at_index(collateral, reserve.liquidity_index),
                         .debt = at_index(debt, reserve.borrow_index),
                         .price = A::of(reserve.price->answer),
                         .unit = A::of(core::pow10(terms.decimals())),
                         .threshold_bps = A::of(terms.liquidation_threshold_bps()),
                         .ltv_bps = A::of(terms.ltv_bps())},
                        sums);
    };
    enter(kWeth, weth, 0);
    enter(kUsdc, 0, usdc);
    return U256(health_factor<A>(*state.behaviour, sums));
}

}  // namespace

/// Indexes are one, so that balances round nowhere.
TEST_CASE("health is the contract's whether 128 bits hold it or not", "[aave_v3][health]") {
    const std::string behaviour = GENERATE("3.0", "3.6");
    std::mt19937_64 random(30);
    int in_128 = 0;
    int beyond = 0;
    int unknown = 0;
    for (unsigned bits = 40; bits < 250; ++bits) {
        const U256 weth = (U256(1) << bits) + random();
        const U256 usdc = U256(weth >> 30) + random() % 1000 + 1;
        State state = pool(behaviour);
        state.accounts.push_back(
            AccountBuilder().collateral(kWeth, weth).debt(kUsdc, usdc).build());
        const auto expected =
            margin::value_or_nothing([&] { return factor_of<Exact>(state, weth, usdc); });
        const auto narrow =
            margin::value_or_nothing([&] { return factor_of<Narrow>(state, weth, usdc); });
        ++(narrow ? in_128 : expected ? beyond : unknown);
        CAPTURE(behaviour, bits);
        const margin::Health health = AaveMarket(state).health(0);
        if (expected) {
            REQUIRE(health.health_factor.has_value());
            REQUIRE(health.health_factor->value() == *expected);
            REQUIRE((!narrow || narrow == expected));
        } else {
            REQUIRE(health.status == margin::Status::Unknown);
        }
    }
    CHECK(in_128 > 20);
    CHECK(beyond > 20);
    CHECK(unknown > 20);
}
