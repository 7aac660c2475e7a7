#include "store/watch_tables.hpp"

#include <array>
#include <cstdint>

namespace margrave::store {
namespace {

/// "mgwt", and the version of the tables below.
constexpr std::int64_t kApplicationId = 0x6d677774;
constexpr std::int64_t kVersion = 1;

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
});

}  // namespace

const Tables& watch_tables() {
    static constexpr Tables kWatch{
        .what = "watch",
        .application_id = kApplicationId,
        .version = kVersion,
        .sql = kTables,
        .first_row = "INSERT INTO watch VALUES (1, lower(hex(randomblob(16))))",
        .way_on =
            "start it with the margrave that made it, until "
            "everything in it is delivered"};
    return kWatch;
}

}  // namespace margrave::store
