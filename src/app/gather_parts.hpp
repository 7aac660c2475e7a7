#pragma once

#include <vector>

#include "app/gather.hpp"

namespace margrave::app {

/// From endpoints or a recording, and saves what the options ask to save.
[[nodiscard]] Gathered gather_chains(World& world, const SourceOptions& options,
                                     const settings::Settings& settings,
                                     const std::vector<core::ChainAddress>& wallets,
                                     const collect::CollectOptions& reading);

/// From a saved snapshot.
[[nodiscard]] Gathered gather_file(const SourceOptions& options,
                                   const std::vector<core::ChainAddress>& wallets);

}  // namespace margrave::app
