#pragma once

#include "adapters/account_events.hpp"
#include "adapters/morpho_blue/config.hpp"

namespace margrave::adapters::morpho_blue {

/// Of the configured markets, or of all where none are listed. An account is a position: its market
/// is named by the id. What no event tells is the fee recipient's supply, which grows by itself and
/// bears on no health.
[[nodiscard]] AccountEvents account_events(const DeploymentConfig& config);

}  // namespace margrave::adapters::morpho_blue
