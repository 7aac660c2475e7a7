#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// A reorganisation, as it is seen by blocks that were evaluated.
struct Fork {
    std::optional<store::WatchedBlock> stands;  ///< the newest that is of the chain still
    /// The number of the first one that is not. Blocks between the two had no look before, either.
    std::uint64_t first_lost = 0;
    std::size_t lost = 0;  ///< of those that a node with the head can have
};

/// What the node that has this head shows instead of blocks that were evaluated, of which `last` is
/// the newest; nullopt where all that it has is as it was: one that lags proves nothing. Throws
/// ChainError.
[[nodiscard]] std::optional<Fork> find_fork(chains::evm::RpcTransport& transport,
                                            store::WatchFile& file, const std::string& chain,
                                            const store::WatchedBlock& last,
                                            const chains::Block& head);

}  // namespace margrave::app
