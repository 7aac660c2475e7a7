#pragma once

#include "app/gather.hpp"
#include "app/playbook_file.hpp"
#include "app/world.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// What a playbook is carried out on: its markets with their accounts, or with those of its book,
/// its pools, and what its own wallets hold. `settings` are those of playbook_settings(). Throws
/// InputError and ConfigError.
[[nodiscard]] Gathered gather_cascade(World& world, const SourceOptions& options,
                                      const PlaybookFile& file, const settings::Settings& settings);

}  // namespace margrave::app
