#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/gather.hpp"
#include "app/world.hpp"
#include "core/address.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// What the names stand for, by the registry of the chain that has one (`ens_registry`; ethereum as
/// shipped): of several the one that --chain or the user's configuration names. Two round trips,
/// whatever their number; each is told on stderr. Throws InputError for a name without an address,
/// ChainError where the chain cannot be read.
[[nodiscard]] std::map<std::string, core::Address> resolve_ens_names(
    World& world, const SourceOptions& options, const settings::Settings& settings,
    const std::vector<std::string>& names);

}  // namespace margrave::app
