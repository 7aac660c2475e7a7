#pragma once

#include <vector>

#include "report/report.hpp"

namespace margrave::report {

/// What each wallet of the snapshot is worth, from the report's accounts, holdings and gaps. A
/// total that lacks something says so: a balance without value, or a gap about an account that the
/// report does not show.
[[nodiscard]] std::vector<WalletTotal> wallet_totals(const snapshot::Snapshot& snapshot,
                                                     const Report& report);

}  // namespace margrave::report
