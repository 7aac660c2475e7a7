#include "tests/support/simulated_daemon.hpp"

#include <utility>

#include "app/endpoints.hpp"
#include "tests/support/simulated_node.hpp"

namespace margrave::test {

SimulatedDaemon::SimulatedDaemon(app::World& world, const app::WatchPlan& plan,
                                 const std::string& store,
                                 std::vector<std::unique_ptr<channels::Channel>> channels,
                                 std::size_t first_wallet)
    : file_(store::WatchFile::open_or_create(store)), channels_(std::move(channels)) {
    const settings::Chain& chain = plan.settings.chain("devnet");
    app::ChosenChain chosen{.chain = chain, .wallets = {}};
    for (std::size_t i = first_wallet; i < SimulatedBlock::kWallets; ++i) {
        chosen.wallets.push_back(SimulatedNode::wallet(i));
    }
    watch_ = std::make_unique<app::ChainWatch>(world, plan, std::move(chosen),
                                               app::connect(world, chain, {}),
                                               store::WatchFile::open(store));
    files_.reserve(channels_.size());
    for (std::size_t i = 0; i < channels_.size(); ++i) {
        files_.push_back(store::WatchFile::open(store));
        couriers_.emplace_back(world, files_.back(), plan.channels[i].name, *channels_[i]);
    }
}

}  // namespace margrave::test
