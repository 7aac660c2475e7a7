#pragma once

#include <cstddef>
#include <cstdint>

#include "margin/book.hpp"

/// The loops over a Book's arrays, written for the compiler to put the lanes into vector registers.
/// It may do so with any width, since a lane is a row of its own: wider instructions than those
/// that every machine has were measured and gained nothing, as looking up the answers decides the
/// time.
namespace margrave::margin::book_sweep {

/// A Book's arrays; see there for what they are.
struct View {
    const Book::Slice* slices = nullptr;
    const std::uint16_t* leg_assets = nullptr;
    const double* leg_amounts = nullptr;
    const Book::Slack* slacks = nullptr;
    const std::uint32_t* row_of_slot = nullptr;
    const double* answers = nullptr;
};

[[nodiscard]] double health(double weight, double debt);
[[nodiscard]] Verdict verdict(double weight, double debt, const Book::Slack& slack);

/// out[row] of the rows in the slices from `first` up to, but without, `last`.
void health(const View& view, std::size_t first, std::size_t last, double* out);
void judge(const View& view, std::size_t first, std::size_t last, Verdict* out);

}  // namespace margrave::margin::book_sweep
