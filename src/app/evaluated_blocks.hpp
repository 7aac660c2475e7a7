#pragma once

#include <optional>
#include <string>

#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Of the blocks of a chain that were evaluated, of which `last` is the newest: that one, as long
/// as the node that has this head shows nothing else (one that lags proves nothing); after a
/// reorganisation the newest that is of the chain still, nullopt where none is. Throws ChainError.
[[nodiscard]] std::optional<store::WatchedBlock> newest_that_stands(
    chains::evm::RpcTransport& transport, store::WatchFile& file, const std::string& chain,
    const store::WatchedBlock& last, const chains::Block& head);

}  // namespace margrave::app
