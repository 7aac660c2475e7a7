#pragma once

#include <vector>

#include "alert/rule.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The configured [[rules]], understood. Throws ConfigError that names file, line and key.
[[nodiscard]] std::vector<alert::Rule> make_rules(const settings::Settings& settings);

}  // namespace margrave::app
