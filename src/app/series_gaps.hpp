#pragma once

#include <cstdint>
#include <vector>

#include "store/sqlite.hpp"
#include "store/watch_series.hpp"

namespace margrave::app {

/// Points further apart than a watch that looks every `far_every_s` keeps them, with blocks
/// between: it did not run, or could not read. From when the next one was due nothing is known, and
/// a point that says so stands there; its block lies between those of the two.
[[nodiscard]] std::vector<store::Point> with_gaps(const std::vector<store::Point>& points,
                                                  std::uint64_t far_every_s);

/// Of the series from this time on, oldest first, and with its gaps. Cascades come when they are
/// done: theirs has none.
[[nodiscard]] std::vector<store::Point> read_watched(const store::Database& database,
                                                     const store::SeriesName& series,
                                                     std::uint64_t from_time);

}  // namespace margrave::app
