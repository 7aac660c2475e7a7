#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "margin/book.hpp"
#include "margin/bulk.hpp"
#include "margin/market.hpp"

namespace margrave::cascade {

/// A market's accounts on flat arrays of doubles, as they were at the beginning: shared by all runs
/// of an engine, changed by none.
class FastMarket {
  public:
    /// The market must outlive this. Throws InputError for one that is no margin::BulkMarket.
    explicit FastMarket(const margin::Market& market);

    [[nodiscard]] const margin::BulkMarket& rules() const { return rules_; }
    [[nodiscard]] const margin::Market& market() const { return market_; }
    [[nodiscard]] const margin::Book& book() const { return book_; }
    [[nodiscard]] std::size_t row_count() const { return first_leg_.size() - 1; }
    /// Empty for a row without debt, and for one that is left out.
    [[nodiscard]] std::span<const margin::BulkLeg> row(std::size_t row) const {
        return {legs_.data() + first_leg_[row], legs_.data() + first_leg_[row + 1]};
    }
    /// Rows with a health that only the exact market can tell.
    [[nodiscard]] std::size_t rows_left_out() const { return rows_left_out_; }

    /// What one base unit of each bulk asset is worth, for an answer of one.
    struct Scale {
        core::Address asset;
        std::string symbol;
        /// In the market's denominator; NaN where the oracle has no value for it.
        double value = std::numeric_limits<double>::quiet_NaN();
        double base = 0;  ///< in the oracle's own unit; 0 for what has no answer
    };
    [[nodiscard]] const std::vector<Scale>& scales() const { return scales_; }
    /// The answers of `now`, a fork of the market, in the order of scales(); 1 for what has none.
    [[nodiscard]] std::vector<double> answers_of(const margin::Market& now) const;

  private:
    const margin::Market& market_;
    const margin::BulkMarket& rules_;
    margin::Book book_;
    std::vector<std::uint32_t> first_leg_;
    std::vector<margin::BulkLeg> legs_;
    std::vector<Scale> scales_;
    std::size_t rows_left_out_ = 0;
};

}  // namespace margrave::cascade
