#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "app/chain_choice.hpp"
#include "app/world.hpp"
#include "chains/evm/rpc.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

struct ConnectOptions {
    std::optional<std::chrono::milliseconds>
        timeout;                    ///< of a round of reads; nullopt: the chain's own
    bool allow_plain_http = false;  ///< also for a chain that does not allow it itself
};

/// A transport with retry to the first of the chain's endpoints that answers; those that do not are
/// named on stderr. When none does, to the last: the reading then says why. Throws ConfigError for
/// a URL that cannot be used.
[[nodiscard]] std::unique_ptr<chains::evm::RpcTransport> connect(World& world,
                                                                 const settings::Chain& chain,
                                                                 const ConnectOptions& options);

/// The chain that the endpoint serves; throws core::ChainError.
[[nodiscard]] core::ChainId ask_chain_id(World& world, const OtherEndpoint& endpoint,
                                         const ConnectOptions& options);

}  // namespace margrave::app
