#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "core/address.hpp"
#include "report/report.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {

/// Whether it has a history.
[[nodiscard]] bool is_recorded(alert::Quantity quantity);

/// Which values of a chain's blocks are worth a point of history: the first, one that differs from
/// the last point by a thousandth, one that became known or unknown, and one every ten minutes.
class SeriesRecorder {
  public:
    using Points = std::vector<std::pair<store::SeriesName, store::Point>>;

    SeriesRecorder(std::string chain, std::vector<core::Address> wallets);
    /// Of the quantities of this depth; `time_s` is the block's.
    [[nodiscard]] Points record(const report::Report& report, alert::Depth depth,
                                std::uint64_t block, std::uint64_t time_s);
    /// Of health, of a report that was made of these wallets alone.
    [[nodiscard]] Points record_some(const report::Report& report,
                                     const std::vector<core::Address>& wallets, std::uint64_t block,
                                     std::uint64_t time_s);

    static constexpr std::uint64_t kPointEveryS = 600;
    static constexpr std::uint64_t kShare = 1000;

  private:
    struct Last {
        alert::Value value;
        std::uint64_t time_s = 0;
    };

    void record(alert::Quantity quantity, const std::map<alert::Subject, alert::Value>& values,
                std::uint64_t block, std::uint64_t time_s, Points& into);

    std::string chain_;
    std::vector<core::Address> wallets_;
    std::map<std::pair<alert::Quantity, alert::Subject>, Last> last_;
};

}  // namespace margrave::app
