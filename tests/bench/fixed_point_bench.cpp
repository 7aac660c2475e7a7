#include <benchmark/benchmark.h>

#include <map>
#include <vector>

#include "cascade/fixed_point.hpp"
#include "tests/bench/common_market.hpp"

/// The fixed point of whole markets. Names are promises to compare.mjs.
namespace {

using namespace margrave;
using cascade::FixedPoint;
using cascade::FixedPointMarket;

const bench::CommonCase& case_of(std::size_t borrowers) {
    static std::map<std::size_t, bench::CommonCase> cases;
    const auto found = cases.find(borrowers);
    return found != cases.end()
               ? found->second
               : cases.emplace(borrowers, bench::common_case(borrowers, bench::kCommonSeed))
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
