#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "store/sqlite.hpp"

namespace margrave::store {

/// The block that all of a book holds at.
struct BookBlock {
    core::BlockNumber number;
    core::Hash hash{};
    core::Timestamp timestamp;

    friend bool operator==(const BookBlock&, const BookBlock&) = default;
};

/// A deployment in a book, as the configuration names it.
struct BookDeployment {
    std::int64_t id = 0;
    std::string protocol;
    std::string name;         ///< of its [[markets]] entry
    std::string only_market;  ///< "" for all of it
};

/// How far a deployment's borrowers were looked for.
struct BookScan {
    std::string events;      ///< what was scanned for: another filter begins anew
    std::uint64_t from = 0;  ///< the first block
    std::uint64_t next = 0;  ///< the first block not scanned yet
    core::Hash hash{};       ///< of the block before `next`; zero when nothing is scanned
};

struct BookMarket {
    std::int64_t id = 0;
    std::int64_t deployment = 0;
    std::string name;
};

struct BookAccount {
    std::int64_t market = 0;
    core::Address wallet;
};

/// An account with what was read of it; no numbers without debt.
struct ReadAccount {
    BookAccount account;
    std::vector<core::U256> numbers;
};

/// What happened to a deployment's accounts.
struct NamedInBook {
    std::string market;
    core::Address wallet;
};

struct BookCounts {
    std::uint64_t accounts = 0;   ///< that ever borrowed
    std::uint64_t borrowers = 0;  ///< read, with debt
    std::uint64_t unread = 0;
    std::uint64_t bytes = 0;  ///< of what was read of the borrowers, without their addresses
};

/// The book of whole markets of one chain (docs/book.md): one SQLite file. Every method is one
/// transaction, and what it leaves is true whenever the program is killed: accounts that were read
/// hold at block(), all others stand there as unread.
class BookFile {
  public:
    /// Throws InputError for a file that is not a book, that another version wrote, that is
    /// damaged, or that another margrave is writing.
    [[nodiscard]] static BookFile open(const std::string& path);
    [[nodiscard]] static BookFile open_or_create(const std::string& path);
    [[nodiscard]] static BookFile in_memory();

    /// nullopt for a new file.
    [[nodiscard]] std::optional<std::string> chain() const;
    [[nodiscard]] core::ChainId chain_id() const;
    void set_chain(const std::string& name, core::ChainId id);

    [[nodiscard]] std::vector<BookDeployment> deployments() const;
    /// Finds it or adds it; throws InputError where the book has a part of it, or all, already.
    std::int64_t add_deployment(const BookDeployment& deployment);
    [[nodiscard]] BookScan scan(std::int64_t deployment) const;
    /// Notes accounts that borrowed, unread where they are new, and how far the scan is now.
    void add_borrowers(std::int64_t deployment, std::span<const NamedInBook> found,
                       const BookScan& scan);

    [[nodiscard]] std::optional<BookBlock> block() const;
    /// From now on all holds at `block`: of what was read, everything but the accounts named, which
    /// are unread again, and so is what accounts share.
    void move_to(const BookBlock& block,
                 std::span<const std::pair<std::int64_t, NamedInBook>> changed);
    /// The block is no longer in the chain: everything is unread.
    void forget_block();

    [[nodiscard]] std::vector<BookAccount> unread(std::size_t count_max,
                                                  const BookAccount& behind) const;
    void keep(std::span<const ReadAccount> accounts);
    /// What the accounts share, as a snapshot without accounts; the book is whole then.
    void keep_shared(const std::string& snapshot);
    /// nullopt until it was read at block().
    [[nodiscard]] std::optional<std::string> shared() const;

    /// By deployment (protocol, name), then name.
    [[nodiscard]] std::vector<BookMarket> markets() const;
    std::int64_t add_market(std::int64_t deployment, const std::string& name);
    [[nodiscard]] BookCounts counts(std::int64_t market) const;
    /// The borrowers by rising address.
    void each_borrower(std::int64_t market,
                       const std::function<void(const core::Address& wallet,
                                                std::span<const core::U256> numbers)>& take) const;

    [[nodiscard]] const std::string& path() const { return database_.path(); }

  private:
    explicit BookFile(Database database) : database_(std::move(database)) {}
    [[nodiscard]] static BookFile open(const std::string& path, Database::Mode mode);

    Database database_;
};

}  // namespace margrave::store
