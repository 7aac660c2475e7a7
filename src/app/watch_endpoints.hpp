#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "app/watch_listener.hpp"
#include "app/world.hpp"
#include "chains/evm/rpc.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// A world whose endpoints are counted, each by an alias, "ethereum-1" for the first of the chain's
/// configured ones, "other" for one that is not configured: URLs, and hosts, hold keys.
class EndpointWatch {
  public:
    EndpointWatch(World& world, const settings::Settings& settings);
    EndpointWatch(const EndpointWatch&) = delete;
    EndpointWatch& operator=(const EndpointWatch&) = delete;

    [[nodiscard]] World& world() { return counted_; }
    /// From now on; what was asked before is not counted.
    void tell(WatchListener& listener) { listener_ = &listener; }
    [[nodiscard]] std::string alias_of(const std::string& url) const;

  private:
    World counted_;
    std::map<std::string, std::string> by_url_;
    std::atomic<WatchListener*> listener_ = &WatchListener::nobody();
};

/// The chain's transport, whose answers are told as a sign of life.
[[nodiscard]] std::unique_ptr<chains::evm::RpcTransport> heard_by(
    WatchListener& listener, World& world, const std::string& chain,
    std::unique_ptr<chains::evm::RpcTransport> transport);

}  // namespace margrave::app
