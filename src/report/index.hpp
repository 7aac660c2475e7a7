#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "margin/kept_rows.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// One market of a book.
struct IndexedMarket {
    margin::MarketName name;
    std::string deployment;       ///< the configured one that it is, or is a part of
    std::uint64_t accounts = 0;   ///< that ever borrowed
    std::uint64_t borrowers = 0;  ///< with debt at the block
    std::uint64_t unread = 0;
    std::uint64_t bytes = 0;            ///< that the borrowers take
    std::vector<margin::DebtSum> sums;  ///< those where either side is not zero
};

/// What it took.
struct IndexCost {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;  ///< over the wire, both ways
    std::uint64_t milliseconds = 0;
    std::uint64_t blocks_moved = 0;  ///< times that all was carried on to a later block
};

/// The answer of `margrave index`.
struct IndexReport {
    std::string file;
    snapshot::ChainCut cut;
    std::vector<IndexedMarket> markets;
    IndexCost cost;
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.index/1" (docs/book.md), with a final newline.
[[nodiscard]] std::string to_json(const IndexReport& report);
/// For a person in a terminal of so many columns.
[[nodiscard]] std::string to_text(const IndexReport& report, unsigned columns);

/// "-12", "0", "3": what the accounts have more, or less, than the market says.
[[nodiscard]] std::string difference_text(const core::U256& of_accounts,
                                          const core::U256& of_market);

}  // namespace margrave::report
