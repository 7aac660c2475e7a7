#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/u256.hpp"
#include "margin/answer_calls.hpp"
#include "settings/settings.hpp"

namespace margrave::collect {

/// What oracles answered at one block.
struct AnswersAt {
    chains::Block block;
    /// In the order of the questions; nullopt where the oracle refused, or answered 0.
    std::vector<std::optional<core::U256>> answers;
};

struct HistoryRange {
    chains::Block first;
    chains::Block last;       ///< later than the first
    std::uint64_t every = 1;  ///< blocks between two that are looked at; above 0
};

/// Told of the blocks read so far, and of all that are known to be to read.
using TellBlocks = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// What the oracles answered at the first and the last block and at every so manyth between them,
/// and, where two neighbours differ, at the very block of each change. What changes and changes
/// back between two neighbours is not seen. By rising block. Throws core::ChainError when a block
/// cannot be read: an answer that is not there is never the last one's.
[[nodiscard]] std::vector<AnswersAt> read_answer_history(
    chains::evm::RpcTransport& rpc, const settings::Chain& chain,
    std::span<const margin::AnswerCall> questions, const HistoryRange& range,
    const TellBlocks& tell);

}  // namespace margrave::collect
