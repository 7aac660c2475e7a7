#include "cascade/fast_engine.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "adapters/uniswap_v2/pair.hpp"
#include "cascade/exact_engine.hpp"
#include "tests/adapters/aave_v3/lending.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"
#include "tests/src/cascade/examples.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;
namespace aave = test::aave_v3;
namespace morpho = test::morpho_blue;

constexpr unsigned kReserves = 3;

struct Dice {
    std::mt19937_64 random;

    std::uint64_t between(std::uint64_t from, std::uint64_t to) {
        return std::uniform_int_distribution<std::uint64_t>(from, to)(random);
    }
    bool one_in(std::uint64_t n) { return between(1, n) == 1; }
    double real(double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random);
    }
};

double whole_price(unsigned id) { return id == aave::kWeth ? 2000 : 1; }
double unit_of(unsigned id) { return id == aave::kUsdc ? 1e6 : 1e18; }

/// An e-mode of dollars, fees on bonuses, and accounts of every size whose healths lie a little
/// above 1.
aave::State random_pool(const std::string& behaviour, std::size_t count, Dice& dice) {
    aave::State state = aave::lending_pool(behaviour);
    for (unsigned id = 0; id < kReserves; ++id) {
        aave::Reserve& reserve = state.reserves[id];
        reserve.configuration = aave::ReserveConfiguration(
            reserve.configuration.word() + (U256(dice.between(0, 2000)) << 152) +
            (U256(id == aave::kWeth ? 0 : 1) << 168));
        const std::uint64_t supplied = id == aave::kWeth ? 1'000'000 : 2'000'000'000;
        aave::fill_reserve(state, id, supplied, supplied / 2);
    }
    aave::EmodeCategory dollars;
    dollars.id = 1;
    dollars.ltv_bps = 9000;
    dollars.liquidation_threshold_bps = 9300;
    dollars.liquidation_bonus_bps = 10'200;
    dollars.collateral = adapters::aave_v3::ReserveBitmap(0b110);
    dollars.borrowable = adapters::aave_v3::ReserveBitmap(0b110);
    state.emodes[1] = dollars;
    const double thresholds[] = {0.80, 0.85, 0.75};
    for (std::size_t n = 0; n < count; ++n) {
        aave::AccountBuilder account(n + 1);
        const bool in_emode = dice.one_in(6);
        account.emode(in_emode ? 1 : 0);
        const double worth = std::exp(dice.real(std::log(300), std::log(2e6)));
        double limit = 0;
        for (std::uint64_t k = dice.between(1, 2); k != 0; --k) {
            const auto id = static_cast<unsigned>(in_emode ? dice.between(1, 2) : 0);
            const auto held = dice.one_in(4) ? static_cast<unsigned>(dice.between(0, 2)) : id;
            account.collateral(held, U256(worth / whole_price(held) * unit_of(held)));
        }
        for (unsigned id = 0; id < kReserves; ++id) {
            const double amount = account.at(id).scaled_supply.convert_to<double>();
            const double threshold = in_emode && id != aave::kWeth ? 0.93 : thresholds[id];
            limit += amount / unit_of(id) * whole_price(id) * threshold;
        }
        const double owed = limit / std::exp(dice.real(0.001, 0.6));
        const double part = dice.one_in(2) ? 1 : dice.real(0.1, 0.9);
        for (const double owes : {part, 1 - part}) {
            const auto id = static_cast<unsigned>(dice.one_in(8) ? 0 : dice.between(1, 2));
            if (owes > 0) {
                account.debt(id, U256(owed * owes / whole_price(id) * unit_of(id)));
            }
        }
        state.accounts.push_back(account.build());
    }
    return state;
}

morpho::State random_isolated(std::size_t count, Dice& dice) {
    morpho::State state = morpho::usdc_against_weth();
    for (std::size_t n = 0; n < count; ++n) {
        const double worth = std::exp(dice.real(std::log(300), std::log(2e6)));
        state.accounts.push_back(
            morpho::account(U256(worth / 2000 * 1e18),
                            U256(worth * 0.8 / std::exp(dice.real(0.001, 0.6)) * 1e6), 0, n + 1));
        state.totals.borrow_assets += U256(worth * 1e6);
        state.totals.borrow_shares += U256(worth * 1e6) * 1'000'000;
        state.totals.supply_assets += U256(worth * 1e6);
        state.totals.supply_shares += U256(worth * 1e6) * 1'000'000;
    }
    return state;
}

std::unique_ptr<margin::Venue> pair_of(std::uint64_t pool, unsigned a, unsigned b, double dollars) {
    const auto side = [&](unsigned id) { return U256(dollars / whole_price(id) * unit_of(id)); };
    const auto token = [](unsigned id) {
        return margin::VenueToken{.address = aave::asset(id),
                                  .symbol = "T" + std::to_string(id),
                                  .decimals = id == aave::kUsdc ? 6U : 18U};
    };
    return std::make_unique<adapters::uniswap_v2::PairVenue>(adapters::uniswap_v2::PairVenue::State{
        .name = {.kind = "uniswap_v2", .chain = "ethereum", .address = test::address(pool)},
        .tokens = {token(a), token(b)},
        .reserves = {side(a), side(b)},
        .fee_bps = 30,
        .router = std::nullopt});
}

struct World {
    State state;
    Playbook playbook;
    Shock shock;
};

World random_world(Dice& dice) {
    World out;
    const auto names =
        std::vector<std::string>{"3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7"};
    const std::size_t count = dice.between(5, 25);
    if (!dice.one_in(4)) {
        out.state.markets.push_back(std::make_unique<adapters::aave_v3::AaveMarket>(
            random_pool(names[dice.between(0, names.size() - 1)], count, dice)));
    }
    if (out.state.markets.empty() || dice.one_in(2)) {
        out.state.markets.push_back(
            std::make_unique<adapters::morpho_blue::MorphoMarket>(random_isolated(count, dice)));
    }
    const double depth = std::exp(dice.real(std::log(1e6), std::log(3e7)));
    out.state.venues.push_back(pair_of(0xb1, aave::kWeth, aave::kUsdc, depth));
    out.state.venues.push_back(pair_of(0xb2, aave::kWeth, aave::kDai, depth * dice.real(0.2, 1)));
    out.state.venues.push_back(pair_of(0xb3, aave::kDai, aave::kUsdc, depth));
    const auto venue = [](unsigned asset, unsigned into, std::uint64_t pool) {
        return VenueRule{
            .asset = aave::asset(asset), .into = aave::asset(into), .pool = test::address(pool)};
    };
    Playbook& playbook = out.playbook;
    playbook.venues = {venue(aave::kWeth, aave::kUsdc, 0xb1), venue(aave::kWeth, aave::kDai, 0xb2),
                       venue(aave::kDai, aave::kUsdc, 0xb3)};
    playbook.order = dice.one_in(2) ? Order::LowestHealth : Order::MostProfitable;
    playbook.pair = dice.one_in(2) ? PairChoice::Largest : PairChoice::MostProfitable;
    playbook.selling = dice.one_in(3) ? Selling::PerRound : Selling::ToDebt;
    playbook.liquidators.only_when_paying = dice.one_in(2);
    playbook.liquidators.gas_usd = core::Wad(core::wad() * dice.between(0, 40));
    playbook.liquidators.flash_fee = core::Bps(static_cast<std::uint32_t>(dice.between(0, 9)));
    if (dice.one_in(3)) {
        playbook.liquidators.calls_per_round = dice.between(1, 4);
    }
    if (dice.one_in(3)) {
        playbook.blocks_per_round = 1;
        playbook.recovery_per_block = core::Bps(static_cast<std::uint32_t>(dice.between(0, 5000)));
    }
    OracleRule rule;
    rule.asset = aave::asset(aave::kWeth);
    rule.pool = test::address(0xb1);
    if (dice.one_in(2)) {
        rule.feed.deviation = core::Bps(static_cast<std::uint32_t>(dice.between(10, 100)));
    }
    playbook.oracles = {rule};
    for (const char* protocol : {"", "aave_v3", "morpho_blue"}) {
        playbook.factors.set("ETH/USD", protocol, aave::asset(aave::kWeth), 1);
    }
    out.shock.moves = {
        {.factor = "ETH/USD", .multiplier = Fraction(10'000 - dice.between(100, 3500), 10'000)}};
    return out;
}

const Moment kBegin{.block = core::BlockNumber(100), .time = core::Timestamp(aave::kBlockTime)};

using Falls = std::map<Place, std::size_t>;

Falls falls_of(const Outcome& outcome) {
    Falls out;
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            if (call.ok) {
                out.emplace(call.place, round.number);
            }
        }
    }
    return out;
}

/// The largest relative difference of two runs' amounts, over what base units are rounded by. What
/// is left of an account is compared with what it was: a difference of two large numbers.
double apart(const State& begin, const Outcome& a, const Outcome& b) {
    double out = 0;
    const auto compare = [&](const U256& x, const U256& y, const U256& of = 0) {
        constexpr double kRounding = 100;
        const auto p = x.convert_to<double>();
        const auto q = y.convert_to<double>();
        out = std::max(out, std::max(0.0, std::abs(p - q) - kRounding) /
                                std::max({p, q, of.convert_to<double>(), 1.0}));
    };
    for (std::size_t i = 0; i < a.rounds.size(); ++i) {
        REQUIRE(a.rounds[i].calls.size() == b.rounds[i].calls.size());
        for (std::size_t k = 0; k < a.rounds[i].calls.size(); ++k) {
            const Call& x = a.rounds[i].calls[k];
            const Call& y = b.rounds[i].calls[k];
            REQUIRE(x.place == y.place);
            REQUIRE(x.ok == y.ok);
            REQUIRE(x.reason == y.reason);
            REQUIRE(x.pair.collateral == y.pair.collateral);
            REQUIRE(x.pair.debt == y.pair.debt);
            REQUIRE(x.pair.debt_symbol == y.pair.debt_symbol);
            REQUIRE(x.outcome.deficits.size() == y.outcome.deficits.size());
            compare(x.outcome.repaid, y.outcome.repaid);
            compare(x.outcome.seized, y.outcome.seized);
            compare(x.outcome.fee, y.outcome.fee);
            for (const margin::Deficit& deficit : x.outcome.deficits) {
                const auto same = std::find_if(
                    y.outcome.deficits.begin(), y.outcome.deficits.end(),
                    [&](const margin::Deficit& one) { return one.asset == deficit.asset; });
                REQUIRE(same != y.outcome.deficits.end());
                compare(deficit.amount, same->amount);
            }
        }
        REQUIRE(a.rounds[i].prices.size() == b.rounds[i].prices.size());
        for (std::size_t k = 0; k < a.rounds[i].prices.size(); ++k) {
            compare(a.rounds[i].prices[k].answer, b.rounds[i].prices[k].answer);
        }
    }
    for (std::size_t i = 0; i < a.end.markets.size(); ++i) {
        for (std::size_t row = 0; row < a.end.markets[i]->account_count(); ++row) {
            const auto x = a.end.markets[i]->health(row);
            const auto y = b.end.markets[i]->health(row);
            const auto was = begin.markets[i]->health(row);
            compare(x.debt.value_or(0), y.debt.value_or(0), was.debt.value_or(0));
            compare(x.collateral.value_or(0), y.collateral.value_or(0), was.collateral.value_or(0));
        }
    }
    return out;
}

TEST_CASE("the fast engine liquidates the accounts of the exact one, in the same rounds",
          "[cascade][fast][property]") {
    Dice dice{std::mt19937_64(20261126)};
    std::size_t near = 0;
    std::size_t liquidations = 0;
    std::size_t rounds = 0;
    std::size_t refused = 0;
    double worst = 0;
    for (int i = 0; i < 400; ++i) {
        const World world = random_world(dice);
        const ExactEngine exact(world.state, world.playbook, kBegin);
        const FastEngine fast(world.state, world.playbook, kBegin);
        const Outcome expected = exact.run(world.shock);
        const auto [found, calls] = fast.run_branches(world.shock);
        CAPTURE(i, world.state.markets.size());
        if (!calls.accounts.empty()) {
            ++near;
            continue;
        }
        REQUIRE(falls_of(found) == falls_of(expected));
        REQUIRE(found.rounds.size() == expected.rounds.size());
        worst = std::max(worst, apart(world.state, expected, found));
        liquidations += expected.liquidations();
        rounds = std::max(rounds, expected.rounds.size());
        for (const Round& round : expected.rounds) {
            refused += round.calls.size() - round.successes();
        }
    }
    INFO(near << " near, " << liquidations << " liquidations, " << rounds << " rounds at most, "
              << refused << " calls refused or left; amounts apart by " << worst);
    // Far below epsilon, as it must be for the accounts above to be told from the others.
    CHECK(worst < 1e-7);
    // Enough is compared for this to mean something.
    CHECK(near < 20);
    CHECK(liquidations > 2000);
    CHECK(rounds > 10);
    CHECK(refused > 100);
}

/// An Aave pool without venues: what is seized is kept, and ether falls by a tenth to 1800.
struct Still {
    explicit Still(aave::State pool) {
        pool.emodes.clear();
        for (unsigned id = 0; id < kReserves; ++id) {
            aave::fill_reserve(pool, id, 1'000'000, 500'000);
        }
        state.markets.push_back(std::make_unique<adapters::aave_v3::AaveMarket>(std::move(pool)));
        playbook.order = Order::LowestHealth;
        playbook.factors.set("ETH/USD", "aave_v3", aave::asset(aave::kWeth), 1);
        shock.moves = {{.factor = "ETH/USD", .multiplier = Fraction(9, 10)}};
    }
    State state;
    Playbook playbook;
    Shock shock;
};

/// `ethers` in 10^-4.
aave::Account account_of(std::uint64_t n, std::uint64_t ethers, std::uint64_t usdc_e6) {
    return aave::AccountBuilder(n)
        .collateral(aave::kWeth, U256(ethers) * core::pow10(14))
        .debt(aave::kUsdc, U256(usdc_e6))
        .build();
}

TEST_CASE("an account within epsilon of its limit is named, and both branches are given",
          "[cascade][fast]") {
    aave::State pool = aave::lending_pool(GENERATE("3.0", "3.4", "3.5", "3.6"));
    // 10 ethers at 1800 and 80 %: a limit of 14,400 dollars. The first is below by 7e-8 of it, the
    // second is above by as much, the third falls for sure, the fourth does not.
    pool.accounts = {account_of(1, 100'000, 14'400'001'000), account_of(2, 100'000, 14'399'999'000),
                     account_of(3, 100'000, 14'600'000'000),
                     account_of(4, 100'000, 14'000'000'000)};
    const Still world(pool);
    const auto [outcome, near] =
        FastEngine(world.state, world.playbook, kBegin).run_branches(world.shock);
    const auto row = [](std::size_t n) { return Place{.market = 0, .row = n}; };
    CHECK(near.accounts.size() == 2);
    CHECK(near.accounts.at(row(0)) == "the health limit");
    CHECK(near.accounts.contains(row(1)));
    // What doubles say themselves is what the contract does.
    const Outcome exact = ExactEngine(world.state, world.playbook, kBegin).run(world.shock);
    CHECK(falls_of(outcome) == falls_of(exact));
    CHECK(falls_of(exact).size() == 2);
    CHECK(near.most == Falls{{row(0), 1}, {row(1), 1}, {row(2), 1}});
    CHECK(near.least == Falls{{row(2), 1}});

    // A smaller epsilon tells them.
    const auto [same, nothing] =
        FastEngine(world.state, world.playbook, kBegin, 1e-9).run_branches(world.shock);
    CHECK(nothing.accounts.empty());
    CHECK(falls_of(same) == falls_of(exact));
}

TEST_CASE("an account at a limit of the size of a call is named", "[cascade][fast]") {
    aave::State pool = aave::lending_pool("3.6");
    // A debt of 2000.001 dollars: from 2000 on only half is repaid above a health of 0.95. 1.3612
    // ethers at 1800 and 80 % are 1960.1: 0.98.
    pool.accounts = {account_of(1, 13'612, 2'000'001'000)};
    const Still world(pool);
    const auto [outcome, near] =
        FastEngine(world.state, world.playbook, kBegin).run_branches(world.shock);
    CHECK(near.accounts.at({.market = 0, .row = 0}) == "a limit of the size of a call");
    CHECK(outcome.liquidations() == 1);
}

TEST_CASE("a call of a given size comes to what the exact market's comes to", "[cascade][fast]") {
    const auto check = [](margin::Market& market, const margin::BulkMarket& bulk,
                          const U256& repay) {
        auto legs = bulk.bulk_row(0).value();
        auto liquidity = bulk.bulk_liquidity();
        const auto answer = market.answers()[0].quote->answer.convert_to<double>();
        std::vector<double> answers(bulk.bulk_assets().size(), 1);
        answers[0] = answer;
        for (std::size_t i = 1; i < market.answers().size(); ++i) {
            answers[i] = market.answers()[i].quote->answer.convert_to<double>();
        }
        margin::LiquidationCall call;
        call.collateral = bulk.bulk_assets()[0];
        call.debt = bulk.bulk_assets()[1];
        call.repay = repay;
        const auto exact = market.liquidate(0, call);
        const auto found = bulk.bulk_liquidate(
            legs, {.collateral = 0, .debt = 1, .repay = repay.convert_to<double>()}, answers,
            liquidity);
        REQUIRE(bool(exact) == (found.refusal == nullptr));
        if (!exact) {
            return std::string(found.refusal) == exact.error().reason;
        }
        return found.repaid == Approx(exact->repaid.convert_to<double>()).epsilon(1e-9) &&
               found.seized == Approx(exact->seized.convert_to<double>()).epsilon(1e-9);
    };
    const std::uint64_t dollars = GENERATE(1'000U, 5'000U, 14'999U, 20'000U);
    aave::State pool = aave::lending_pool("3.6");
    aave::fill_reserve(pool, aave::kUsdc, 1'000'000, 500'000);
    pool.accounts = {account_of(1, 90'000, 15'000'000'000)};
    adapters::aave_v3::AaveMarket lent(pool);
    const adapters::aave_v3::AaveMarket before(pool);
    CHECK(check(lent, before, aave::usdc(dollars)));

    morpho::State isolated = morpho::usdc_against_weth();
    isolated.accounts = {morpho::account(U256(9) * core::wad(), U256(15'000) * morpho::kUsdc)};
    adapters::morpho_blue::MorphoMarket market(isolated);
    const adapters::morpho_blue::MorphoMarket as_it_was(isolated);
    CHECK(check(market, as_it_was, U256(dollars) * morpho::kUsdc));
}

TEST_CASE("accounts that only the exact engine can tell make the rest unknown", "[cascade][fast]") {
    aave::State pool = aave::lending_pool("3.0");
    Still world(pool);
    pool.emodes[1].id = 1;
    pool.emodes[1].price = aave::quote(aave::kDollar);
    pool.emodes[1].liquidation_bonus_bps = 10'200;
    pool.accounts = {aave::AccountBuilder(1)
                         .collateral(aave::kWeth, aave::weth(10))
                         .debt(aave::kUsdc, aave::usdc(1'000))
                         .emode(1)
                         .build()};
    world.state.markets[0] = std::make_unique<adapters::aave_v3::AaveMarket>(pool);
    const Outcome outcome = FastEngine(world.state, world.playbook, kBegin).run(world.shock);
    REQUIRE(outcome.unknown_because.size() == 1);
    CHECK_THAT(outcome.unknown_because[0], Catch::Contains("1 accounts of aave_v3 core"));
}

TEST_CASE("the fast engine refuses what it has no rules of", "[cascade][fast]") {
    const Still world(aave::lending_pool("3.6"));
    Playbook accruing = world.playbook;
    accruing.accrues = true;
    CHECK_THROWS_AS(FastEngine(world.state, accruing, kBegin), core::InputError);

    State foreign;
    foreign.markets.push_back(test::lending({{1000, 1'000'000}}));
    CHECK_THROWS_AS(FastEngine(foreign, test::playbook(), kBegin), core::InputError);
}

TEST_CASE("static ends take thresholds, debts and depth from the markets and pools",
          "[cascade][fast][fixed_point]") {
    aave::State pool = aave::lending_pool("3.6");
    // At 1800 the first is at 14,400 / 14,500, the second at 14,400 / 14,000.
    pool.accounts = {account_of(1, 100'000, 14'500'000'000),
                     account_of(2, 100'000, 14'000'000'000)};
    Still world(pool);
    world.state.venues.push_back(pair_of(0xb1, aave::kWeth, aave::kUsdc, 200'000));
    world.playbook.venues = {{.asset = aave::asset(aave::kWeth),
                              .into = aave::asset(aave::kUsdc),
                              .pool = test::address(0xb1)}};
    const auto ends = FastEngine(world.state, world.playbook, kBegin).static_ends(world.shock);
    REQUIRE(ends);
    REQUIRE(ends->assets[0].asset == aave::asset(aave::kWeth));
    const StaticEnds::Asset& ether = ends->assets[0];
    CHECK(ether.outside * 1e18 == Approx(1800));
    // A pair of 100 ethers, u of which are sold for each one: (1 + u) (1 + 0.997 u) = 1 / 0.99.
    const double taken =
        100 * (std::sqrt(1.997 * 1.997 + 4 * 0.997 * (1 / 0.99 - 1)) - 1.997) / (2 * 0.997);
    CHECK(ether.impact * 1e18 == Approx(-std::log(0.99) / taken).epsilon(1e-4));
    // One falls, and what it sells, 14500 * 1.05 / p beside 100 ethers in the pool, brings the
    // price below 1750, where the other one falls: all 20 ethers are sold.
    CHECK(ends->greatest.fallen == 2);
    CHECK(ends->greatest.sold[0] / 1e18 == Approx(20));
    CHECK(ends->greatest.prices[0] ==
          Approx(ether.outside * std::exp(-ether.impact * ends->greatest.sold[0])));
    CHECK(ends->least.prices[0] == Approx(ends->greatest.prices[0]));
    CHECK(ends->greatest.bad_debt ==
          Approx(28'500 - 20 * ends->greatest.prices[0] * 1e18 / 1.05).epsilon(1e-9));
    CHECK(ends->notes.empty());
}

}  // namespace
}  // namespace margrave::cascade
