#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "app/chain_watch.hpp"
#include "app/delivery.hpp"
#include "app/world.hpp"
#include "channels/channel.hpp"
#include "store/watch_file.hpp"

namespace margrave::test {

/// What one process of `margrave watch` holds, made in the order in which run_watch() makes it. To
/// kill it is to destroy it: nothing of it writes in its destructor.
class SimulatedDaemon {
  public:
    /// Watches the wallets of a SimulatedNode from one on; `channels` are the plan's, in its order.
    SimulatedDaemon(app::World& world, const app::WatchPlan& plan, const std::string& store,
                    std::vector<std::unique_ptr<channels::Channel>> channels,
                    std::size_t first_wallet = 0);

    [[nodiscard]] app::ChainWatch& watch() { return *watch_; }
    [[nodiscard]] app::Courier& courier(std::size_t channel) { return couriers_[channel]; }
    [[nodiscard]] store::WatchFile& file() { return file_; }

  private:
    store::WatchFile file_;  ///< holds the lock
    std::unique_ptr<app::ChainWatch> watch_;
    std::vector<std::unique_ptr<channels::Channel>> channels_;
    std::vector<store::WatchFile> files_;  ///< of the couriers, who refer to them
    std::vector<app::Courier> couriers_;
};

}  // namespace margrave::test
