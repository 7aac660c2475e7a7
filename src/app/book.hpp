#pragma once

#include <set>
#include <string>
#include <vector>

#include "cascade/backtest.hpp"
#include "report/index.hpp"
#include "snapshot/snapshot.hpp"
#include "store/book_file.hpp"

namespace margrave::app {

/// A book as analyses see it: a snapshot with every borrower of its markets.
struct OpenBook {
    snapshot::Snapshot snapshot;
    std::vector<report::IndexedMarket> markets;
    /// What could not be read, and by how much the debts do not add up to what the markets say.
    std::vector<snapshot::CoverageGap> gaps;
    /// Who borrowed once and could not be read.
    std::set<cascade::AccountName> unread;
};

/// Throws InputError for a book that is not finished, or that does not fit together.
[[nodiscard]] OpenBook read_book(const store::BookFile& book);

/// The file of `margrave index`, or one that it exported. Throws InputError that names the file.
[[nodiscard]] store::BookFile open_book(const std::string& path);

/// Fills `book` with an exported file; throws InputError that names it.
void import_book(const std::string& path, store::BookFile& book);

}  // namespace margrave::app
