#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "chains/evm/log_decoder.hpp"
#include "chains/evm/log_span.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/logs.hpp"
#include "core/errors.hpp"

namespace margrave::chains::evm {

/// How far a scan came.
struct RangeScanEnd {
    /// The first block of which logs may still be missing; one behind the last when none are.
    std::uint64_t next = 0;
    std::optional<core::ChainError> failure;  ///< why it ended before the last block
};

struct RangeScanOptions {
    /// The scan's last block, where that is the one that everything is read at: the node must know
    /// it, by that hash, in the very request that asks for its logs.
    std::optional<Block> pinned;
    /// A scan that finds more logs fails as ReplyTooLarge; nullopt: any number.
    std::optional<std::uint64_t> logs_max;
    /// Called now and then with the first block not handed over yet.
    std::function<void(std::uint64_t next)> progress;
};

struct RangeScanCost {
    std::uint64_t requests = 0;
    std::uint64_t refusals = 0;  ///< of those, asked again in smaller ones
    std::uint64_t logs = 0;
};

/// Reads events block range by block range through eth_getLogs, with as many blocks a request as
/// the endpoint lets pass and several requests under way. Memory holds the replies in flight alone,
/// so that any number of logs can be streamed to a sink that stores them. What the endpoint accepts
/// is remembered from scan to scan. A reply whose number of logs is one at which endpoints were
/// seen to cut is asked for again in halves.
class RangeScanner {
  public:
    explicit RangeScanner(RpcTransport& rpc) : rpc_(rpc) {}

    /// Hands the logs of `range` to `sink`, in order. On failure those before `next` were handed
    /// over.
    [[nodiscard]] RangeScanEnd scan(const LogFilter& filter, const BlockRange& range,
                                    const RangeScanOptions& options, const LogSink& sink);

    [[nodiscard]] LogSpan& span() { return span_; }
    [[nodiscard]] const RangeScanCost& cost() const { return cost_; }

  private:
    class Run;

    RpcTransport& rpc_;
    LogSpan span_;
    /// Requests under way: one until it is known what the endpoint takes.
    std::size_t width_ = 1;
    bool batches_ = true;  ///< false where an endpoint refuses JSON-RPC batches
    RangeScanCost cost_;
};

/// The parameters of an eth_getLogs, the same text for the same question.
[[nodiscard]] std::string logs_params(const LogFilter& filter, const BlockRange& range);

}  // namespace margrave::chains::evm
