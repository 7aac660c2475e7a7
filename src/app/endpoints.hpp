#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/chain_choice.hpp"
#include "app/world.hpp"
#include "chains/evm/rpc.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

struct ConnectOptions {
    std::optional<std::chrono::milliseconds>
        timeout;                          ///< of a round of reads; nullopt: the chain's own
    std::optional<std::uint64_t> quorum;  ///< endpoints that must agree; nullopt: the chain's own
    bool allow_plain_http = false;        ///< also for a chain that does not allow it itself
    /// One of several chains that has too few endpoints for the quorum cannot be read, as one whose
    /// endpoints are gone; else that is a mistake of the user.
    bool are_too_few_gone = false;
};

/// Where a chain's `rpc` or `quorum` was said: the beginning of messages about it.
using SaidAt = std::function<std::string(const std::string& key)>;

/// Throws ConfigError for a URL that cannot be used, and, unless those are gone, for a quorum of
/// more hosts than there are.
void check_endpoints(const settings::Chain& chain, const ConnectOptions& options,
                     const SaidAt& said_at);

/// A transport with retry over all endpoints of the chain: the quorum that is asked for must agree,
/// and whoever fails is named on stderr and left for the next. Nobody is asked here. Throws
/// ConfigError as check_endpoints() does.
[[nodiscard]] std::unique_ptr<chains::evm::RpcTransport> connect(World& world,
                                                                 const settings::Chain& chain,
                                                                 const ConnectOptions& options);

/// The chain that the endpoint serves; throws core::ChainError.
[[nodiscard]] core::ChainId ask_chain_id(World& world, const OtherEndpoint& endpoint,
                                         const ConnectOptions& options);

}  // namespace margrave::app
