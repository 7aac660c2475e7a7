#include "store/watch_tables.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace margrave::store {
namespace {

/// "mgwt", and the version of the tables below.
constexpr std::int64_t kApplicationId = 0x6d677774;
constexpr std::int64_t kVersion = 5;

/// The tables, in SQLite's order of making them.
constexpr auto kTables = std::to_array<const char*>({
    "CREATE TABLE watch (id INTEGER PRIMARY KEY CHECK (id = 1), instance TEXT NOT NULL) STRICT",
    "CREATE TABLE blocks (chain TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, "
    "time INTEGER NOT NULL, PRIMARY KEY (chain, number)) STRICT, WITHOUT ROWID",
    "CREATE TABLE alerts (\"key\" TEXT PRIMARY KEY, chain TEXT NOT NULL, rule TEXT NOT NULL, "
    "subject TEXT NOT NULL, state TEXT NOT NULL) STRICT, WITHOUT ROWID",
    // state: 'queued', 'sent', 'dead'
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, \"key\" TEXT NOT NULL UNIQUE, "
    "alert TEXT NOT NULL, channel TEXT NOT NULL, body TEXT NOT NULL, urgent INTEGER NOT NULL, "
    "created INTEGER NOT NULL, not_before INTEGER NOT NULL, attempts INTEGER NOT NULL, "
    "state TEXT NOT NULL, error TEXT NOT NULL, done INTEGER) STRICT",
    "CREATE INDEX queued ON outbox (channel, alert, id) WHERE state = 'queued'",
    // since version 2
    "CREATE TABLE silences (id INTEGER PRIMARY KEY, rule TEXT NOT NULL, chain TEXT NOT NULL, "
    "market TEXT NOT NULL, wallet TEXT NOT NULL, severity TEXT NOT NULL, author TEXT NOT NULL, "
    "reason TEXT NOT NULL, begun INTEGER NOT NULL, until INTEGER NOT NULL) STRICT",
    "CREATE TABLE acknowledgements (alert TEXT NOT NULL, episode INTEGER NOT NULL, author TEXT NOT "
    "NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (alert, episode)) STRICT, "
    "WITHOUT "
    "ROWID",
    "CREATE TABLE series (id INTEGER PRIMARY KEY, quantity TEXT NOT NULL, chain TEXT NOT NULL, "
    "protocol TEXT NOT NULL, market TEXT NOT NULL, wallet TEXT NOT NULL, UNIQUE (wallet, chain, "
    "protocol, market, quantity)) STRICT",
    "CREATE TABLE points (series INTEGER NOT NULL, block INTEGER NOT NULL, time INTEGER NOT NULL, "
    "value TEXT, PRIMARY KEY (series, block)) STRICT, WITHOUT ROWID",
    "CREATE TABLE snapshots (id INTEGER PRIMARY KEY, chain TEXT NOT NULL, number INTEGER NOT NULL, "
    "hash TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT",
    // since version 3
    "CREATE TABLE facts (chain TEXT NOT NULL, protocol TEXT NOT NULL, market TEXT NOT NULL, "
    "wallet TEXT NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL, block INTEGER NOT NULL, "
    "time INTEGER NOT NULL, value TEXT, news INTEGER NOT NULL, PRIMARY KEY (chain, protocol, "
    "market, wallet, part, name, block)) STRICT, WITHOUT ROWID",
    // since version 4; near: addresses with a blank between
    "CREATE TABLE schedules (chain TEXT PRIMARY KEY, far_every INTEGER NOT NULL, "
    "wallets INTEGER NOT NULL, near TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX written ON outbox (created)",
    // since version 5
    "CREATE TABLE passed (chain TEXT PRIMARY KEY, number INTEGER NOT NULL, time INTEGER NOT NULL) "
    "STRICT, WITHOUT ROWID",
});
/// How many of them a file of version 1, 2, 3 and 4 has.
constexpr std::array<std::size_t, 4> kTablesBefore{5, 10, 11, 13};

}  // namespace

const Tables& watch_tables() {
    static constexpr Tables kWatch{
        .what = "watch",
        .application_id = kApplicationId,
        .version = kVersion,
        .sql = kTables,
        .first_row = "INSERT INTO watch VALUES (1, lower(hex(randomblob(16))))",
        .way_on = "start the newest margrave that has used it",
        .tables_before = kTablesBefore};
    return kWatch;
}

}  // namespace margrave::store
