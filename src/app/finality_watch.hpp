#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/endpoints.hpp"
#include "app/watch_listener.hpp"
#include "app/world.hpp"
#include "core/units.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// Asks now and then how many of each chain's newest blocks are not final yet, one endpoint at a
/// time, over connections of its own: a node that is slow to say so keeps no block waiting.
class FinalityWatch {
  public:
    static constexpr std::chrono::seconds kEvery{60};
    /// Whoever ends or reloads the watch waits for no more than that, whatever a chain's timeout.
    static constexpr std::chrono::seconds kTimeoutMax{5};

    FinalityWatch(World& world, WatchListener& listener) : world_(world), listener_(listener) {}

    void add(const settings::Chain& chain, const ConnectOptions& options);
    /// Tells of those that are due. Of a chain whose endpoint does not say it tells that, and asks
    /// the next one of its endpoints the next time.
    void look(const std::function<bool()>& is_asked_to_stop);

  private:
    struct Chain {
        std::string name;
        core::ChainId id;
        std::vector<std::unique_ptr<chains::evm::RpcTransport>> endpoints;
        std::size_t next = 0;
        std::chrono::steady_clock::time_point due{};
    };
    void look_at(Chain& chain, const std::function<bool()>& is_asked_to_stop);

    World& world_;
    WatchListener& listener_;
    std::vector<Chain> chains_;
};

}  // namespace margrave::app
