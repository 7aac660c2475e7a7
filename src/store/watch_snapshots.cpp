#include "store/watch_snapshots.hpp"

#include <span>

#include "store/compress.hpp"
#include "store/numbers.hpp"

namespace margrave::store {

void write_snapshot(const Database& database, const PackedSnapshot& snapshot,
                    std::int64_t bytes_max) {
    Statement put(database,
                  "INSERT INTO snapshots (chain, number, hash, body) VALUES (?, ?, ?, ?) ON "
                  "CONFLICT DO NOTHING");
    put.bind(1, std::string_view(snapshot.chain))
        .bind(2, to_integer(snapshot.number))
        .bind(3, std::string_view(snapshot.hash))
        .bind(4, std::span<const std::uint8_t>(snapshot.body))
        .run();
    Statement drop(database,
                   "DELETE FROM snapshots WHERE id <= (SELECT max(id) FROM snapshots) - ?");
    drop.bind(1, kSnapshotsKept).run();
    Statement shrink(database,
                     "DELETE FROM snapshots WHERE id < (SELECT max(id) FROM snapshots) AND id IN "
                     "(SELECT id FROM (SELECT id, sum(length(body)) OVER (ORDER BY id DESC) AS "
                     "bytes FROM snapshots) WHERE bytes > ?)");
    shrink.bind(1, bytes_max).run();
}

bool has_snapshot(const Database& database, std::string_view hash) {
    Statement row(database, "SELECT 1 FROM snapshots WHERE hash = ?");
    row.bind(1, hash);
    return row.step();
}

std::optional<std::string> read_snapshot(const Database& database, std::string_view hash) {
    Statement row(database, "SELECT body FROM snapshots WHERE hash = ?");
    row.bind(1, hash);
    return row.step() ? std::optional(uncompress(row.bytes(0))) : std::nullopt;
}

}  // namespace margrave::store
