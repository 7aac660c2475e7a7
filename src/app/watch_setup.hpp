#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/cascade_watch.hpp"
#include "app/channel_config.hpp"
#include "app/cli.hpp"
#include "app/gather_parts.hpp"
#include "app/heartbeat.hpp"
#include "app/http_config.hpp"
#include "app/watch_endpoints.hpp"
#include "app/watch_plan.hpp"
#include "app/world.hpp"
#include "server/listener.hpp"

namespace margrave::app {

/// Everything that the configuration of a watch decides.
struct WatchSetup {
    std::unique_ptr<WatchPlan> plan;  ///< whose address stays
    Channels channels;
    HttpConfig http;
    std::shared_ptr<const server::Listener> listener;  ///< empty where nobody is to be answered
    std::optional<HeartbeatConfig> heartbeat;
    std::unique_ptr<EndpointWatch> endpoints;  ///< that the chains are connected by
    std::vector<ConnectedWallets> chains;
    SourceOptions source;                         ///< how the chains are read
    std::map<std::string, CascadePlan> cascades;  ///< by chain
    std::uint64_t started_at_s = 0;  ///< the first of the watches that followed each other
    std::uint64_t loaded_at_s = 0;
};

/// Reads the configuration, finds the wallets, connects the chains and listens; all that can be
/// refused is refused here. `running`, if not null, is the watch that this one is to follow, whose
/// address it may keep. Throws ConfigError, InputError, and ChainError where a name could not be
/// resolved.
[[nodiscard]] WatchSetup prepare_watch(World& world, const WatchOptions& options,
                                       const WatchSetup* running);

}  // namespace margrave::app
