#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace margrave::app {

/// A value at a time; nullopt: not known.
struct ChartPoint {
    std::uint64_t time_s = 0;
    std::optional<double> value;
};

/// A small drawing for a terminal of so many columns: time goes right, the lowest value of each
/// column is drawn, "?" stands where it was not known. Values that are not finite are left out.
[[nodiscard]] std::string draw_chart(const std::vector<ChartPoint>& points, unsigned columns);

}  // namespace margrave::app
