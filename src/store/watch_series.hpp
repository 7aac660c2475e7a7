#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.hpp"

/// What every watched quantity was, block by block.
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

}  // namespace margrave::store
