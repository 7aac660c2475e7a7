#include "margin/book.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "core/errors.hpp"
#include "margin/book_sweep.hpp"

namespace margrave::margin {
namespace {

/// A thread takes this many slices at a time, whatever the number of threads.
constexpr std::size_t kSlicesAtATime = 512;

/// Not below `value`.
float rounded_up(double value) {
    constexpr double kFloatRounding = 1e-6;
    return static_cast<float>(value * (1 + kFloatRounding));
}

/// work(first, last) over all of `count` slices.
template <class Work>
void in_parallel(std::size_t count, unsigned threads, const Work& work) {
    std::atomic<std::size_t> next = 0;
    const auto take_some = [&] {
        for (;;) {
            const std::size_t first = next.fetch_add(kSlicesAtATime);
            if (first >= count) {
                return;
            }
            work(first, std::min(first + kSlicesAtATime, count));
        }
    };
    const std::size_t useful = (count + kSlicesAtATime - 1) / kSlicesAtATime;
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, useful); ++i) {
        others.emplace_back(take_some);
    }
    take_some();
}

}  // namespace

/// A form with its two sides apart and assets by number.
struct Book::Sides {
    struct Leg {
        std::uint16_t asset = 0;
        double amount = 0;
    };
    std::vector<Leg> collateral;
    std::vector<Leg> debt;
    Slack slack;

    /// Of a row that nothing is known of: its sums are NaN.
    static Sides unknown() {
        constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
        return {.collateral = {{.asset = 0, .amount = kNaN}},
                .debt = {{.asset = 0, .amount = kNaN}},
                .slack = {}};
    }
    [[nodiscard]] bool fits(const Slice& slice) const {
        return collateral.size() <= slice.collateral_legs && debt.size() <= slice.debt_legs;
    }
};

/// nullopt for a form with an asset that the book has not.
std::optional<Book::Sides> Book::sides(const std::optional<LinearForm>& form) const {
    if (!form) {
        return Sides::unknown();
    }
    Sides out;
    out.slack = {.relative = rounded_up(form->relative_slack), .absolute = rounded_up(form->slack)};
    for (const WeightedLeg& leg : form->legs) {
        const auto asset = asset_numbers_.find(leg.asset);
        if (asset == asset_numbers_.end()) {
            return std::nullopt;
        }
        if (leg.weight != 0) {
            out.collateral.push_back({asset->second, leg.weight});
        }
        if (leg.debt != 0) {
            out.debt.push_back({asset->second, leg.debt});
        }
    }
    return out;
}

Book::Book(std::span<const std::optional<LinearForm>> rows,
           const std::map<core::Address, double>& answers) {
    assets_.emplace_back();
    answers_.push_back(1);
    asset_numbers_.emplace(core::Address(), std::uint16_t{0});
    for (const auto& [asset, answer] : answers) {
        if (!asset.is_zero()) {
            core::ensure(assets_.size() < std::numeric_limits<std::uint16_t>::max(),
                         "a market has fewer assets than 16 bits can number");
            asset_numbers_.emplace(asset, static_cast<std::uint16_t>(assets_.size()));
            assets_.push_back(asset);
            answers_.push_back(answer);
        }
    }
    check(answers_);

    std::vector<Sides> all;
    all.reserve(rows.size());
    for (const auto& form : rows) {
        auto row = sides(form);
        core::ensure(row.has_value(), "every asset of a form has an answer");
        core::ensure(row->collateral.size() <= kLegsMax && row->debt.size() <= kLegsMax,
                     "a row has no more legs than its rounding was reckoned with");
        leg_count_ += row->collateral.size() + row->debt.size();
        all.push_back(std::move(*row));
    }

    row_of_slot_.resize(rows.size());
    std::iota(row_of_slot_.begin(), row_of_slot_.end(), 0U);
    std::stable_sort(row_of_slot_.begin(), row_of_slot_.end(),
                     [&](std::uint32_t a, std::uint32_t b) {
                         return std::pair(all[a].collateral.size(), all[a].debt.size()) <
                                std::pair(all[b].collateral.size(), all[b].debt.size());
                     });
    slot_of_row_.resize(rows.size());
    for (std::size_t slot = 0; slot < rows.size(); ++slot) {
        slot_of_row_[row_of_slot_[slot]] = static_cast<std::uint32_t>(slot);
    }
    while (row_of_slot_.size() % kLanes != 0) {
        row_of_slot_.push_back(row_of_slot_.back());
    }

    slacks_.resize(row_of_slot_.size());
    for (std::size_t slot = 0; slot < row_of_slot_.size(); slot += kLanes) {
        Slice slice{.first_leg = static_cast<std::uint32_t>(leg_amounts_.size() / kLanes)};
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const Sides& row = all[row_of_slot_[slot + lane]];
            slice.collateral_legs =
                std::max(slice.collateral_legs, static_cast<std::uint16_t>(row.collateral.size()));
            slice.debt_legs =
                std::max(slice.debt_legs, static_cast<std::uint16_t>(row.debt.size()));
        }
        const std::size_t legs = std::size_t{slice.collateral_legs} + slice.debt_legs;
        leg_amounts_.resize(leg_amounts_.size() + legs * kLanes);
        leg_assets_.resize(leg_amounts_.size());
        slices_.push_back(slice);
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            place(slot + lane, all[row_of_slot_[slot + lane]]);
        }
    }
}

/// Writes a row that fits into its slice; what is left of its places is nothing of the unit.
void Book::place(std::size_t slot, const Sides& row) {
    const Slice& slice = slices_[slot / kLanes];
    std::size_t at = std::size_t{slice.first_leg} * kLanes + slot % kLanes;
    const auto write = [&](const std::vector<Sides::Leg>& legs, std::size_t places) {
        for (std::size_t i = 0; i < places; ++i, at += kLanes) {
            const Sides::Leg leg = i < legs.size() ? legs[i] : Sides::Leg{};
            leg_amounts_[at] = leg.amount;
            leg_assets_[at] = leg.asset;
        }
    };
    write(row.collateral, slice.collateral_legs);
    write(row.debt, slice.debt_legs);
    slacks_[slot] = row.slack;
}

bool Book::replace(std::uint32_t row, const std::optional<LinearForm>& form) {
    const std::size_t slot = slot_of_row_.at(row);
    const auto changed = sides(form);
    if (!changed || !changed->fits(slices_[slot / kLanes])) {
        return false;
    }
    // The last row stands in all places that fill up its slice.
    for (std::size_t same = slot; same < row_of_slot_.size() && row_of_slot_[same] == row; ++same) {
        place(same, *changed);
    }
    return true;
}

void Book::check(std::span<const double> answers) const {
    core::ensure(answers.size() == assets_.size(), "there is an answer for every asset of a book");
    core::ensure(answers[0] == 1, "the unit's own answer is 1");
    for (const double answer : answers) {
        core::ensure(answer > 0 && std::isfinite(answer), "an answer is above 0");
    }
}

/// Whether verdicts can be given at these answers.
bool Book::are_in_range(std::span<const double> answers) const {
    return std::equal(answers.begin(), answers.end(), answers_.begin(),
                      [](double now, double then) { return now <= then * kAnswerRange; });
}

/// In the order of book_sweep.cpp.
Book::Sums Book::sums(std::span<const double> answers, std::uint32_t row) const {
    const std::size_t slot = slot_of_row_[row];
    const Slice& slice = slices_[slot / kLanes];
    std::size_t at = std::size_t{slice.first_leg} * kLanes + slot % kLanes;
    const auto add = [&](std::size_t legs) {
        double sum = 0;
        for (std::size_t i = 0; i < legs; ++i, at += kLanes) {
            sum += leg_amounts_[at] * answers[leg_assets_[at]];
        }
        return sum;
    };
    Sums out;
    out.weight = add(slice.collateral_legs);
    out.debt = add(slice.debt_legs);
    return out;
}

book_sweep::View Book::view_at(std::span<const double> answers) const {
    return {.slices = slices_.data(),
            .leg_assets = leg_assets_.data(),
            .leg_amounts = leg_amounts_.data(),
            .slacks = slacks_.data(),
            .row_of_slot = row_of_slot_.data(),
            .answers = answers.data()};
}

void Book::health(std::span<const double> answers, std::span<double> out, unsigned threads) const {
    check(answers);
    core::ensure(out.size() == row_count(), "there is a place for every row");
    const book_sweep::View view = view_at(answers);
    in_parallel(slices_.size(), threads, [&](std::size_t first, std::size_t last) {
        book_sweep::health(view, first, last, out.data());
    });
}

void Book::judge(std::span<const double> answers, std::span<Verdict> out, unsigned threads) const {
    check(answers);
    core::ensure(out.size() == row_count(), "there is a place for every row");
    if (!are_in_range(answers)) {
        std::fill(out.begin(), out.end(), Verdict::AskExact);
        return;
    }
    const book_sweep::View view = view_at(answers);
    in_parallel(slices_.size(), threads, [&](std::size_t first, std::size_t last) {
        book_sweep::judge(view, first, last, out.data());
    });
}

void Book::health(std::span<const double> answers, std::span<const std::uint32_t> rows,
                  std::span<double> out) const {
    check(answers);
    core::ensure(out.size() == rows.size(), "there is a place for every row");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Sums total = sums(answers, rows[i]);
        out[i] = book_sweep::health(total.weight, total.debt);
    }
}

void Book::judge(std::span<const double> answers, std::span<const std::uint32_t> rows,
                 std::span<Verdict> out) const {
    check(answers);
    core::ensure(out.size() == rows.size(), "there is a place for every row");
    const bool in_range = are_in_range(answers);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Sums total = sums(answers, rows[i]);
        out[i] = in_range
                     ? book_sweep::verdict(total.weight, total.debt, slacks_[slot_of_row_[rows[i]]])
                     : Verdict::AskExact;
    }
}

double Book::cushion(std::span<const double> answers, std::uint32_t row) const {
    const Sums total = sums(answers, row);
    const Slack& slack = slacks_[slot_of_row_[row]];
    if (total.debt == 0) {
        return std::numeric_limits<double>::infinity();
    }
    const double least = total.weight * (1 - static_cast<double>(slack.relative));
    const double most = (total.debt + static_cast<double>(slack.absolute)) * (1 + kRounding);
    return least > 0 ? least / most : 0;
}

std::vector<std::uint16_t> Book::assets_of(std::uint32_t row) const {
    const std::size_t slot = slot_of_row_.at(row);
    const Slice& slice = slices_[slot / kLanes];
    std::vector<std::uint16_t> out;
    for (std::size_t i = 0; i < std::size_t{slice.collateral_legs} + slice.debt_legs; ++i) {
        const std::size_t at = (slice.first_leg + i) * kLanes + slot % kLanes;
        if (leg_amounts_[at] != 0 &&
            std::find(out.begin(), out.end(), leg_assets_[at]) == out.end()) {
            out.push_back(leg_assets_[at]);
        }
    }
    return out;
}

std::size_t Book::bytes_touched() const {
    return leg_amounts_.size() * (sizeof(double) + sizeof(std::uint16_t)) +
           slices_.size() * sizeof(Slice) + row_of_slot_.size() * sizeof(std::uint32_t) +
           row_count() * sizeof(double);
}

}  // namespace margrave::margin
