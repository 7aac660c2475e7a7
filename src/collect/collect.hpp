#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "chains/evm/kept_answers.hpp"
#include "chains/evm/log_cache.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "core/address.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// Which block of a chain: a number, a hash, or a tag.
struct BlockSelector {
    std::string text =
        "latest";  ///< "latest", "safe", "finalized", decimal digits, or a 32-byte hash in hex

    /// Throws InputError that shows the accepted forms.
    [[nodiscard]] static BlockSelector parse(std::string_view text);
};

/// A chain to read, the endpoint to read it from, and the wallets to read there.
struct ChainRequest {
    settings::Chain chain;
    chains::evm::RpcTransport* transport = nullptr;
    BlockSelector block;
    std::vector<core::Address> wallets;
};

/// Where a chain's reading is kept between runs. A block's hash stands for all of its state, so
/// what was read there once is what would be read again. Used from the threads of all chains.
class ReadingStore {
  public:
    virtual ~ReadingStore() = default;
    /// What was read for the request at that very block; nullopt when it is not kept.
    [[nodiscard]] virtual std::optional<snapshot::Snapshot> find(const ChainRequest& request,
                                                                 const chains::Block& block) = 0;
    /// What the same request was answered at the last block that it was read at.
    [[nodiscard]] virtual std::optional<chains::evm::KeptAnswers> answers(
        const ChainRequest& request) = 0;
    /// A reading without a gap, all of it asked at its block.
    virtual void keep(const ChainRequest& request, const snapshot::Snapshot& read) = 0;
    /// Of a reading in which every question was answered.
    virtual void keep(const ChainRequest& request, const chains::evm::KeptAnswers& answers) = 0;
};

/// What reading cost, per chain.
struct ReadingCost {
    std::string chain;
    bool was_kept = false;  ///< nothing but the block was asked for
    /// Of an earlier block, whose accounts' answers stood but for those that events named.
    std::optional<core::BlockNumber> stood_since = std::nullopt;
    std::uint64_t rounds = 0;      ///< sequential waits, also for what was refused and sent again
    std::uint64_t splits = 0;      ///< requests beyond one a round
    std::uint64_t unanswered = 0;  ///< questions, also those that are no gap
    chains::evm::RpcTraffic traffic;
};

struct CollectResult {
    snapshot::Snapshot snapshot;
    std::vector<ReadingCost> costs;
    /// Chains that could not be read at all, or are not the chain they should be; also gaps in the
    /// snapshot.
    std::vector<std::string> unreadable_chains;
};

struct CollectOptions {
    bool verify = false;    ///< read the protocols' own views too
    bool venues = false;    ///< read the configured pools too
    bool discover = false;  ///< look for what no list names, too
    bool asks_all = false;  ///< nothing that was kept is used: all is asked at the block itself
    /// Whose tokens outside of protocols are read; nullopt: everyone's.
    std::optional<std::set<core::Address>> holders = {};
    /// Scan what is final before the block is chosen, so that a long scan does not outlast the
    /// block's state.
    bool scan_ahead = true;
    chains::evm::LogStore* log_store = nullptr;         ///< keeps scanned events between runs
    ReadingStore* readings = nullptr;                   ///< keeps readings and answers
    std::function<void(const std::string&)> tell = {};  ///< told what scans cost, a line each
    core::Clock* clock = nullptr;                       ///< for the seconds in those lines
    /// Of one request. Nodes work on one request with one processor: for who is in a hurry.
    std::optional<std::size_t> calls_max = {};
};

/// Reads all wallets on all chains, every chain at one block and all chains at once, each in a
/// thread of its own; turns each failure into a named gap. `options.log_store` and `options.tell`
/// are used by all of them. Throws only for what is the user's mistake: a block that does not exist
/// (InputError), a configuration that cannot be (ConfigError).
[[nodiscard]] CollectResult collect(const settings::Settings& settings,
                                    const std::vector<ChainRequest>& requests,
                                    const CollectOptions& options);

}  // namespace margrave::collect
