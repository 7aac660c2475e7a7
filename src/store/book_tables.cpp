#include "store/book_tables.hpp"

#include <array>
#include <cstdint>

namespace margrave::store {
namespace {

/// "mgbk", and the version of the tables below.
constexpr std::int64_t kApplicationId = 0x6d67626b;
constexpr std::int64_t kVersion = 1;

/// The tables, in SQLite's order of making them. A file with any other object is no book.
constexpr auto kTables = std::to_array<const char*>({
    "CREATE TABLE book (id INTEGER PRIMARY KEY CHECK (id = 1), chain TEXT, chain_id INTEGER, "
    "block INTEGER, hash BLOB, time INTEGER, shared TEXT) STRICT",
    "CREATE TABLE deployments (id INTEGER PRIMARY KEY, protocol TEXT NOT NULL, "
    "name TEXT NOT NULL, only_market TEXT NOT NULL, events TEXT NOT NULL, "
    "\"from\" INTEGER NOT NULL, next INTEGER NOT NULL, hash BLOB NOT NULL, "
    "UNIQUE (protocol, name, only_market)) STRICT",
    "CREATE TABLE markets (id INTEGER PRIMARY KEY, deployment INTEGER NOT NULL, "
    "name TEXT NOT NULL, UNIQUE (deployment, name)) STRICT",
    // state: NULL is unread, no bytes: without debt
    "CREATE TABLE accounts (market INTEGER NOT NULL, wallet BLOB NOT NULL, state BLOB, "
    "PRIMARY KEY (market, wallet)) STRICT, WITHOUT ROWID",
    "CREATE INDEX unread ON accounts (market, wallet) WHERE state IS NULL",
});

}  // namespace

const Tables& book_tables() {
    static constexpr Tables kBook{.what = "book",
                                  .application_id = kApplicationId,
                                  .version = kVersion,
                                  .sql = kTables,
                                  .first_row = "INSERT INTO book (id) VALUES (1)",
                                  .way_on = "export it with the margrave that made it"};
    return kBook;
}

}  // namespace margrave::store
