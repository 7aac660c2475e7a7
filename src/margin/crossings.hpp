#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "margin/book.hpp"

namespace margrave::margin {

/// From moved answers to the rows that they can have brought to the limit, without touching the
/// others.
///
/// Where every answer lies between `low` and `high` times what it was, low <= 1 <= high, no weight
/// falls by more than `low` and no debt rises by more than `high`. So a row's cushion
/// (Book::cushion) shrinks by no more than low / high, and only rows that hold a moved asset and
/// had a cushion below high / low need be looked at. Of each asset the rows stand by rising
/// cushion: those are the first ones.
class Crossings {
  public:
    /// Of `book` at `answers`, in the order of its assets. The book must outlive this, and any row
    /// of it that is replaced must be told with changed().
    Crossings(const Book& book, std::span<const double> answers);

    /// Rows that are perhaps not surely healthy at `answers`, by rising row, each once: every row
    /// that holds a moved asset or was changed, and whose verdict there is not Healthy, is among
    /// them. Rows that were not healthy when this was built are left out unless a move concerns
    /// them.
    [[nodiscard]] std::vector<std::uint32_t> candidates(std::span<const double> answers) const;

    /// The row was replaced in the book: it is a candidate from now on.
    void changed(std::uint32_t row);

  private:
    struct Entry {
        double cushion = 0;
        std::uint32_t row = 0;
    };
    std::vector<double> answers_;
    std::vector<std::vector<Entry>> by_asset_;  ///< by rising cushion
    std::vector<std::uint32_t> changed_;
};

}  // namespace margrave::margin
