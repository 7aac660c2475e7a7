#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

/// What an endpoint says of itself and of one block.
struct Head {
    core::ChainId chain_id;
    Block block;
    std::optional<core::Hash> parent = std::nullopt;  ///< of nodes that tell it
};

/// Chain id and block in one round trip. `block` is "latest", "safe", "finalized", decimal digits,
/// or a block hash. Throws core::ChainError; UnknownBlock when the node knows no such block.
[[nodiscard]] Head read_head(RpcTransport& rpc, std::string_view block);

/// The same of a chain that is known by that name: throws WrongChain where the endpoint serves
/// another one.
[[nodiscard]] Head read_head_of(RpcTransport& rpc, const std::string& chain, core::ChainId chain_id,
                                std::string_view block);

/// The chain id alone; throws core::ChainError.
[[nodiscard]] core::ChainId read_chain_id(RpcTransport& rpc);

/// The block of that number as the node sees it now; throws core::ChainError.
[[nodiscard]] Block read_block(RpcTransport& rpc, core::BlockNumber number);

/// Blocks by their numbers, in that order, many a request; throws core::ChainError where one cannot
/// be had.
[[nodiscard]] std::vector<Block> read_blocks(RpcTransport& rpc,
                                             std::span<const core::BlockNumber> numbers);

/// The last block up to `head` that will not change any more: what the node calls finalized, or, of
/// a node that knows none, the one 64 below; nullopt where the chain is shorter.
[[nodiscard]] core::Result<std::optional<Block>, core::ChainError> last_final_block(
    RpcTransport& rpc, const Block& head);

/// The question for a block by its number or tag, and what was answered to it; UnknownBlock when
/// the node knows no such block.
[[nodiscard]] RpcCall block_by_number(std::uint64_t number);
[[nodiscard]] RpcCall block_by_tag(std::string_view tag);
[[nodiscard]] bool is_block_question(const RpcCall& call);
[[nodiscard]] core::Result<Block, core::ChainError> parse_block_reply(const RpcOutcome& outcome);

/// "0x" and hex digits without leading zeros, as JSON-RPC writes quantities.
[[nodiscard]] std::string to_quantity(std::uint64_t value);

/// The error of a failed call as the exception that collect turns into a gap.
[[nodiscard]] core::ChainError to_chain_error(const RpcError& error, std::string_view what);

}  // namespace margrave::chains::evm
