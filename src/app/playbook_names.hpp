#pragma once

#include <string>

#include "app/playbook_file.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "exposure/factor_map.hpp"

/// From the words of a playbook's file to the assets and factors of what was read.
namespace margrave::app {

/// Throws ConfigError for a word that names nothing here, or several things.
[[nodiscard]] cascade::Playbook resolve_playbook(const PlaybookFile& file,
                                                 const cascade::State& state,
                                                 const exposure::FactorMap& factors);
/// The same of the shock's words, against the resolved playbook.
[[nodiscard]] cascade::Shock resolve_shock(const PlaybookFile& file, const cascade::State& state,
                                           const cascade::Playbook& playbook);

}  // namespace margrave::app
