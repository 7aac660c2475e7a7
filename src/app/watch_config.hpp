#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alert/rule.hpp"
#include "app/watch_plan.hpp"
#include "channels/channel.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

using Channels = std::map<std::string, std::unique_ptr<channels::Channel>, std::less<>>;

/// The configured [[rules]], understood. Throws ConfigError that names file, line and key.
[[nodiscard]] std::vector<alert::Rule> make_rules(const settings::Settings& settings);

/// What rules and messages must know of the configured [[channels]]. Throws ConfigError.
[[nodiscard]] std::vector<ChannelPlan> plan_channels(const settings::Settings& settings);

/// The configured [[channels]] by name; secrets come from the environment. Throws ConfigError.
[[nodiscard]] Channels make_channels(const settings::Settings& settings,
                                     const settings::Environment& environment);

}  // namespace margrave::app
