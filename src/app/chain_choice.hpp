#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/units.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// An endpoint that stands in for configured ones.
struct OtherEndpoint {
    std::string url;     ///< may hold a key: never print it
    std::string origin;  ///< for messages: "--rpc", "ETH_RPC_URL", "--replay"
};

/// What the command line and the environment say about where to read.
struct ChainQuestion {
    std::vector<std::string> chains = {};  ///< --chain
    /// Of the command line: goes before the configuration.
    std::optional<OtherEndpoint> given = std::nullopt;
    /// Of the environment: goes before shipped endpoints only.
    std::optional<OtherEndpoint> ambient = std::nullopt;
};

/// A chain to read, its endpoints settled, and whose accounts there.
struct ChosenChain {
    settings::Chain chain;
    std::vector<core::Address> wallets;  ///< each once, in the order given
};

/// The chain that an endpoint serves; throws core::ChainError.
using AskChainId = std::function<core::ChainId(const OtherEndpoint& endpoint)>;

/// The chains of `question`; else those that the user's configuration names; else the one that the
/// given or the ambient endpoint serves; else ethereum. A wallet with a chain in front is read on
/// that chain alone. `ask` is called only when the answer decides something. Throws InputError or
/// ConfigError that says how to mend it; the endpoints of the result may still be empty (see
/// require_endpoints).
[[nodiscard]] std::vector<ChosenChain> choose_chains(const settings::Settings& settings,
                                                     const std::vector<core::ChainAddress>& wallets,
                                                     const ChainQuestion& question,
                                                     const AskChainId& ask);

/// Throws ConfigError for a chain without an endpoint.
void require_endpoints(const std::vector<ChosenChain>& chains);

}  // namespace margrave::app
