#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chains/evm/answer_book.hpp"
#include "chains/evm/log_scanner.hpp"
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
    /// Wallets times tokens of one program. The gas of so many stays below what nodes allow, and
    /// half of them may hold something before the result is too long.
    std::size_t pairs_max = 3'000;
};

struct BatchCost {
    /// Sequential waits for the endpoint. What was refused and is sent again, smaller or in another
    /// way, waits once more; what the transport retries by itself is counted there.
    std::uint64_t rounds = 0;
    /// Requests beyond one a round, because questions are too many for one or go by program.
    /// Requests are therefore rounds + splits.
    std::uint64_t splits = 0;
};

/// Sends what all tasks wait for as a few Multicall3 aggregate3 calls (a JSON-RPC batch of eth_call
/// where there is no Multicall3, single calls where batches are refused too), identical questions
/// once, until every task is done. In each request the node also says which block it executes on,
/// except that single calls are preceded by one that asks; a reply from another block fails as
/// WrongBlock. A request that is refused for its size, gas or time is sent again in halves, and the
/// accepted size is remembered; silence halves requests only twice, for it may be a dead
/// endpoint's.
///
/// What wallets hold of a list of tokens is asked by programs (balance_program.hpp) in the same
/// rounds. A program that stops early goes on in a further round, in smaller pieces; a node that
/// does not run them is not asked so again, and those questions fail.
class BatchReader final : public Reader {
  public:
    /// Scans go through `scanner`; nullptr: one of its own that keeps nothing.
    BatchReader(RpcTransport& rpc, const Block& block, std::optional<core::Address> multicall3,
                const BatchLimits& limits = {}, LogScanner* scanner = nullptr);

    [[nodiscard]] const Block& block() const override { return wire_.block; }
    void park(PendingCall& call) override;
    void unpark(PendingCall& call) override;
    void park(PendingScan& scan) override { scans_.push_back(&scan); }
    void unpark(PendingScan& scan) override { std::erase(scans_, &scan); }

    /// Runs all tasks to their end. Their exceptions stay in them.
    void run(std::span<const Task<void>> tasks);

    /// Before the first run: `book` answers what it knows, and takes note of all that is asked.
    void consult(AnswerBook& book) { book_ = &book; }
    /// Answers to these at once, outside of any task: failures are not the reading's.
    [[nodiscard]] std::vector<CallOutcome> ask_at_once(std::span<const PendingCall> calls);

    /// After the last run: looks a second time at the refusals of contracts that were taken for
    /// answers (try_call), all in one round, at the block before; a refusal may be an endpoint's
    /// artefact. Where that block has an answer or cannot be read, this one is asked once more.
    /// Also where several
    /// endpoints agreed: all of them may have left an inner call without gas. Why some were not
    /// seen twice, or nullopt. Throws core::ChainError (NoAgreement) when the same question is
    /// refused the first time and answered the second.
    [[nodiscard]] std::optional<core::ChainError> confirm_refusals();

    /// After the last run: where calls were pinned by number, reads the block's hash again. Throws
    /// core::ChainError (WrongBlock) when the chain was reorganised meanwhile.
    void confirm_block();

    [[nodiscard]] Pin pin() const { return wire_.pin; }
    [[nodiscard]] BatchCost cost() const { return cost_; }
    /// Questions that ended without any answer of a contract, a refusal counted as one: asked again
    /// they may have one.
    [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }

  private:
    /// Positions in a list of questions that travel in one request.
    using Chunk = std::vector<std::size_t>;
    using Questions = std::vector<const PendingCall*>;

    void answer_scan();
    void answer_parked();
    [[nodiscard]] std::vector<CallOutcome> ask(const Questions& questions);
    void ask_doubtful_again(const Questions& questions, std::vector<CallOutcome>& outcomes);
    void send(const Questions& questions, std::vector<Chunk> chunks, bool alone,
              std::vector<CallOutcome>& outcomes);
    [[nodiscard]] std::vector<std::vector<RpcOutcome>> send_round(
        const std::vector<RpcRequest>& requests);
    /// Adds `which` of the questions to `chunks`, in requests of the size that the present wire
    /// takes.
    void add_chunks(const Questions& questions, const Chunk& which, std::vector<Chunk>& chunks);
    /// Those about held tokens, which share one list.
    void add_programs(const Questions& questions, const Chunk& which, std::vector<Chunk>& chunks);
    /// How many questions one request may hold in the present way of asking.
    [[nodiscard]] std::size_t& calls_max();
    [[nodiscard]] bool may_split(core::ErrorKind why) const;
    bool split(const Chunk& chunk, core::ErrorKind why, std::vector<Chunk>& again);
    /// True when silence has the program halved.
    bool take_held_tokens(const Questions& questions, const Wire& wire, const Chunk& chunk,
                          const RpcOutcome& reply, std::vector<CallOutcome>& outcomes,
                          std::vector<Chunk>& again);
    [[nodiscard]] static Questions those_of(const Questions& questions, const Chunk& chunk);
    /// `may_be_artefact`: a refusal that was not asked for alone is looked at a second time.
    void remember_failure(const PendingCall& asked, const CallOutcome& outcome,
                          bool may_be_artefact);
    /// Outcomes of the questions at a block that is read beside them.
    [[nodiscard]] std::vector<CallOutcome> ask_before(const Questions& questions);
    [[nodiscard]] bool has_changed(const Wire& wire) const;
    /// `questions`: how many the refused request held.
    bool fall_back(core::ErrorKind why, std::size_t questions);
    bool fall_back_to_single_calls();

    RpcTransport& rpc_;
    AnswerBook* book_ = nullptr;
    Wire wire_;
    std::optional<core::Address> multicall3_;
    BatchLimits limits_;
    bool proven_ = false;                     ///< the present way of asking has worked once
    bool single_calls_tried_ = false;         ///< with or without success
    std::optional<CallFailure> no_programs_;  ///< why the node is not asked by programs any more
    unsigned timeout_splits_ = 0;             ///< rounds in which silence had requests halved
    LogScanner own_scanner_;
    LogScanner& scanner_;
    std::vector<PendingScan*> scans_;
    std::vector<PendingCall*> parked_;
    std::vector<PendingCall*>
        waking_;  ///< answered, their waiters to be resumed; null when forgotten
    std::map<std::string, PendingCall> refused_;  ///< once each
    BatchCost cost_;
    std::uint64_t unanswered_ = 0;
};

}  // namespace margrave::chains::evm
