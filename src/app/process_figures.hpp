#pragma once

#include <filesystem>
#include <vector>

#include "app/watch_metrics.hpp"

namespace margrave::app {

/// What Linux says of this process, in the names that Prometheus' own clients use: memory,
/// processor time, open files, threads. What cannot be read is left out.
[[nodiscard]] std::vector<WatchMetrics::Figure> process_figures(
    const std::filesystem::path& proc = "/proc/self");

}  // namespace margrave::app
