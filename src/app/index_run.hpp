#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapters/account_events.hpp"
#include "app/index_target.hpp"
#include "app/progress.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/range_scanner.hpp"
#include "chains/evm/rpc.hpp"
#include "collect/book_reading.hpp"
#include "report/index.hpp"
#include "settings/settings.hpp"
#include "store/book_file.hpp"

namespace margrave::app {

struct IndexSource {
    const settings::Settings& settings;
    settings::Chain chain;
    chains::evm::RpcTransport& transport;
    std::string block;  ///< as collect::BlockSelector has it
};

/// Brings a book up to a block: finds who borrowed, reads each borrower at that block, and, where
/// the node forgets the block's state meanwhile, goes on at a later one, at which only those are
/// read again whom events between the two blocks name. Every step is kept in the book as it is
/// done: a run that was killed is gone on with.
class IndexRun {
  public:
    IndexRun(const IndexSource& source, std::vector<IndexTarget> targets, store::BookFile& book,
             Progress& progress);

    /// Throws core::ChainError when the chain cannot be read; what was found stays in the book.
    void run();

    /// Blocks that all was carried on to after the first.
    [[nodiscard]] std::uint64_t blocks_moved() const { return blocks_moved_; }

  private:
    struct Deployment {
        IndexTarget target;
        std::int64_t id = 0;  ///< in the book
        std::optional<adapters::AccountEvents> events;
    };
    /// Accounts of one deployment that events name.
    using Named = std::vector<store::NamedInBook>;

    [[nodiscard]] chains::Block head() const;  ///< the block that is asked for, as it is now
    [[nodiscard]] core::BlockNumber head_of_chain() const;
    [[nodiscard]] bool is_in_chain(core::BlockNumber number, const core::Hash& hash) const;
    [[nodiscard]] chains::evm::BatchReader reader_at(const chains::Block& block) const;
    void forget_block_of_another_chain();
    void read_events(const chains::Block& block);
    void scan_final(Deployment& deployment, const chains::Block& last);
    [[nodiscard]] store::BookScan scan_so_far(const Deployment& deployment);
    [[nodiscard]] Named scan(const Deployment& deployment, const chains::LogFilter& filter,
                             const chains::evm::BlockRange& range,
                             const std::optional<chains::Block>& pinned);
    void at_newest(const std::function<bool(const chains::Block&)>& step);
    void move_to(const chains::Block& block);
    [[nodiscard]] bool read_accounts(chains::evm::BatchReader& reader);
    [[nodiscard]] bool read_shared(chains::evm::BatchReader& reader);
    [[nodiscard]] std::vector<collect::BookQuestion> questions_of(
        const std::vector<store::BookAccount>& accounts) const;
    [[nodiscard]] const Deployment& deployment_of(const store::BookMarket& market) const;
    void note_failure(const core::ChainError& failure);

    IndexSource source_;
    store::BookFile& book_;
    Progress& progress_;
    chains::evm::RangeScanner ranges_;
    std::vector<Deployment> deployments_;
    std::uint64_t blocks_moved_ = 0;
    std::size_t batch_;
    std::uint64_t kept_ = 0;  ///< accounts read at the present block
    std::optional<std::string> first_failure_;
};

}  // namespace margrave::app
