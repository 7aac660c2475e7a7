#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

/// One endpoint of a chain. Endpoints of one name count as one.
struct NamedEndpoint {
    std::string name;  ///< its host, never a key
    std::unique_ptr<RpcTransport> transport;
};

struct QuorumPolicy {
    std::size_t needed = 1;  ///< endpoints that must say the same
    /// The chain that is meant: who serves another is left out.
    std::optional<core::ChainId> chain_id = std::nullopt;
    /// Who is silent for so long has the next endpoint asked beside it.
    std::chrono::milliseconds hedge_after{3'000};
    /// An endpoint lags whose block is more than so many, and so much of the chain's time, behind
    /// another's.
    std::uint64_t lag_blocks_max = 5;
    std::uint64_t lag_s_max = 60;
    /// Told, a line each, who fails, lags or is outvoted.
    std::function<void(const std::string&)> tell = {};
};

/// Several endpoints of one chain as one. What a tag (latest …) stands for is asked of all; else
/// asked are as many as must agree, all at the same time, and the next one where one fails, is
/// silent, or says something else. What enough of them agree on is the answer (votes.hpp); the
/// block that a tag stands for is the newest that enough of them have under one hash, unless only
/// endpoints that lag make it enough. With `needed` 1 the first good answer counts, of an endpoint
/// that knows the block that reading began with.
///
/// The order is that of the list, who failed or was outvoted behind the others. A size of request
/// that an endpoint has refused is not sent to it again, and one that says "slow down" is left
/// alone for as long as it asks, unless nobody else is there.
[[nodiscard]] std::unique_ptr<RpcTransport> make_quorum_transport(
    std::vector<NamedEndpoint> endpoints, QuorumPolicy policy);

}  // namespace margrave::chains::evm
