#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "adapters/uniswap_v2/pair.hpp"
#include "cascade/exact_engine.hpp"
#include "cascade/fast_engine.hpp"
#include "core/fixed_point.hpp"
#include "tests/bench/books.hpp"

/// Both engines on one Aave market: pools of a tenth of each asset's supply against the first one,
/// and a fall of all but that one and three others.
namespace {

using namespace margrave;
using core::U256;

constexpr std::uint64_t kSeed = 20260310;
constexpr unsigned kStill = 4;

struct World {
    cascade::State state;
    cascade::Playbook playbook;
    cascade::Shock shock;
};

adapters::aave_v3::State lending(std::size_t accounts) {
    auto out = bench::aave_borrowers(accounts, "3.6", kSeed);
    for (auto& [id, category] : out.emodes) {
        category.liquidation_bonus_bps = 10'200;
    }
    for (auto& [id, reserve] : out.reserves) {
        // Of its own for each: where two bonuses are equal, rounding decides between two pairs.
        reserve.configuration = adapters::aave_v3::ReserveConfiguration(
            reserve.configuration.word() + (U256(7 * id) << 32U));
        adapters::aave_v3::ReserveTotals totals;
        for (const auto& account : out.accounts) {
            for (const auto& balance : account.balances) {
                if (balance.reserve_id == id) {
                    totals.scaled_supply += 3 * (balance.scaled_supply + balance.scaled_debt);
                    totals.scaled_debt += balance.scaled_debt;
                }
            }
        }
        totals.virtual_balance = totals.scaled_supply;
        totals.a_token_holding = totals.scaled_supply;
        reserve.totals = totals;
    }
    return out;
}

World world_of(std::size_t accounts) {
    World out;
    const auto state = lending(accounts);
    const auto token = [&](unsigned id) {
        const auto& reserve = state.reserves.at(id);
        return margin::VenueToken{.address = reserve.asset,
                                  .symbol = reserve.symbol,
                                  .decimals = reserve.configuration.decimals()};
    };
    for (const auto& [id, reserve] : state.reserves) {
        out.playbook.factors.set("ALL/USD", "aave_v3", reserve.asset, id < kStill ? 0 : 1);
        out.playbook.factors.set("ALL/USD", "", reserve.asset, id < kStill ? 0 : 1);
        if (id == 0) {
            continue;
        }
        const auto& first = state.reserves.at(0);
        const U256 held = reserve.totals->scaled_supply / 10;
        const U256 against = core::mul_div_wide<core::Rounding::Down>(
            held * reserve.price->answer, core::pow10(first.configuration.decimals()),
            first.price->answer * core::pow10(reserve.configuration.decimals()));
        const core::Address pool = bench::address(0xb000 + id);
        out.state.venues.push_back(std::make_unique<adapters::uniswap_v2::PairVenue>(
            adapters::uniswap_v2::PairVenue::State{
                .name = {.kind = "uniswap_v2", .chain = "bench", .address = pool},
                .tokens = {token(id), token(0)},
                .reserves = {held, against},
                .fee_bps = 30,
                .router = std::nullopt}));
        out.playbook.venues.push_back({.asset = reserve.asset, .into = first.asset, .pool = pool});
        cascade::OracleRule rule;
        rule.asset = reserve.asset;
        rule.pool = pool;
        out.playbook.oracles.push_back(rule);
    }
    out.state.markets.push_back(std::make_unique<adapters::aave_v3::AaveMarket>(state));
    out.shock.moves = {{.factor = "ALL/USD", .multiplier = cascade::Fraction(7, 10)}};
    return out;
}

const cascade::Moment kNow{.block = core::BlockNumber(1),
                           .time = core::Timestamp(bench::kBlockTime)};

void count(const cascade::Outcome& outcome, benchmark::State& state) {
    state.counters["rounds"] = static_cast<double>(outcome.rounds.size());
    state.counters["liquidations"] = static_cast<double>(outcome.liquidations());
}

void cascade_fast(benchmark::State& state) {
    const World world = world_of(static_cast<std::size_t>(state.range(0)));
    const cascade::FastEngine engine(world.state, world.playbook, kNow);
    cascade::Outcome outcome;
    for (auto _ : state) {
        outcome = engine.run(world.shock);
    }
    count(outcome, state);
}
BENCHMARK(cascade_fast)->Arg(300)->Arg(10'000)->Unit(benchmark::kMillisecond);

void cascade_exact(benchmark::State& state) {
    const World world = world_of(static_cast<std::size_t>(state.range(0)));
    const cascade::ExactEngine engine(world.state, world.playbook, kNow);
    cascade::Outcome outcome;
    for (auto _ : state) {
        outcome = engine.run(world.shock);
    }
    count(outcome, state);
}
BENCHMARK(cascade_exact)->Arg(300)->Unit(benchmark::kMillisecond);

}  // namespace
