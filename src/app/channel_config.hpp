#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/watch_plan.hpp"
#include "channels/channel.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

using Channels = std::map<std::string, std::unique_ptr<channels::Channel>, std::less<>>;

/// What rules and messages must know of the configured [[channels]]. Throws ConfigError.
[[nodiscard]] std::vector<ChannelPlan> plan_channels(const settings::Settings& settings);

/// The configured [[channels]] by name (docs/channels.md); secrets come from the environment and
/// from files. Throws ConfigError that names file, line and key, and never quotes a secret.
[[nodiscard]] Channels make_channels(const settings::Settings& settings,
                                     const settings::Environment& environment);

}  // namespace margrave::app
