#pragma once

#include "adapters/aave_v3/deployment.hpp"
#include "adapters/account_events.hpp"

namespace margrave::adapters::aave_v3 {

/// A debt begins with the pool's Borrow, by a flash loan too. Every scaled balance changes with a
/// Transfer of its token: minted and burnt, moved between accounts, rebalanced by GHO's discount.
/// The flags and the e-mode have events of the pool's own.
[[nodiscard]] AccountEvents account_events(const DeploymentConfig& config, const EntryPoints& entry,
                                           const Reserves& reserves);

}  // namespace margrave::adapters::aave_v3
