#include "cascade/exact_engine.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cascade/losses.hpp"
#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using core::U256;
using namespace test;

/// The five accounts of risk sheet 06, and the pool of 20000 ether against 44 million dollars moved
/// along its curve to 2000 dollars: x = sqrt(8.8e11 / 2000), y = 2000 x.
State sheet() {
    return state_of(lending({{1000, 1'700'000},
                             {800, 1'280'000},
                             {1500, 2'300'000},
                             {500, 600'000},
                             {2000, 2'000'000}}),
                    pair_at(kPair, *core::parse_decimal("20976176963403031000000"),
                            *core::parse_decimal("41952353926806062000000000")));
}

double ethers(const U256& amount) { return amount.convert_to<double>() / 1e18; }

/// A block for each call: the next liquidator sees the price that the last one left.
Playbook one_by_one() {
    Playbook out = playbook();
    out.liquidators.calls_per_round = 1;
    return out;
}

TEST_CASE("accounts that fall one after the other find the price that the last sale left",
          "[cascade]") {
    const State begin_state = sheet();
    const ExactEngine engine(begin_state, one_by_one(), begin());
    const Outcome outcome = engine.run({});
    REQUIRE(outcome.rounds.size() == 3);
    // Seized: debt * 1.05 / price. Prices and results: risk sheet 06, sequential vector.
    const std::vector<double> seized{892.5, 730.312003905, 1401.25508216};
    const std::vector<double> gained{7223.51450317, 16791.1335364, -32424.6818855};
    const std::vector<double> price{1840.3093374, 1723.4549446, 1528.34962366};
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(outcome.rounds[i].calls.size() == 1);
        const Call& call = outcome.rounds[i].calls[0];
        CHECK(call.ok);
        CHECK(call.place.row == i);
        CHECK(ethers(call.outcome.seized) == Approx(seized[i]).epsilon(1e-10));
        REQUIRE(call.sale);
        const double result = ethers(call.sale->received) - ethers(call.outcome.repaid);
        CHECK(result == Approx(gained[i]).epsilon(1e-7));
        REQUIRE(outcome.rounds[i].prices.size() == 1);
        CHECK(ethers(outcome.rounds[i].prices[0].answer) == Approx(price[i]).epsilon(1e-10));
    }
    CHECK(outcome.is_settled);
}

TEST_CASE("a history sets the answers that the chain had, at its own blocks and times",
          "[cascade][backtest]") {
    State begin_state;
    begin_state.markets.push_back(lending({{1000, 1'600'000}, {1000, 1'500'000}}));
    Playbook book;
    book.selling = Selling::Keep;
    book.accrues = true;
    // Health of the first, 830 x answer / 1.6e6: 1.0375 at 2000, 1.0116 at 1950, 0.9856 at 1900.
    // The second's is 1.0513 at 1900.
    const auto step = [](std::uint64_t block, std::uint64_t dollars, std::uint64_t seconds) {
        PathStep out{.block = block, .sales = {}, .moves = {}};
        out.answers = {{.market = 0, .asset = kEther, .answer = whole(dollars)}};
        out.time = core::Timestamp(begin().time.value() + seconds);
        return out;
    };
    Shock history{.sales = {}, .moves = {}};
    history.path = {step(5, 1950, 7), step(9, 1900, 1000), step(12, 2500, 1001)};
    const ExactEngine engine(begin_state, book, begin());
    const Outcome outcome = engine.run(history);
    CHECK(outcome.liquidations() == 1);
    const auto round = std::find_if(outcome.rounds.begin(), outcome.rounds.end(),
                                    [](const Round& one) { return !one.calls.empty(); });
    REQUIRE(round != outcome.rounds.end());
    CHECK(round->block == 9);
    CHECK(round->calls[0].place.row == 0);
    // 1.6e6 x 1.05 / 1900
    CHECK(ethers(round->calls[0].outcome.seized) == Approx(884.210526).epsilon(1e-8));
    CHECK_FALSE(round->calls[0].sale);
    CHECK(outcome.end.markets[0]->answers()[0].quote->answer == whole(2500));
    CHECK(outcome.end.markets[0]->time().value() == begin().time.value() + 1001);
}

TEST_CASE("liquidators that count their costs leave the account that would cost them more",
          "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.liquidators.only_when_paying = true;
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    CHECK(outcome.liquidations() == 2);
    REQUIRE(outcome.rounds.size() == 3);
    CHECK_FALSE(outcome.rounds[2].calls[0].ok);
    CHECK(outcome.rounds[2].calls[0].reason == "unprofitable");

    // Sold at the end of the round it brings the same: that it is held until then is no gain.
    book.selling = Selling::PerRound;
    CHECK(ExactEngine(begin_state, book, begin()).run({}).liquidations() == 2);

    // Gas of 17000 dollars takes the second one's gain of 16791, too.
    book.liquidators.gas_usd = core::Wad(whole(17'000));
    CHECK(ExactEngine(begin_state, book, begin()).run({}).liquidations() == 0);
}

TEST_CASE("a round sees one price, and sales of all its accounts come to the oracle together",
          "[cascade]") {
    const State begin_state = sheet();
    const Outcome outcome = ExactEngine(begin_state, playbook(), begin()).run({});
    // At 2000 dollars the first account alone is below 1 (0.976); after its sale, at 1840.31, the
    // second and the third are (0.955 and 0.996), and both are taken at that price.
    REQUIRE(outcome.rounds.size() == 2);
    REQUIRE(outcome.rounds[1].calls.size() == 2);
    CHECK(outcome.rounds[1].calls[0].place.row == 1);
    CHECK(outcome.rounds[1].calls[1].place.row == 2);
    CHECK(ethers(outcome.rounds[1].calls[1].outcome.seized) ==
          Approx(2'300'000 * 1.05 / 1840.3093374).epsilon(1e-10));
}

TEST_CASE("an empty shock on a healthy market changes nothing, whatever oracles are anchored to",
          "[cascade]") {
    // The pool stands 5 % off the oracle.
    const auto anchor = GENERATE(Anchor::Spot, Anchor::Basis);
    const State begin_state =
        state_of(lending({{1000, 1'000'000}}), pair_at(kPair, whole(10'000), whole(19'000'000)));
    const Outcome outcome = ExactEngine(begin_state, playbook(anchor), begin()).run({});
    CHECK(outcome.rounds.empty());
    CHECK(outcome.shock_prices.empty());
    CHECK(outcome.end.markets[0]->answers()[0].quote->answer == whole(2000));
}

TEST_CASE("an oracle on a basis moves as its pool does, from its own answer", "[cascade]") {
    const State begin_state =
        state_of(lending({{1000, 1'000'000}}), pair_at(kPair, whole(10'000), whole(19'000'000), 0));
    const Shock shock{.sales = {{.asset = kEther, .amount = whole(10'000)}}, .moves = {}};
    // Twice the ether against half the dollars: a quarter of the price.
    const auto spot = ExactEngine(begin_state, playbook(Anchor::Spot), begin()).shocked(shock);
    CHECK(spot.markets[0]->answers()[0].quote->answer == whole(475));
    const auto basis = ExactEngine(begin_state, playbook(Anchor::Basis), begin()).shocked(shock);
    CHECK(basis.markets[0]->answers()[0].quote->answer == whole(500));
}

TEST_CASE("an outside move trades the pool to the price, and the oracle follows", "[cascade]") {
    const State begin_state =
        state_of(lending({{1000, 1'000'000}}), pair_at(kPair, whole(10'000), whole(20'000'000), 0));
    const Shock fall{.sales = {},
                     .moves = {{.factor = "ETH/USD", .multiplier = Fraction(81, 100)}}};
    const ExactEngine engine(begin_state, playbook(), begin());
    const Outcome outcome = engine.run(fall);
    REQUIRE(outcome.shock_sales.size() == 1);
    // The product stays: at 0.81 of the price there are 1/0.9 of the ethers, 1111.1 more.
    CHECK(ethers(outcome.shock_sales[0].amount) == Approx(1111.1111111).epsilon(1e-9));
    REQUIRE(outcome.shock_prices.size() == 1);
    CHECK(ethers(outcome.shock_prices[0].answer) == Approx(1620).epsilon(1e-12));
    // Never beyond the price that was asked for.
    CHECK(outcome.shock_prices[0].answer >= whole(1620));
}

TEST_CASE("what no pool governs follows an outside move by its powers", "[cascade]") {
    State begin_state;
    begin_state.markets.push_back(lending({{1000, 1'000'000}}));
    Playbook book = playbook();
    book.venues.clear();
    book.oracles.clear();
    const Shock fall{.sales = {}, .moves = {{.factor = "ETH/USD", .multiplier = Fraction(1, 2)}}};
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run(fall);
    REQUIRE(outcome.shock_prices.size() == 1);
    CHECK(outcome.shock_prices[0].answer == whole(1000));
    // Nobody sells anywhere: what is seized is kept, and the price stays.
    CHECK(outcome.liquidations() == 1);
    CHECK(outcome.rounds.size() == 1);
}

TEST_CASE("losses add up, and nothing of a token is made or lost", "[cascade][property]") {
    const auto selling = GENERATE(Selling::ToDebt, Selling::PerRound, Selling::Keep);
    const State begin_state = sheet();
    Playbook book = playbook();
    book.selling = selling;
    const ExactEngine engine(begin_state, book, begin());
    const Outcome outcome = engine.run({});
    const auto all = losses(engine.shocked({}), outcome, {{.market = 0, .row = 0}});
    REQUIRE(all);
    CHECK(all->sum() == 0);
    CHECK(all->owners < 0);
    // Kept collateral moves no price: then the own account falls alone.
    CHECK((selling == Selling::Keep ? all->own == all->owners : all->own > all->owners));

    U256 seized = 0;
    U256 sold = 0;
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            seized += call.outcome.seized;
            sold += call.sale ? call.sale->amount : U256(0);
        }
        for (const Sale& sale : round.sales) {
            sold += sale.amount;
        }
    }
    CHECK(sold == (selling == Selling::Keep ? U256(0) : seized));
    U256 before = 0;
    U256 after = 0;
    for (std::size_t row = 0; row < 5; ++row) {
        for (const margin::Leg& leg : begin_state.markets[0]->legs(row)) {
            before += leg.asset == kEther ? *leg.amount : U256(0);
        }
        for (const margin::Leg& leg : outcome.end.markets[0]->legs(row)) {
            after += leg.asset == kEther ? *leg.amount : U256(0);
        }
    }
    CHECK(before == after + seized);
}

TEST_CASE("a refused call is recorded, and a round of refusals ends the cascade", "[cascade]") {
    auto market = lending({{1000, 1'700'000}, {800, 1'370'000}});
    market->refuses_as = "paused";
    const State begin_state =
        state_of(std::move(market), pair_at(kPair, whole(10'000), whole(20'000'000)));
    const Outcome outcome = ExactEngine(begin_state, playbook(), begin()).run({});
    REQUIRE(outcome.rounds.size() == 1);
    REQUIRE(outcome.rounds[0].calls.size() == 2);
    CHECK(outcome.rounds[0].calls[0].reason == "paused");
    CHECK(outcome.liquidations() == 0);
    CHECK(outcome.is_settled);
}

TEST_CASE("rounds that run out are told", "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.rounds_max = 2;
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    CHECK(outcome.rounds.size() == 2);
    CHECK_FALSE(outcome.is_settled);
}

TEST_CASE("arbitrage between rounds pulls the pool back to the outside price", "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.blocks_per_round = 1;
    book.recovery_per_block = core::Bps(10'000);
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    // The price is 2000 again before anyone else falls.
    CHECK(outcome.liquidations() == 1);
    REQUIRE(outcome.rounds.size() == 1);
    CHECK(ethers(outcome.end.markets[0]->answers()[0].quote->answer) == Approx(2000).epsilon(1e-9));

    book.recovery_per_block = core::Bps(5'000);
    const Outcome half = ExactEngine(begin_state, book, begin()).run({});
    REQUIRE_FALSE(half.rounds.empty());
    REQUIRE(half.rounds[0].prices.size() == 1);
    CHECK(ethers(half.rounds[0].prices[0].answer) ==
          Approx((2000 + 1840.3093374) / 2).epsilon(1e-6));
}

TEST_CASE("a feed that deviates too little keeps its answer, and the account with it",
          "[cascade][oracle]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.oracles[0].feed.deviation = core::Bps(1'000);
    // The first sale moves the pool by 8 %, less than the feed's 10 %.
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    CHECK(outcome.liquidations() == 1);
    CHECK(outcome.end.markets[0]->answers()[0].quote->answer == whole(2000));
}

TEST_CASE("capital limits what is repaid, and sales bring it back for the next round",
          "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.liquidators.capital = core::Usd(whole(1'000'000));
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    REQUIRE(outcome.rounds.size() >= 2);
    const Call& first = outcome.rounds[0].calls[0];
    CHECK(first.place.row == 0);
    CHECK(first.outcome.repaid == whole(1'000'000));
    // 525 ether move the price to 1904, at which the second account owes more than the sale
    // brought.
    const Call& second = outcome.rounds[1].calls[0];
    CHECK(second.place.row == 1);
    REQUIRE(first.sale);
    CHECK(second.outcome.repaid == first.sale->received);

    book.liquidators.capital = core::Usd(0);
    const Outcome none = ExactEngine(begin_state, book, begin()).run({});
    REQUIRE(none.rounds.size() == 1);
    CHECK(none.rounds[0].calls[0].reason == "no_capital");
}

TEST_CASE("what is kept does not come back as capital", "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.selling = Selling::Keep;
    book.liquidators.capital = core::Usd(whole(1'000'000));
    const Outcome outcome =
        ExactEngine(begin_state, book, begin())
            .run({.sales = {{.asset = kEther, .amount = whole(3'000)}}, .moves = {}});
    REQUIRE(outcome.rounds.size() == 2);
    CHECK(outcome.rounds[0].calls[0].outcome.repaid == whole(1'000'000));
    CHECK(outcome.rounds[1].calls[0].reason == "no_capital");
}

/// Safe until a price of 1204.82.
State one_borrower() {
    return state_of(lending({{1000, 1'000'000}}),
                    pair_at(kPair, whole(10'000), whole(20'000'000), 0));
}

FactorMove ether_at(std::uint64_t percent) {
    return {.factor = "ETH/USD", .multiplier = Fraction(percent, 100)};
}

TEST_CASE("a path moves the outside price later, always from the price before the shock",
          "[cascade]") {
    const State begin_state = one_borrower();
    const Shock shock{.sales = {},
                      .moves = {ether_at(80)},
                      .path = {{.block = 50, .sales = {}, .moves = {ether_at(50)}}}};
    const Outcome outcome = ExactEngine(begin_state, playbook(), begin()).run(shock);
    REQUIRE(outcome.rounds.size() == 2);
    const Round& wait = outcome.rounds[0];
    CHECK(wait.calls.empty());
    REQUIRE(wait.outside.size() == 1);
    REQUIRE(wait.prices.size() == 1);
    CHECK(ethers(wait.prices[0].answer) == Approx(1000).epsilon(1e-9));
    CHECK(outcome.rounds[1].block == 50);
    CHECK(outcome.liquidations() == 1);
    CHECK(outcome.is_settled);
}

TEST_CASE("a step brings pools to the outside price, not below what liquidators left",
          "[cascade]") {
    const State begin_state = sheet();
    // Nothing moves outside but at the end, when the price is what it was.
    const Shock shock{.sales = {},
                      .moves = {ether_at(99)},
                      .path = {{.block = 1000, .sales = {}, .moves = {ether_at(100)}}}};
    const Outcome outcome = ExactEngine(begin_state, one_by_one(), begin()).run(shock);
    REQUIRE_FALSE(outcome.rounds.empty());
    CHECK(ethers(outcome.end.markets[0]->answers()[0].quote->answer) == Approx(2000).epsilon(1e-6));
}

TEST_CASE("no round begins beyond the horizon, and no step counts there", "[cascade]") {
    const State begin_state = sheet();
    Playbook book = one_by_one();
    book.blocks_per_round = 10;
    book.horizon_blocks = 15;
    const Outcome outcome = ExactEngine(begin_state, book, begin()).run({});
    CHECK(outcome.rounds.size() == 2);
    CHECK_FALSE(outcome.is_settled);
    CHECK(outcome.unknown_because.empty());

    const State calm = one_borrower();
    const Shock later{
        .sales = {}, .moves = {}, .path = {{.block = 15, .sales = {}, .moves = {ether_at(50)}}}};
    CHECK(ExactEngine(calm, book, begin()).run(later).rounds.empty());
    book.horizon_blocks = 16;
    CHECK_FALSE(ExactEngine(calm, book, begin()).run(later).rounds.empty());
}

}  // namespace
}  // namespace margrave::cascade
