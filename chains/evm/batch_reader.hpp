#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chains/evm/rpc.hpp"
#include "chains/evm/wire.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"

namespace margrave::chains::evm {

struct BatchLimits {
    std::size_t calls_max = 20'000;     ///< of one aggregate; learned downwards from refusals
    std::size_t batch_calls_max = 100;  ///< of one JSON-RPC batch where Multicall3 is missing
    std::size_t request_bytes_max = std::size_t{3} << 20U;  ///< hex of the calldata
};

struct BatchCost {
    std::uint64_t rounds = 0;  ///< sequential round trips
    std::uint64_t splits = 0;  ///< requests beyond one a round, forced by a limit of the endpoint
};

/// Sends what all tasks wait for as a few Multicall3 aggregate3 calls (a JSON-RPC batch of eth_call
/// where there is no Multicall3), identical questions once, until every task is done. In each
/// request the node also says which block it executes on; a reply from another block fails as
/// WrongBlock. A request that is refused for its size, gas or time is sent again in halves, and the
/// accepted size is remembered.
class BatchReader final : public Reader {
  public:
    BatchReader(RpcTransport& rpc, const Block& block, std::optional<core::Address> multicall3,
                const BatchLimits& limits = {});

    [[nodiscard]] const Block& block() const override { return wire_.block; }
    void park(PendingCall& call) override { parked_.push_back(&call); }
    void unpark(PendingCall& call) override;

    /// Runs all tasks to their end. Their exceptions stay in them.
    void run(std::span<const Task<void>> tasks);

    /// After the last run: where calls were pinned by number, reads the block's hash again. Throws
    /// core::ChainError (WrongBlock) when the chain was reorganised meanwhile.
    void confirm_block();

    [[nodiscard]] Pin pin() const { return wire_.pin; }
    [[nodiscard]] BatchCost cost() const { return cost_; }

  private:
    /// Positions in a list of questions that travel in one request.
    using Chunk = std::vector<std::size_t>;
    using Questions = std::vector<const PendingCall*>;

    void answer_parked();
    [[nodiscard]] std::vector<CallOutcome> ask(const Questions& questions);
    void ask_doubtful_again(const Questions& questions, std::vector<CallOutcome>& outcomes);
    void send(const Questions& questions, std::vector<Chunk> chunks, bool alone,
              std::vector<CallOutcome>& outcomes);
    /// Adds `which` of the questions to `chunks`, in requests of the size that the present wire
    /// takes.
    void add_chunks(const Questions& questions, const Chunk& which,
                    std::vector<Chunk>& chunks) const;
    bool split(const Chunk& chunk, core::ErrorKind why, std::vector<Chunk>& again);
    bool fall_back(core::ErrorKind why);

    RpcTransport& rpc_;
    Wire wire_;
    std::optional<core::Address> multicall3_;
    BatchLimits limits_;
    bool proven_ = false;  ///< the present way of asking has worked once
    std::vector<PendingCall*> parked_;
    std::vector<PendingCall*>
        waking_;  ///< answered, their waiters to be resumed; null when forgotten
    BatchCost cost_;
};

}  // namespace margrave::chains::evm
