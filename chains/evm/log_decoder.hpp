#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chains/logs.hpp"
#include "chains/reader.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

/// The first and the last block of a request for logs, both included.
struct BlockRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    /// 0 stands for all 2^64 blocks.
    [[nodiscard]] std::uint64_t size() const { return last - first + 1; }
};

/// Why a reply to eth_getLogs is not believed.
struct LogsRefused {
    core::ErrorKind kind = core::ErrorKind::BadReply;
    std::string detail;
};

/// The result of an eth_getLogs, JSON text, as logs. It is hostile: every field is checked for its
/// form (BadReply), and every log against what was asked (BadData): the address, the topics, the
/// blocks, `removed`; that each comes once and in the chain's order; that those of one block name
/// one hash, and of `pinned` its own (WrongBlock).
[[nodiscard]] core::Result<std::vector<Log>, LogsRefused> decode_logs(
    std::string json, const LogFilter& filter, const BlockRange& range,
    const std::optional<Block>& pinned);

/// Whether the log is one that the filter asks for, its block aside.
[[nodiscard]] bool matches(const LogFilter& filter, const Log& log);

}  // namespace margrave::chains::evm
