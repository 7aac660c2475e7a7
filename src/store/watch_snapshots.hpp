#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/hex.hpp"
#include "store/sqlite.hpp"

/// The readings that alerts were made of.
namespace margrave::store {

/// A block's reading, as `margrave audit --write-snapshot` writes it, compressed.
struct PackedSnapshot {
    std::string chain = {};
    std::uint64_t number = 0;
    std::string hash = {};  ///< of the block, "0x…"
    core::Bytes body = {};
};
inline constexpr std::int64_t kSnapshotsKept = 500;
inline constexpr std::int64_t kSnapshotBytesKept = 536'870'912;  ///< 512 MiB, compressed
/// One that is kept already stays; only the newest kSnapshotsKept do, and of these as many as have
/// no more bytes than `bytes_max`, but one.
void write_snapshot(const Database& database, const PackedSnapshot& snapshot,
                    std::int64_t bytes_max = kSnapshotBytesKept);
[[nodiscard]] bool has_snapshot(const Database& database, std::string_view hash);
/// By the block's hash, "0x…", the file's text; nullopt where it is not kept.
[[nodiscard]] std::optional<std::string> read_snapshot(const Database& database,
                                                       std::string_view hash);

}  // namespace margrave::store
