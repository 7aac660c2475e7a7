#pragma once

#include <optional>
#include <span>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/address.hpp"

namespace margrave::chains::evm {

/// How every call is held to the one block.
enum class Pin {
    Hash,    ///< EIP-1898: by hash, and the block must be canonical
    Number,  ///< for nodes that lack it: by number, the hash is read again when all is done
};

/// The present way of asking: at which block, and through which Multicall3, or as a JSON-RPC batch
/// without one, or one call at a time.
struct Wire {
    Block block;
    Pin pin = Pin::Hash;
    std::optional<core::Address> multicall3;
    bool batches = true;  ///< false where an endpoint refuses JSON-RPC batches
};

/// What came back to one request: an outcome per question, or one failure for all of them.
using Answers = core::Result<std::vector<CallOutcome>, CallFailure>;

/// The questions as one request in which the node also says its block number and timestamp.
[[nodiscard]] RpcRequest encode(const Wire& wire, std::span<const PendingCall* const> questions);
/// The answers, if they are from the wire's block; WrongBlock otherwise.
[[nodiscard]] Answers decode(const Wire& wire, std::span<const PendingCall* const> questions,
                             const std::vector<RpcOutcome>& outcomes);

/// That check as a request of its own: which block the node runs calls on.
[[nodiscard]] RpcRequest encode_block_check(const Wire& wire);
[[nodiscard]] bool passes_block_check(const Wire& wire, const RpcOutcome& outcome);

/// A program to be run as creation code, by a call without a recipient.
[[nodiscard]] RpcRequest encode_program(const Wire& wire, const core::Bytes& program);
/// What such a call returned.
[[nodiscard]] CallOutcome decode_program(const RpcOutcome& outcome);
/// WrongBlock unless that is the wire's block.
[[nodiscard]] std::optional<CallFailure> check_block(const Wire& wire, const core::U256& number,
                                                     const core::U256& timestamp);

/// Some nodes hand over revert data as if it were a result; a real result is whole words.
[[nodiscard]] bool is_revert_in_disguise(const core::Bytes& data);

/// One question as a plain call, without that check.
[[nodiscard]] RpcRequest encode_alone(const Wire& wire, const PendingCall& question);
[[nodiscard]] CallOutcome decode_alone(const PendingCall& question, const RpcOutcome& outcome);

}  // namespace margrave::chains::evm
