#include "app/series_gaps.hpp"

#include <algorithm>
#include <optional>

#include "alert/rule.hpp"
#include "app/series_recorder.hpp"
#include "store/watch_schedules.hpp"

namespace margrave::app {
namespace {

/// An account that has nothing to watch needs no further point until it has.
bool needs_more(const store::Point& point) { return point.value && !point.value->empty(); }

/// nullopt where nothing is missing between the two.
std::optional<store::Point> gap_between(const store::Point& before, const store::Point& after,
                                        std::uint64_t far_every_s) {
    const std::uint64_t apart = after.time - std::min(after.time, before.time);
    const bool has_blocks = after.block > before.block + 1;
    // Twice the time of a point: a report may be some minutes behind its block.
    if (!needs_more(before) || !has_blocks ||
        apart <= far_every_s + 2 * SeriesRecorder::kPointEveryS) {
        return std::nullopt;
    }
    const std::uint64_t due = far_every_s + SeriesRecorder::kPointEveryS;
    const double share = static_cast<double>(due) / static_cast<double>(apart);
    const auto blocks = static_cast<double>(after.block - before.block);
    const auto passed = static_cast<std::uint64_t>(share * blocks);
    return store::Point{.block = before.block + std::clamp(passed, std::uint64_t{1},
                                                           after.block - before.block - 1),
                        .time = before.time + due,
                        .value = std::nullopt};
}

}  // namespace

std::vector<store::Point> with_gaps(const std::vector<store::Point>& points,
                                    std::uint64_t far_every_s) {
    std::vector<store::Point> out;
    out.reserve(points.size());
    for (const store::Point& point : points) {
        if (!out.empty()) {
            if (const auto gap = gap_between(out.back(), point, far_every_s)) {
                out.push_back(*gap);
            }
        }
        out.push_back(point);
    }
    return out;
}

std::vector<store::Point> read_watched(const store::Database& database,
                                       const store::SeriesName& series, std::uint64_t from_time) {
    auto points = store::read_points(database, series, from_time);
    if (series.quantity == to_string(alert::Quantity::CascadeDistance)) {
        return points;
    }
    const auto schedules = store::read_schedules(database);
    const auto found = schedules.find(series.chain);
    return with_gaps(points, found == schedules.end() ? 0 : found->second.far_every_s);
}

}  // namespace margrave::app
