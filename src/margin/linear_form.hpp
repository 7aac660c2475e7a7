#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "margin/market.hpp"

namespace margrave::margin {

/// A row's solvency as a linear form in the answers of its market's oracle, in doubles: health =
/// sum(weight * answer) / sum(debt * answer). It is the protocol's rule, instantiated fast, at an
/// answer of one for each asset; what the exact check rounds stands beside it. It holds for answers
/// up to Book::kAnswerRange times today's, at which the exact arithmetic stays within 256 bits.
struct LinearForm {
    std::vector<WeightedLeg> legs;  ///< each asset at most once, in the market's own unit
    /// The exact check may count the weight for less by this part of it, never for more.
    double relative_slack = 0;
    /// And it may be off by this in the market's own unit, in either direction.
    double slack = 0;
};

/// A market whose rows have such forms. Where health is no such ratio, the market does not
/// implement this, and the exact check is asked for every row.
class LinearRows {
  public:
    virtual ~LinearRows() = default;

    /// nullopt when the row's health is unknown, or when only the exact check can tell.
    [[nodiscard]] virtual std::optional<LinearForm> linear_form(std::size_t row) const = 0;
};

}  // namespace margrave::margin
