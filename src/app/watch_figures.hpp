#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alert/rule.hpp"
#include "app/watch_board.hpp"
#include "app/watch_metrics.hpp"
#include "app/watch_progress.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Figures that the store knows best, as it stands: alerts by severity and state, how long accounts
/// are unknown, and what is not delivered.
[[nodiscard]] std::vector<WatchMetrics::Figure> store_figures(store::WatchFile& file,
                                                              const std::vector<alert::Rule>& rules,
                                                              const MetricsSubjects& subjects,
                                                              std::uint64_t now_s);

/// Of the last whole reports: how old the answers are that price what accounts have, and how far
/// from what another source says.
[[nodiscard]] std::vector<WatchMetrics::Figure> price_figures(
    const std::map<std::string, ChainNews>& news, std::uint64_t now_s);

/// Which threads get on.
[[nodiscard]] WatchMetrics::Figure progress_figure(const std::map<std::string, bool>& workers);

}  // namespace margrave::app
