#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hex.hpp"
#include "store/sqlite.hpp"

/// What every watched quantity was, block by block, and the readings that alerts were told of.
namespace margrave::store {

/// A quantity of an account, a wallet (no market) or a chain (no wallet either).
struct SeriesName {
    std::string quantity = {};
    std::string chain = {};
    std::string protocol = {};
    std::string market = {};
    std::string wallet = {};  ///< EIP-55

    friend auto operator<=>(const SeriesName&, const SeriesName&) = default;
    friend bool operator==(const SeriesName&, const SeriesName&) = default;
};

struct Point {
    std::uint64_t block = 0;
    std::uint64_t time = 0;  ///< the block's
    /// An exact decimal; "" where there was nothing to watch; nullopt: it was not known.
    std::optional<std::string> value = {};
};

/// Replaces the series' point of the same block.
void write_point(const Database& database, const SeriesName& series, const Point& point);
/// Of a chain: what was reorganised away.
void forget_points(const Database& database, std::string_view chain, std::uint64_t after);
/// Of a chain: what is older than that.
void drop_points(const Database& database, std::string_view chain, std::uint64_t before_time);

[[nodiscard]] std::vector<SeriesName> read_series(const Database& database);
/// Oldest first, from this time on.
[[nodiscard]] std::vector<Point> read_points(const Database& database, const SeriesName& series,
                                             std::uint64_t from_time);

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
