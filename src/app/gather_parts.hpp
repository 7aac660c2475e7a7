#pragma once

#include <memory>
#include <vector>

#include "app/chain_choice.hpp"
#include "app/endpoints.hpp"
#include "app/gather.hpp"
#include "chains/evm/rpc.hpp"

namespace margrave::app {

/// From endpoints or a recording, and saves what the options ask to save.
[[nodiscard]] Gathered gather_chains(World& world, const SourceOptions& options,
                                     const settings::Settings& settings,
                                     const std::vector<core::ChainAddress>& wallets,
                                     const collect::CollectOptions& reading);

/// How endpoints are to be asked.
[[nodiscard]] ConnectOptions connect_options(const SourceOptions& options);

/// A chain and the endpoint that answers for it.
struct ConnectedChain {
    settings::Chain chain;
    std::unique_ptr<chains::evm::RpcTransport> transport;
};

/// The chain that the options choose; throws InputError where they choose several.
[[nodiscard]] ConnectedChain connect_one_chain(World& world, const SourceOptions& options,
                                               const settings::Settings& settings);

/// A chain that the options choose, who is read there, and the endpoint that answers for it.
struct ConnectedWallets {
    ChosenChain chosen;
    std::unique_ptr<chains::evm::RpcTransport> transport;
};
[[nodiscard]] std::vector<ConnectedWallets> connect_chains(
    World& world, const SourceOptions& options, const settings::Settings& settings,
    const std::vector<core::ChainAddress>& wallets);

/// From a saved snapshot.
[[nodiscard]] Gathered gather_file(const SourceOptions& options,
                                   const std::vector<core::ChainAddress>& wallets);

}  // namespace margrave::app
