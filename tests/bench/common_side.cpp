#include "tests/bench/common_side.hpp"

#include <sys/resource.h>

#include <fstream>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "tests/bench/common_market.hpp"
#include "tests/bench/cpu_time.hpp"

namespace margrave::bench {
namespace {

using nlohmann::json;

constexpr std::size_t kBatch = 64;

void write(const std::string& path, const std::vector<double>& values) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(double)));
    if (!out) {
        throw std::runtime_error("cannot write " + path);
    }
}

/// Amounts as a dense matrix, a row for each borrower.
void write_market(const std::string& folder, const CommonCase& one, std::size_t borrowers) {
    CommonMarket again(kCommonSeed);
    std::vector<double> amounts(borrowers * CommonMarket::kAssets, 0);
    std::vector<double> debts;
    CommonMarket::Borrower borrower;
    for (std::size_t n = 0; n < borrowers; ++n) {
        again.draw(borrower);
        for (const cascade::Holding& holding : borrower.holdings) {
            amounts[n * CommonMarket::kAssets + holding.asset] = holding.amount;
        }
        debts.push_back(borrower.debt);
    }
    std::vector<double> batch;
    for (const auto& prices : one.common.scenarios(kBatch)) {
        batch.insert(batch.end(), prices.begin(), prices.end());
    }
    write(folder + "/amounts", amounts);
    write(folder + "/debts", debts);
    write(folder + "/thresholds", one.common.thresholds);
    write(folder + "/bonuses", one.common.bonuses);
    write(folder + "/impacts", one.pressure.impact);
    write(folder + "/single", one.pressure.outside);
    write(folder + "/batch", batch);
}

std::vector<cascade::FixedPoint> solve(const CommonCase& one, const std::string& name) {
    if (name == "single") {
        return {one.market.greatest(one.pressure, kCommonLimits)};
    }
    if (name == "batch") {
        return one.market.greatest(one.common.scenarios(kBatch), one.pressure.impact, kCommonLimits,
                                   1);
    }
    throw std::invalid_argument("no case " + name);
}

json to_json(const cascade::FixedPoint& end) {
    return {{"prices", end.prices},
            {"fallen", end.fallen},
            {"bad_debt", end.bad_debt},
            {"rounds", end.rounds}};
}

}  // namespace

int serve_common(const std::string& folder, std::size_t borrowers, std::istream& commands,
                 std::ostream& answers) {
    const CommonCase one = common_case(borrowers, kCommonSeed);
    write_market(folder, one, borrowers);
    answers << json({{"written", borrowers}}).dump() << std::endl;
    std::string verb;
    std::string name;
    while (commands >> verb >> name) {
        const std::int64_t start = cpu_ns();
        const auto ends = solve(one, name);
        const std::int64_t took = cpu_ns() - start;
        if (verb == "run") {
            answers << json({{"cpu_ns", took}}).dump() << std::endl;
            continue;
        }
        json out = json::array();
        for (const cascade::FixedPoint& end : ends) {
            out.push_back(to_json(end));
        }
        answers << out.dump() << std::endl;
    }
    return 0;
}

int print_memory(std::size_t borrowers, std::ostream& answer) {
    const CommonCase one = common_case(borrowers, kCommonSeed);
    const auto end = one.market.greatest(one.pressure, kCommonLimits);
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    answer << json({{"borrowers", borrowers},
                    {"market_bytes", one.market.bytes()},
                    {"peak_kib", used.ru_maxrss},
                    {"fallen", end.fallen}})
                  .dump()
           << std::endl;
    return 0;
}

}  // namespace margrave::bench
