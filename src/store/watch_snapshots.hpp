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
/// One that is kept already stays; only the newest kSnapshotsKept do.
void write_snapshot(const Database& database, const PackedSnapshot& snapshot);
inline constexpr std::int64_t kSnapshotsKept = 500;
[[nodiscard]] bool has_snapshot(const Database& database, std::string_view hash);
/// By the block's hash, "0x…", the file's text; nullopt where it is not kept.
[[nodiscard]] std::optional<std::string> read_snapshot(const Database& database,
                                                       std::string_view hash);

}  // namespace margrave::store
