#pragma once

#include <map>
#include <string>
#include <vector>

#include "alert/rule.hpp"
#include "app/watch_metrics.hpp"
#include "app/watch_progress.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Figures that the store knows best, as it stands: alerts by severity and state, and what is not
/// delivered.
[[nodiscard]] std::vector<WatchMetrics::Gauge> store_gauges(
    store::WatchFile& file, const std::vector<alert::Rule>& rules,
    const std::vector<std::string>& channels);

/// Which threads get on.
[[nodiscard]] WatchMetrics::Gauge progress_gauge(const std::map<std::string, bool>& workers);

}  // namespace margrave::app
