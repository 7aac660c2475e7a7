#include "store/book_tables.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>

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

void create_book_tables(Database& database) {
    database.execute("PRAGMA journal_mode = WAL");
    Transaction transaction(database);
    for (const char* table : kTables) {
        database.execute(table);
    }
    database.execute("INSERT INTO book (id) VALUES (1)");
    database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
    database.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
    transaction.commit();
}

void check_book_tables(const Database& database) {
    if (database.integer("PRAGMA application_id") != kApplicationId) {
        database.refuse("this is no book of margrave");
    }
    const std::int64_t version = database.integer("PRAGMA user_version");
    if (version != kVersion) {
        database.refuse(
            fmt::format("it is a book of version {}, this margrave takes {}; export "
                        "it with the margrave that made it",
                        version, kVersion));
    }
    Statement objects(database,
                      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    std::size_t count = 0;
    bool is_ours = true;
    while (objects.step()) {
        is_ours = is_ours && count < kTables.size() && objects.text(0) == kTables.at(count);
        ++count;
    }
    if (!is_ours || count != kTables.size()) {
        database.refuse("its tables are not those of a book");
    }
    Statement integrity(database, "PRAGMA quick_check(1)");
    const std::string answer = integrity.step() ? integrity.text(0) : "";
    if (answer != "ok") {
        database.refuse("it is damaged: " + answer);
    }
}

}  // namespace margrave::store
