#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "report/report.hpp"
#include "store/watch_file.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {

/// Whether it has a history.
[[nodiscard]] bool is_recorded(alert::Quantity quantity);

/// Which values of a chain's blocks are worth a point of history: the first, one that differs from
/// the last point by a thousandth, one that became known or unknown, and one every ten minutes.
class SeriesRecorder {
  public:
    using Points = std::vector<std::pair<store::SeriesName, store::Point>>;

    explicit SeriesRecorder(std::string chain);
    /// Of the quantities of this depth, as a report of this block has them.
    [[nodiscard]] Points record(const report::Report& report, const alert::Scope& scope,
                                alert::Depth depth, const store::WatchedBlock& block);

    static constexpr std::uint64_t kPointEveryS = 600;
    static constexpr std::uint64_t kShare = 1000;

  private:
    struct Last {
        alert::Value value;
        std::uint64_t time_s = 0;
    };

    void add_absent(const report::Report& report, const alert::Scope& scope,
                    alert::Quantity quantity, std::map<alert::Subject, alert::Value>& values) const;
    void record(alert::Quantity quantity, const std::map<alert::Subject, alert::Value>& values,
                const store::WatchedBlock& block, Points& into);

    std::string chain_;
    std::map<std::pair<alert::Quantity, alert::Subject>, Last> last_;
};

}  // namespace margrave::app
