#pragma once

#include <memory>
#include <vector>

#include "app/playbook_file.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "exposure/factor_map.hpp"

/// From the words of a playbook's file to the assets and factors of what was read.
namespace margrave::app {

/// The curves that the playbook assumes in the place of pools, from today's dollar answers. Throws
/// ConfigError where there are none.
[[nodiscard]] std::vector<std::unique_ptr<margin::Venue>> assumed_curves(
    const PlaybookFile& file, const cascade::State& state);

/// Throws ConfigError for a word that names nothing here, or several things.
[[nodiscard]] cascade::Playbook resolve_playbook(const PlaybookFile& file,
                                                 const cascade::State& state,
                                                 const exposure::FactorMap& factors);
/// The same of the shock's words, against the resolved playbook.
[[nodiscard]] cascade::Shock resolve_shock(const PlaybookFile& file, const cascade::State& state,
                                           const cascade::Playbook& playbook);

}  // namespace margrave::app
