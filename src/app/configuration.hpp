#pragma once

#include <optional>
#include <string>

#include "app/world.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The shipped configuration with the user's file, if any, over it. Throws ConfigError or
/// InputError.
[[nodiscard]] settings::Settings load_settings(const World& world,
                                               const std::optional<std::string>& config_file);

/// "FILE:LINE: key `K`" of a chain in the user's file; "chain NAME" where it does not stand there.
[[nodiscard]] std::string chain_key_place(const std::optional<std::string>& config_file,
                                          const std::string& chain, const std::string& key);

}  // namespace margrave::app
