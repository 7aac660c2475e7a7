#include "exposure/fragmented_loss.hpp"

#include <catch2/catch.hpp>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::decimal;
using test::dollars;
using test::kWeth;
using test::long_venue;
using test::short_venue;

const SignedUsd kNothing{.negative = false, .magnitude = core::Usd()};

std::vector<OwnTrigger> triggers_of(std::vector<const margin::Market*> markets) {
    const FactorMap factors = test::factors();
    const Portfolio portfolio = make_portfolio(std::move(markets), {}, {});
    const PriceBook prices(portfolio, factors);
    std::vector<std::vector<Outlook>> all;
    for (const margin::Market* market : portfolio.markets) {
        all.push_back(outlooks(*market, portfolio, prices, factors));
    }
    return own_triggers(portfolio, all, prices, items_of(portfolio, prices, factors), factors);
}

TEST_CASE("a delta-neutral book loses nothing by the move and the leg that falls",
          "[exposure][fragmented]") {
    const auto longs = long_venue();
    const auto shorts = short_venue();
    const auto triggers = triggers_of({&shorts, &longs});
    REQUIRE(triggers.size() == 2);

    // The long leg falls just below 0.75. 6000 USDC are repaid, 6300 dollars of WETH are gone.
    const OwnTrigger& down = triggers[0];
    CHECK(down.market.name == "long");
    CHECK(down.factor == "ETH/USD");
    CHECK(down.multiplier == decimal("0.749999999999999999").value());
    CHECK(down.netted == kNothing);
    REQUIRE(down.pair);
    CHECK(down.pair->collateral == kWeth);
    CHECK(down.repaid == dollars(6'000));
    // Seized in whole wei at an answer of 1499.99999999: at most a wei's worth below.
    CHECK(down.loss <= dollars(300));
    CHECK(down.loss > core::Usd(decimal("299.999999999999").value()));

    // The short leg falls above 1.2, at the answer 2400.00000001: 5 WETH are repaid.
    const OwnTrigger& up = triggers[1];
    CHECK(up.market.name == "short");
    CHECK(up.multiplier == decimal("1.200000000005").value());
    CHECK(up.netted == kNothing);
    CHECK(up.repaid == core::Usd(decimal("12000.00000005").value()));
    // 105 % of it in whole USDC units, down: 12600.000000.
    CHECK(up.seized == dollars(12'600));
    CHECK(up.loss == core::Usd(decimal("599.99999995").value()));
}

TEST_CASE("one leg alone loses by the move too", "[exposure][fragmented]") {
    const auto longs = long_venue();
    const auto triggers = triggers_of({&longs});
    REQUIRE(triggers.size() == 1);
    // 20000 dollars at 0.749999999999999999.
    CHECK(triggers[0].netted ==
          SignedUsd{.negative = true,
                    .magnitude = core::Usd(decimal("5000.00000000000002").value())});
}

TEST_CASE("a netted move counts a debt the other way round", "[exposure][fragmented]") {
    const auto shorts = short_venue();
    const FactorMap factors = test::factors();
    const Portfolio portfolio = make_portfolio({&shorts}, {}, {});
    const auto items = items_of(portfolio, PriceBook(portfolio, factors), factors);
    CHECK(netted_move(items, "ETH/USD", decimal("0.9").value()) ==
          SignedUsd{.negative = false, .magnitude = dollars(2'000)});
    CHECK(netted_move(items, "USDC/USD", decimal("0.9").value()) ==
          SignedUsd{.negative = true, .magnitude = dollars(3'000)});
    CHECK(netted_move(items, "stETH/ETH", decimal("0.9").value()) == kNothing);
}

TEST_CASE("an account that no factor reaches has no trigger", "[exposure][fragmented]") {
    auto pool = long_venue();
    pool.rows[0].balances[1].debt = 0;
    CHECK(triggers_of({&pool}).empty());
}

TEST_CASE("a liquidation that the protocol refuses costs nothing and says why",
          "[exposure][fragmented]") {
    auto pool = long_venue();
    pool.refuses_as = "paused";
    const auto triggers = triggers_of({&pool});
    REQUIRE(triggers.size() == 1);
    CHECK_FALSE(triggers[0].pair);
    CHECK(triggers[0].reason == "paused");
    CHECK(triggers[0].loss == core::Usd());
}

}  // namespace
}  // namespace margrave::exposure
