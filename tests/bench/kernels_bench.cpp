#include <benchmark/benchmark.h>

#include <numeric>
#include <optional>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "core/fixed_point.hpp"
#include "margin/book.hpp"
#include "margin/crossings.hpp"
#include "tests/bench/books.hpp"

/// The arithmetic that whole markets go through, on markets from a seed. Names are promises to
/// compare.mjs.
namespace {

using namespace margrave;
using adapters::aave_v3::AaveMarket;
using adapters::morpho_blue::MorphoMarket;
using core::Rounding;
using core::U256;
using margin::Book;
using margin::Verdict;

constexpr std::uint64_t kSeed = 20260310;
constexpr std::size_t kBorrowers = 100'000;

const Book& book_of_borrowers() {
    static const Book book =
        margin::make_book(AaveMarket(bench::aave_borrowers(kBorrowers, "3.6", kSeed)));
    return book;
}

/// a[i] = b[i] + 3 c[i] over arrays far beyond any cache: what memory gives one core.
void memory_triad(benchmark::State& state) {
    constexpr std::size_t kDoubles = std::size_t{1} << 25U;
    std::vector<double> a(kDoubles);
    const std::vector<double> b(kDoubles, 1.0);
    const std::vector<double> c(kDoubles, 2.0);
    for (auto _ : state) {
        for (std::size_t i = 0; i < kDoubles; ++i) {
            a[i] = b[i] + 3 * c[i];
        }
        benchmark::DoNotOptimize(a.data());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * 3 * kDoubles * sizeof(double)));
}
BENCHMARK(memory_triad)->Unit(benchmark::kMillisecond);

/// Health of every borrower at answers that are new each time. The argument is the threads.
void book_health(benchmark::State& state) {
    const Book& book = book_of_borrowers();
    std::vector<double> answers = book.answers();
    std::vector<double> out(book.row_count());
    for (auto _ : state) {
        answers[1] *= 1.0000001;
        book.health(answers, out, static_cast<unsigned>(state.range(0)));
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(book.bytes_touched()));
    state.counters["rows"] = static_cast<double>(book.row_count());
    state.counters["legs"] = static_cast<double>(book.leg_count());
}
BENCHMARK(book_health)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime();

void book_judge(benchmark::State& state) {
    const Book& book = book_of_borrowers();
    std::vector<double> answers = book.answers();
    std::vector<Verdict> out(book.row_count());
    for (auto _ : state) {
        answers[1] *= 1.0000001;
        book.judge(answers, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["asked"] =
        static_cast<double>(std::count(out.begin(), out.end(), Verdict::AskExact));
}
BENCHMARK(book_judge)->Unit(benchmark::kMicrosecond);

/// One asset falls by 2 %: finding who may have crossed, and judging them.
void book_crossings(benchmark::State& state) {
    const Book& book = book_of_borrowers();
    const margin::Crossings crossings(book, book.answers());
    std::vector<double> answers = book.answers();
    answers[1] *= 0.98;
    std::size_t touched = 0;
    for (auto _ : state) {
        const std::vector<std::uint32_t> rows = crossings.candidates(answers);
        std::vector<Verdict> out(rows.size());
        book.judge(answers, rows, out);
        benchmark::DoNotOptimize(out.data());
        touched = rows.size();
    }
    state.counters["touched"] = static_cast<double>(touched);
}
BENCHMARK(book_crossings)->Unit(benchmark::kMicrosecond);

void book_build(benchmark::State& state) {
    const AaveMarket market(bench::aave_borrowers(10'000, "3.6", kSeed));
    for (auto _ : state) {
        benchmark::DoNotOptimize(margin::make_book(market));
    }
}
BENCHMARK(book_build)->Unit(benchmark::kMillisecond);

/// A price for every asset of every account. Arguments: accounts; 30 or 36 for the behaviour.
void aave_liquidation_prices(benchmark::State& state) {
    const AaveMarket market(bench::aave_borrowers(static_cast<std::size_t>(state.range(0)),
                                                  state.range(1) == 30 ? "3.0" : "3.6", kSeed));
    std::size_t found = 0;
    for (auto _ : state) {
        found = 0;
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            for (const margin::WeightedLeg& leg : market.weighted_legs(row)) {
                found += market.liquidation_answer(row, leg.asset) ? 1 : 0;
            }
        }
    }
    state.counters["found"] = static_cast<double>(found);
}
BENCHMARK(aave_liquidation_prices)
    ->ArgsProduct({{10'000, 20'000, 40'000}, {30, 36}})
    ->Unit(benchmark::kMillisecond);

void morpho_liquidation_prices(benchmark::State& state) {
    const MorphoMarket market(
        bench::morpho_borrowers(static_cast<std::size_t>(state.range(0)), kSeed));
    const core::Address asset = market.state().params.collateral_token;
    std::size_t found = 0;
    for (auto _ : state) {
        found = 0;
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            found += market.liquidation_answer(row, asset) ? 1 : 0;
        }
    }
    state.counters["found"] = static_cast<double>(found);
}
BENCHMARK(morpho_liquidation_prices)
    ->Arg(10'000)
    ->Arg(20'000)
    ->Arg(40'000)
    ->Unit(benchmark::kMillisecond);

/// Arguments: 30 or 36 for the behaviour; accounts. The indexes grow in the time, too.
void aave_exact_health(benchmark::State& state) {
    AaveMarket market(bench::aave_borrowers(static_cast<std::size_t>(state.range(1)),
                                            state.range(0) == 30 ? "3.0" : "3.6", kSeed));
    for (auto _ : state) {
        market.accrue(core::Timestamp(bench::kBlockTime));
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            benchmark::DoNotOptimize(market.health(row));
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(aave_exact_health)
    ->ArgsProduct({{30, 36}, {100, 1000, 100'000}})
    ->Unit(benchmark::kMicrosecond);

void morpho_exact_health(benchmark::State& state) {
    const MorphoMarket market(bench::morpho_borrowers(1000, kSeed));
    for (auto _ : state) {
        for (std::size_t row = 0; row < market.account_count(); ++row) {
            benchmark::DoNotOptimize(market.health(row));
        }
    }
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(morpho_exact_health)->Unit(benchmark::kMicrosecond);

void morpho_accrual(benchmark::State& state) {
    MorphoMarket market(bench::morpho_borrowers(1, kSeed));
    for (auto _ : state) {
        market.accrue(core::Timestamp(bench::kBlockTime));
        benchmark::DoNotOptimize(market);
    }
}
BENCHMARK(morpho_accrual)->Unit(benchmark::kNanosecond);

/// A balance times an index over a ray, which most of exact health is made of.
void ray_mul(benchmark::State& state) {
    U256 balance = U256(123'456'789) * core::pow10(15) + 987'654'321;
    const U256 index = core::ray() + core::ray() / 7;
    for (auto _ : state) {
        benchmark::DoNotOptimize(core::ray_mul<Rounding::HalfUp>(balance, index));
    }
}
BENCHMARK(ray_mul);

void ray_mul_by_boost(benchmark::State& state) {
    U256 balance = U256(123'456'789) * core::pow10(15) + 987'654'321;
    const U256 index = core::ray() + core::ray() / 7;
    const U256 half = core::ray() / 2;
    for (auto _ : state) {
        benchmark::DoNotOptimize(U256((balance * index + half) / core::ray()));
    }
}
BENCHMARK(ray_mul_by_boost);

}  // namespace
