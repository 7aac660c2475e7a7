#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/logs.hpp"
#include "chains/reader.hpp"

namespace margrave::test {

/// A chain that holds events and nothing else: eth_getLogs, eth_getBlockByNumber and eth_chainId,
/// with the limits of real endpoints.
class FakeLogNode final : public chains::evm::RpcTransport {
  public:
    std::uint64_t head = 1000;
    std::optional<std::uint64_t> finalized = 900;  ///< nullopt: the node knows no such tag
    std::uint64_t fork = 0;  ///< part of the hash of every block from fork_at on
    std::uint64_t fork_at = 0;
    std::vector<chains::Log> logs;  ///< in the chain's order

    std::optional<std::uint64_t> blocks_max;  ///< refused with `words` beyond
    std::string words = "exceed maximum block range: 5000";
    std::int64_t code = -32000;             ///< beside the words
    std::optional<std::size_t> logs_max;    ///< "query returned more than N results"
    std::optional<std::size_t> silent_max;  ///< cuts the reply there without a word
    bool has_batches = true;
    std::uint64_t lags_from = UINT64_MAX;  ///< this block and later ones are not there yet
    /// An error for one call.
    std::function<std::optional<chains::evm::RpcError>(const chains::evm::RpcCall&)> refuse_call;
    /// Changes the result of an eth_getLogs, JSON text.
    std::function<std::string(std::string)> alter;

    /// An event of `address` with one topic, its place and data given by the block.
    void add(std::uint64_t block, std::uint64_t index, const core::Address& address,
             std::uint8_t topic);
    [[nodiscard]] chains::Block block(std::uint64_t number) const;

    struct Range {
        std::uint64_t first;
        std::uint64_t last;
    };
    std::vector<Range> asked;        ///< of every eth_getLogs
    std::vector<std::size_t> waves;  ///< requests of every send

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override;
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return traffic_; }

  private:
    [[nodiscard]] chains::evm::RpcOutcome run(const chains::evm::RpcCall& call);
    [[nodiscard]] chains::evm::RpcOutcome get_logs(const std::string& params);
    [[nodiscard]] chains::evm::RpcOutcome get_block(const std::string& params) const;

    chains::evm::RpcTraffic traffic_;
};

/// The topic that is `fill` all over.
[[nodiscard]] chains::Topic topic(std::uint8_t fill);

/// The log as a node writes it.
[[nodiscard]] std::string log_json(const chains::Log& log, const core::Hash& block_hash);

}  // namespace margrave::test
