#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "cascade/fixed_point.hpp"
#include "tests/bench/common_market.hpp"

/// The fixed point of whole markets. Names are promises to compare.mjs.
namespace {

using namespace margrave;
using cascade::FixedPoint;
using cascade::FixedPointMarket;

const bench::CommonCase& case_of(std::size_t borrowers, std::uint64_t number = 0) {
    static std::map<std::pair<std::size_t, std::uint64_t>, bench::CommonCase> cases;
    const auto found = cases.find({borrowers, number});
    return found != cases.end()
               ? found->second
               : cases
                     .emplace(std::pair(borrowers, number),
                              bench::common_case(borrowers, bench::kCommonSeed + number))
                     .first->second;
}

/// One fall of 30 %, to the end.
void fixed_point(benchmark::State& state) {
    const bench::CommonCase& one = case_of(static_cast<std::size_t>(state.range(0)));
    FixedPoint end;
    for (auto _ : state) {
        end = one.market.greatest(one.pressure, bench::kCommonLimits);
        benchmark::DoNotOptimize(end);
    }
    state.counters["rounds"] = static_cast<double>(end.rounds);
    state.counters["fallen"] = static_cast<double>(end.fallen);
    state.counters["bytes"] = static_cast<double>(one.market.bytes());
}
BENCHMARK(fixed_point)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// Ten markets in turn, one an iteration: together they take as much memory as one that is ten
/// times as large, so that what is left of the difference is not the cache's.
void fixed_point_in_turn(benchmark::State& state) {
    constexpr std::uint64_t kMarkets = 10;
    std::vector<const bench::CommonCase*> cases;
    for (std::uint64_t i = 0; i < kMarkets; ++i) {
        cases.push_back(&case_of(static_cast<std::size_t>(state.range(0)), i));
    }
    std::size_t next = 0;
    for (auto _ : state) {
        const bench::CommonCase& one = *cases[next++ % kMarkets];
        benchmark::DoNotOptimize(one.market.greatest(one.pressure, bench::kCommonLimits));
    }
}
BENCHMARK(fixed_point_in_turn)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// The first rounds of the same: with the one above, what a further round costs.
void fixed_point_rounds(benchmark::State& state) {
    const bench::CommonCase& one = case_of(100'000);
    FixedPointMarket::Limits limits = bench::kCommonLimits;
    limits.rounds_max = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(one.market.greatest(one.pressure, limits));
    }
}
BENCHMARK(fixed_point_rounds)->Arg(1)->Arg(5)->Unit(benchmark::kMillisecond);

/// Arguments: scenarios, threads.
void fixed_point_scenarios(benchmark::State& state) {
    const bench::CommonCase& one = case_of(100'000);
    const auto scenarios = one.common.scenarios(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(one.market.greatest(scenarios, one.pressure.impact,
                                                     bench::kCommonLimits,
                                                     static_cast<unsigned>(state.range(1))));
    }
}
BENCHMARK(fixed_point_scenarios)
    ->Args({64, 1})
    ->Args({1000, 2})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
