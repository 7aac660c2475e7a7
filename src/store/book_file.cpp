#include "store/book_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "store/book_tables.hpp"
#include "store/kept_numbers.hpp"

namespace margrave::store {
namespace {

std::int64_t to_integer(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw core::InputError(fmt::format("a book takes no number as large as {}", value));
    }
    return static_cast<std::int64_t>(value);
}

/// A column that this program wrote is what it says; one of a hostile file may be anything.
template <class Array>
Array fixed(const Database& database, std::span<const std::uint8_t> bytes) {
    Array out{};
    if (bytes.size() != out.size()) {
        database.refuse("a hash or address in it has another length");
    }
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

std::uint64_t natural(const Database& database, std::int64_t value) {
    if (value < 0) {
        database.refuse("a number in it is below zero");
    }
    return static_cast<std::uint64_t>(value);
}

/// The ids of a deployment's markets by name; adds those that are new.
class MarketIds {
  public:
    explicit MarketIds(Database& database)
        : find_(database, "SELECT id FROM markets WHERE deployment = ? AND name = ?"),
          add_(database, "INSERT INTO markets (deployment, name) VALUES (?, ?) RETURNING id") {}

    std::optional<std::int64_t> find(std::int64_t deployment, const std::string& name) {
        const auto known = ids_.find({deployment, name});
        if (known != ids_.end()) {
            return known->second;
        }
        find_.bind(1, deployment).bind(2, std::string_view(name));
        std::optional<std::int64_t> id;
        while (find_.step()) {
            id = find_.integer(0);
        }
        if (id) {
            ids_.emplace(std::pair(deployment, name), *id);
        }
        return id;
    }
    std::int64_t find_or_add(std::int64_t deployment, const std::string& name) {
        if (const auto known = find(deployment, name)) {
            return *known;
        }
        add_.bind(1, deployment).bind(2, std::string_view(name));
        std::int64_t id = 0;
        while (add_.step()) {
            id = add_.integer(0);
        }
        return ids_[{deployment, name}] = id;
    }

  private:
    Statement find_;
    Statement add_;
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> ids_;
};

}  // namespace

BookFile BookFile::open(const std::string& path) { return open(path, Database::Mode::Existing); }
BookFile BookFile::open_or_create(const std::string& path) {
    return open(path, Database::Mode::Create);
}
BookFile BookFile::in_memory() { return open(":memory:", Database::Mode::Create); }

BookFile BookFile::open(const std::string& path, Database::Mode mode) {
    BookFile file{Database(path, mode)};
    // One margrave at a time: two would move each other's block.
    file.database_.execute("PRAGMA locking_mode = EXCLUSIVE");
    file.database_.execute("PRAGMA synchronous = NORMAL");
    if (mode == Database::Mode::Create && is_empty(file.database_)) {
        create_tables(file.database_, book_tables());
    } else {
        check_tables(file.database_, book_tables());
    }
    return file;
}

std::optional<std::string> BookFile::chain() const {
    Statement statement(database_, "SELECT chain FROM book WHERE chain IS NOT NULL");
    return statement.step() ? std::optional(statement.text(0)) : std::nullopt;
}

core::ChainId BookFile::chain_id() const {
    return core::ChainId(
        natural(database_, database_.integer("SELECT coalesce(chain_id, 0) FROM book")));
}

void BookFile::set_chain(const std::string& name, core::ChainId id) {
    Statement(database_, "UPDATE book SET chain = ?, chain_id = ?")
        .bind(1, std::string_view(name))
        .bind(2, to_integer(id.value()))
        .run();
}

std::vector<BookDeployment> BookFile::deployments() const {
    std::vector<BookDeployment> out;
    Statement statement(database_,
                        "SELECT id, protocol, name, only_market FROM deployments "
                        "ORDER BY protocol, name, only_market");
    while (statement.step()) {
        out.push_back({.id = statement.integer(0),
                       .protocol = statement.text(1),
                       .name = statement.text(2),
                       .only_market = statement.text(3)});
    }
    return out;
}

std::int64_t BookFile::add_deployment(const BookDeployment& deployment) {
    for (const BookDeployment& known : deployments()) {
        if (known.protocol != deployment.protocol || known.name != deployment.name) {
            continue;
        }
        if (known.only_market == deployment.only_market) {
            return known.id;
        }
        if (known.only_market.empty() || deployment.only_market.empty()) {
            database_.refuse(
                fmt::format("it holds {} {}/{} already; what stands twice in a book "
                            "would count twice",
                            known.only_market.empty() ? "all of" : "a market of",
                            core::printable(known.protocol), core::printable(known.name)));
        }
    }
    Statement add(database_,
                  "INSERT INTO deployments (protocol, name, only_market, events, \"from\", next, "
                  "hash) VALUES (?, ?, ?, '', 0, 0, x'') RETURNING id");
    add.bind(1, std::string_view(deployment.protocol))
        .bind(2, std::string_view(deployment.name))
        .bind(3, std::string_view(deployment.only_market));
    std::int64_t id = 0;
    while (add.step()) {
        id = add.integer(0);
    }
    return id;
}

BookScan BookFile::scan(std::int64_t deployment) const {
    Statement statement(database_,
                        "SELECT events, \"from\", next, hash FROM deployments WHERE id = ?");
    statement.bind(1, deployment);
    core::ensure(statement.step(), "a deployment of the book is there");
    BookScan out{.events = statement.text(0),
                 .from = natural(database_, statement.integer(1)),
                 .next = natural(database_, statement.integer(2))};
    if (!statement.bytes(3).empty()) {
        out.hash = fixed<core::Hash>(database_, statement.bytes(3));
    }
    return out;
}

void BookFile::add_borrowers(std::int64_t deployment, std::span<const NamedInBook> found,
                             const BookScan& scan) {
    Transaction transaction(database_);
    MarketIds ids(database_);
    Statement add(database_, "INSERT OR IGNORE INTO accounts (market, wallet) VALUES (?, ?)");
    for (const NamedInBook& one : found) {
        add.bind(1, ids.find_or_add(deployment, one.market)).bind(2, one.wallet.raw()).run();
    }
    Statement(database_,
              "UPDATE deployments SET events = ?, \"from\" = ?, next = ?, hash = ? WHERE id = ?")
        .bind(1, std::string_view(scan.events))
        .bind(2, to_integer(scan.from))
        .bind(3, to_integer(scan.next))
        .bind(4, scan.hash)
        .bind(5, deployment)
        .run();
    transaction.commit();
}

std::optional<BookBlock> BookFile::block() const {
    Statement statement(database_, "SELECT block, hash, time FROM book WHERE block IS NOT NULL");
    if (!statement.step()) {
        return std::nullopt;
    }
    return BookBlock{.number = core::BlockNumber(natural(database_, statement.integer(0))),
                     .hash = fixed<core::Hash>(database_, statement.bytes(1)),
                     .timestamp = core::Timestamp(natural(database_, statement.integer(2)))};
}

void BookFile::move_to(const BookBlock& block,
                       std::span<const std::pair<std::int64_t, NamedInBook>> changed) {
    Transaction transaction(database_);
    MarketIds ids(database_);
    Statement forget(database_, "UPDATE accounts SET state = NULL WHERE market = ? AND wallet = ?");
    for (const auto& [deployment, account] : changed) {
        if (const auto market = ids.find(deployment, account.market)) {
            forget.bind(1, *market).bind(2, account.wallet.raw()).run();
        }
    }
    Statement(database_, "UPDATE book SET block = ?, hash = ?, time = ?, shared = NULL")
        .bind(1, to_integer(block.number.value()))
        .bind(2, block.hash)
        .bind(3, to_integer(block.timestamp.value()))
        .run();
    transaction.commit();
}

void BookFile::forget_block() {
    Transaction transaction(database_);
    database_.execute("UPDATE accounts SET state = NULL");
    database_.execute("UPDATE book SET block = NULL, hash = NULL, time = NULL, shared = NULL");
    transaction.commit();
}

std::vector<BookAccount> BookFile::unread(std::size_t count_max, const BookAccount& behind) const {
    Statement statement(database_,
                        "SELECT market, wallet FROM accounts WHERE state IS NULL AND "
                        "(market, wallet) > (?, ?) ORDER BY market, wallet LIMIT ?");
    statement.bind(1, behind.market).bind(2, behind.wallet.raw());
    statement.bind(3, to_integer(count_max));
    std::vector<BookAccount> out;
    while (statement.step()) {
        out.push_back(
            {.market = statement.integer(0),
             .wallet = core::Address(fixed<core::Address::Raw>(database_, statement.bytes(1)))});
    }
    return out;
}

void BookFile::keep(std::span<const ReadAccount> accounts) {
    Transaction transaction(database_);
    Statement keep(database_,
                   "INSERT INTO accounts (state, market, wallet) VALUES (?, ?, ?) ON CONFLICT "
                   "(market, wallet) DO UPDATE SET state = excluded.state");
    for (const ReadAccount& read : accounts) {
        keep.bind(1, pack(read.numbers))
            .bind(2, read.account.market)
            .bind(3, read.account.wallet.raw())
            .run();
    }
    transaction.commit();
}

void BookFile::keep_shared(const std::string& snapshot) {
    Statement(database_, "UPDATE book SET shared = ?").bind(1, std::string_view(snapshot)).run();
}

std::optional<std::string> BookFile::shared() const {
    Statement statement(database_, "SELECT shared FROM book WHERE shared IS NOT NULL");
    return statement.step() ? std::optional(statement.text(0)) : std::nullopt;
}

std::vector<BookMarket> BookFile::markets() const {
    Statement statement(database_,
                        "SELECT markets.id, deployment, markets.name FROM markets JOIN deployments "
                        "ON deployments.id = deployment ORDER BY protocol, deployments.name, "
                        "only_market, markets.name");
    std::vector<BookMarket> out;
    while (statement.step()) {
        out.push_back({.id = statement.integer(0),
                       .deployment = statement.integer(1),
                       .name = statement.text(2)});
    }
    return out;
}

std::int64_t BookFile::add_market(std::int64_t deployment, const std::string& name) {
    return MarketIds(database_).find_or_add(deployment, name);
}

BookCounts BookFile::counts(std::int64_t market) const {
    Statement statement(database_,
                        "SELECT count(*), count(nullif(length(state), 0)), "
                        "coalesce(sum(state IS NULL), 0), coalesce(sum(length(state)), 0) "
                        "FROM accounts WHERE market = ?");
    statement.bind(1, market);
    core::ensure(statement.step(), "a count has a row");
    const auto count = [&](int column) { return natural(database_, statement.integer(column)); };
    return {.accounts = count(0), .borrowers = count(1), .unread = count(2), .bytes = count(3)};
}

void BookFile::each_borrower(
    std::int64_t market,
    const std::function<void(const core::Address& wallet, std::span<const core::U256> numbers)>&
        take) const {
    Statement statement(database_,
                        "SELECT wallet, state FROM accounts WHERE market = ? AND length(state) > 0 "
                        "ORDER BY wallet");
    statement.bind(1, market);
    while (statement.step()) {
        const core::Address wallet(fixed<core::Address::Raw>(database_, statement.bytes(0)));
        const auto numbers = unpack(statement.bytes(1));
        if (!numbers) {
            database_.refuse("the account of " + wallet.to_string() + " is damaged");
        }
        take(wallet, *numbers);
    }
}

}  // namespace margrave::store
