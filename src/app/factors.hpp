#pragma once

#include "exposure/factor_map.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The factor map of the configuration. Symbols are vouched for by [[assets]].
[[nodiscard]] exposure::FactorMap factor_map(const settings::Settings& settings);

}  // namespace margrave::app
