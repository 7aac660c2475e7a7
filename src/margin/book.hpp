#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/address.hpp"
#include "margin/linear_form.hpp"
#include "margin/market.hpp"

namespace margrave::margin {

namespace book_sweep {
struct View;
}

/// What doubles can say of a row: the protocol's exact check decides where they cannot.
enum class Verdict : std::uint8_t {
    Healthy,       ///< the exact check surely passes, or there is no debt
    Liquidatable,  ///< the exact check surely fails
    AskExact,      ///< too near to tell, or unknown
};

/// The accounts of one market as flat arrays of doubles, for judging all of them at many sets of
/// answers. A row is a linear form in the oracle's answers (Market::linear_form): its health is
/// sum(weight * answer) / sum(debt * answer), 1 at the limit.
///
/// A form and so a book is of one moment: after accrue() another is built. Answers may move up to
/// kAnswerRange times those the book was built at; beyond, every verdict is AskExact.
///
/// Rows are kept in slices of kLanes that have about as many legs as each other, so that a few
/// loops go over all of it at once. A row's sums are added in one order, whatever the number of
/// threads, the machine or the rows asked for beside it: the bits are the same.
/// Const functions may run at the same time.
class Book {
  public:
    static constexpr std::size_t kLanes = 8;
    static constexpr double kAnswerRange = 1e6;
    /// By how much, relatively, what a verdict compares may be off for the rounding of doubles: a
    /// row has at most kLegsMax legs of a side, and 2^-53 for each of them and for a dozen further
    /// steps is less.
    static constexpr double kRounding = 1e-12;
    static constexpr std::size_t kLegsMax = 1000;

    /// `rows` in the market's order; nullopt for a row of which nothing is known. `answers` are
    /// today's, above 0, of every asset in them.
    Book(std::span<const std::optional<LinearForm>> rows,
         const std::map<core::Address, double>& answers);

    [[nodiscard]] std::size_t row_count() const { return slot_of_row_.size(); }
    [[nodiscard]] std::size_t leg_count() const { return leg_count_; }
    /// Whose answers the functions below take, in this order. The first is the market's own unit,
    /// the zero address, whose answer is always 1.
    [[nodiscard]] const std::vector<core::Address>& assets() const { return assets_; }
    /// Those the book was built at.
    [[nodiscard]] const std::vector<double>& answers() const { return answers_; }
    /// `market`'s answers now, in the order of assets(): of a fork with other answers.
    [[nodiscard]] std::vector<double> answers_of(const Market& market) const;

    /// Health of every row, 1 at the limit; infinity without debt, NaN when unknown. Throws
    /// InvariantError for an answer that is not above 0.
    void health(std::span<const double> answers, std::span<double> out, unsigned threads = 1) const;
    /// The same of some rows: out[i] is of rows[i].
    void health(std::span<const double> answers, std::span<const std::uint32_t> rows,
                std::span<double> out) const;

    void judge(std::span<const double> answers, std::span<Verdict> out, unsigned threads = 1) const;
    void judge(std::span<const double> answers, std::span<const std::uint32_t> rows,
               std::span<Verdict> out) const;

    /// By how much every answer may move against the row, as a ratio, with the verdict still
    /// Healthy: below 1 it is not. Infinity without debt, 0 when unknown.
    [[nodiscard]] double cushion(std::span<const double> answers, std::uint32_t row) const;

    /// Puts another form in the place of a row's, after a liquidation for one. False, and nothing
    /// changes, where it has an asset or a number of legs that there is no room for.
    [[nodiscard]] bool replace(std::uint32_t row, const std::optional<LinearForm>& form);

    /// Of the assets that the row has a leg in, each once.
    [[nodiscard]] std::vector<std::uint16_t> assets_of(std::uint32_t row) const;

    /// Bytes that health() of every row reads and writes, prices apart.
    [[nodiscard]] std::size_t bytes_touched() const;

    // What the loops of book_sweep.hpp go over.

    /// kLanes rows; legs of one place lie side by side, first all collateral, then all debt.
    struct Slice {
        std::uint32_t first_leg = 0;  ///< in units of kLanes
        std::uint16_t collateral_legs = 0;
        std::uint16_t debt_legs = 0;
    };
    /// How far the exact check may be from the form.
    struct Slack {
        float relative = 0;
        float absolute = 0;
    };

  private:
    struct Sums {
        double weight = 0;
        double debt = 0;
    };
    struct Sides;

    [[nodiscard]] std::optional<Sides> sides(const std::optional<LinearForm>& form) const;
    void place(std::size_t slot, const Sides& row);
    [[nodiscard]] Sums sums(std::span<const double> answers, std::uint32_t row) const;
    void check(std::span<const double> answers) const;
    [[nodiscard]] bool are_in_range(std::span<const double> answers) const;
    [[nodiscard]] book_sweep::View view_at(std::span<const double> answers) const;

    std::vector<core::Address> assets_;
    std::map<core::Address, std::uint16_t> asset_numbers_;
    std::vector<double> answers_;
    std::vector<Slice> slices_;
    std::vector<std::uint16_t> leg_assets_;
    std::vector<double> leg_amounts_;
    std::vector<Slack> slacks_;               ///< by slot
    std::vector<std::uint32_t> row_of_slot_;  ///< the last slice is filled up with its last row
    std::vector<std::uint32_t> slot_of_row_;
    std::size_t leg_count_ = 0;
};

/// `market`'s rows as they are now; all of them unknown where it is no LinearRows.
[[nodiscard]] Book make_book(const Market& market);

/// Market::fast_health_factors() by way of a book: 1 is the limit.
void fast_health_factors(const Market& market, std::vector<double>& out);

/// The rows that `market`'s own check finds liquidatable, by rising row. `book` was built from it,
/// or from another fork that differs in answers alone. Most rows are decided by doubles, and all
/// others by the exact check.
[[nodiscard]] std::vector<std::size_t> liquidatable_rows(const Market& market, const Book& book);

}  // namespace margrave::margin
