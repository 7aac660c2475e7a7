#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/evm/wire.hpp"
#include "chains/reader.hpp"
#include "core/hex.hpp"
#include "core/result.hpp"

/// Questions for the held tokens of wallets, as one run of the program of balance_program.hpp.
namespace margrave::chains::evm {

/// What a wallet holds as the answer that its question decodes.
[[nodiscard]] core::Bytes encode_held(const Reader::HeldTokens::Result& held);

/// How many wallets one request may ask about so many tokens; at least one.
[[nodiscard]] std::size_t held_tokens_wallets_max(std::size_t tokens, std::size_t pairs_max,
                                                  std::size_t request_bytes_max);

/// The questions as one request; they share one list.
[[nodiscard]] RpcRequest encode_held_tokens(const Wire& wire,
                                            std::span<const PendingCall* const> questions);

/// Answers to the first of the questions: fewer than all where the program stopped early, none
/// where it did not finish the first wallet.
using HeldTokensAnswers = core::Result<std::vector<CallOutcome>, CallFailure>;
[[nodiscard]] HeldTokensAnswers decode_held_tokens(const Wire& wire,
                                                   std::span<const PendingCall* const> questions,
                                                   const RpcOutcome& outcome);

}  // namespace margrave::chains::evm
