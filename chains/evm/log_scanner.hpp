#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "chains/evm/log_cache.hpp"
#include "chains/evm/range_scanner.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/logs.hpp"
#include "chains/reader.hpp"
#include "core/errors.hpp"
#include "core/time.hpp"

namespace margrave::chains::evm {

struct LogScannerOptions {
    core::ChainId chain_id;
    LogStore* store = nullptr;  ///< nullptr: nothing is kept between runs
    /// Told, a line each, what a scan costs, how far it is, and what is wrong with kept logs.
    std::function<void(const std::string&)> tell;
    core::Clock* clock = nullptr;  ///< nullptr: seconds are not told
};

/// Scans of one chain's events that begin where the last run ended. Kept is only what cannot change
/// any more: logs through the `finalized` block, or, of a node that knows none, through the block
/// 64 below. The hash of the last block kept is read again before its logs are used; when it is
/// another, or the file is damaged, all is read anew. A filter may match a million events at most:
/// they are held in memory. More are for a RangeScanner and a sink that stores them.
class LogScanner {
  public:
    LogScanner(RpcTransport& rpc, LogScannerOptions options)
        : ranges_(rpc), rpc_(rpc), options_(std::move(options)) {}

    /// Reads what cannot change any more below `head`, so that a scan at a somewhat later block has
    /// little left to do: a long scan must not outlast the state of the block that everything is
    /// read at. Why not all of it, or nullopt; scan() will try again.
    std::optional<core::ChainError> prepare(const LogFilter& filter, const Block& head);

    /// Hands over the events from filter.from through `block`; why not all of them, or nullopt.
    [[nodiscard]] std::optional<core::ChainError> scan(const LogFilter& filter, const Block& block,
                                                       const LogSink& sink);

  private:
    /// What is known of one filter's events, and what it cost so far.
    struct Known {
        std::optional<KeptLogs> kept;
        bool is_loaded = false;
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::uint64_t blocks = 0;
        std::optional<core::BlockNumber> kept_through;  ///< by earlier runs
        std::chrono::steady_clock::duration time{};
    };
    class Meter;

    void load(const LogFilter& filter, Known& known);
    void save(Known& known);
    /// Drops what is kept of another chain's history.
    [[nodiscard]] std::optional<core::ChainError> check_kept(Known& known);
    [[nodiscard]] core::Result<std::optional<Block>, core::ChainError> last_final(
        const Block& head);
    [[nodiscard]] std::optional<core::ChainError> extend(const LogFilter& filter, Known& known,
                                                         const Block& through);
    [[nodiscard]] core::Result<Block, core::ChainError> ask_block(const RpcCall& question);
    void tell(const std::string& line) const;
    void tell_progress(const LogFilter& filter, const BlockRange& range, std::uint64_t next);
    void tell_cost(const LogFilter& filter, const Known& known, std::uint64_t events);
    [[nodiscard]] std::chrono::steady_clock::time_point now() const;

    RangeScanner ranges_;
    RpcTransport& rpc_;
    LogScannerOptions options_;
    std::map<std::string, Known> known_;
    std::optional<Block> final_;  ///< asked for once
    std::chrono::steady_clock::time_point told_;
};

}  // namespace margrave::chains::evm
