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

}  // namespace margrave::app
