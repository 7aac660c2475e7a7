#pragma once

#include <vector>

#include "cascade/lent_assets.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// What stands in the markets' books for the own wallets and not in their accounts: vaults that
/// lend there, whose shares they hold or posted as collateral, and receipts of a pool (aTokens)
/// that they posted in another market. `snapshot` tells holdings and claims; its markets may be in
/// `state` already.
[[nodiscard]] std::vector<cascade::LentByOther> lent_by_others(
    const snapshot::Snapshot& snapshot, const cascade::State& state,
    const std::vector<core::Address>& own);

}  // namespace margrave::app
