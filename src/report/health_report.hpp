#pragma once

#include <set>
#include <vector>

#include "core/address.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// Accounts with their health, holdings and gaps, as make_report() says them, without what takes
/// hundreds of copies of a market: liquidation prices, outlooks, exposure, price sources. For who
/// looks at every block.
[[nodiscard]] Report make_health_report(const snapshot::Snapshot& snapshot, const Options& options);

/// The accounts of these wallets alone, in the order of the snapshot's markets: of whole markets
/// the others may be hundreds of thousands.
[[nodiscard]] std::vector<Account> make_accounts(const snapshot::Snapshot& snapshot,
                                                 const Options& options,
                                                 const std::set<core::Address>& wallets);

}  // namespace margrave::report
