#pragma once

#include "exposure/factor_map.hpp"
#include "exposure/rate_outlook.hpp"
#include "report/oracles.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The configured factors as the analysis takes them.
[[nodiscard]] exposure::FactorMap make_factor_map(const settings::Settings& settings);

/// What [report] lets the outlook suppose.
[[nodiscard]] exposure::Suppositions make_suppositions(const settings::Settings& settings);

/// The configured heartbeats and deviations.
[[nodiscard]] report::FeedRules make_feed_rules(const settings::Settings& settings);

}  // namespace margrave::app
