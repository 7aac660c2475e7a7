#pragma once

#include "report/report.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// Accounts with their health, holdings and gaps, as make_report() says them, without what takes
/// hundreds of copies of a market: liquidation prices, outlooks, exposure, price sources. For who
/// looks at every block.
[[nodiscard]] Report make_health_report(const snapshot::Snapshot& snapshot, const Options& options);

}  // namespace margrave::report
