#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chains/logs.hpp"
#include "chains/reader.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace margrave::chains::evm {

/// Where scans keep what they read between runs. A failure is no failure of the scan.
class LogStore {
  public:
    virtual ~LogStore() = default;
    /// The text saved under the name; nullopt when there is none; an error when it cannot be read.
    [[nodiscard]] virtual core::Result<std::optional<std::string>, std::string> load(
        const std::string& name) = 0;
    /// In one step: whoever loads it has the old text or the new one. Why not, or nullopt.
    [[nodiscard]] virtual std::optional<std::string> save(const std::string& name,
                                                          std::string_view text) = 0;
};

/// The events of a filter from its first block through a block that will not change any more.
struct KeptLogs {
    core::ChainId chain_id;
    LogFilter filter;
    core::BlockNumber through;  ///< the last block whose logs are here
    core::Hash hash{};          ///< of that block
    std::uint64_t span = 0;     ///< blocks that the endpoint took in one request at last
    std::vector<Log> logs;      ///< in the chain's order
};

/// What is scanned for as text, the first block aside: "ADDRESS,… TOPIC,… …", `*` for any topic.
[[nodiscard]] std::string events_text(const LogFilter& filter);

/// "1/0xbbbb….….logs": the same for the same chain, addresses and topics.
[[nodiscard]] std::string log_cache_name(core::ChainId chain_id, const LogFilter& filter);

/// The file form, "margrave.logs/1" (docs/log-cache.md).
[[nodiscard]] std::string to_text(const KeptLogs& kept);
/// What is wrong with the text, else what it holds. Nothing in it is believed: its logs must be
/// those of `filter` and come in order, and its checksum must hold.
[[nodiscard]] core::Result<KeptLogs, std::string> parse_kept_logs(std::string_view text,
                                                                  core::ChainId chain_id,
                                                                  const LogFilter& filter);

}  // namespace margrave::chains::evm
