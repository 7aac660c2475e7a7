#include "margin/crossings.hpp"

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace margrave::margin {

Crossings::Crossings(const Book& book, std::span<const double> answers)
    : answers_(answers.begin(), answers.end()), by_asset_(book.assets().size()) {
    core::ensure(answers.size() == book.assets().size(),
                 "there is an answer for every asset of a book");
    for (std::uint32_t row = 0; row < book.row_count(); ++row) {
        const double cushion = book.cushion(answers, row);
        if (std::isinf(cushion)) {
            continue;  // no debt, at whatever answers
        }
        for (const std::uint16_t asset : book.assets_of(row)) {
            by_asset_[asset].push_back({.cushion = cushion, .row = row});
        }
    }
    for (std::vector<Entry>& rows : by_asset_) {
        std::sort(rows.begin(), rows.end(), [](const Entry& a, const Entry& b) {
            return a.cushion < b.cushion || (a.cushion == b.cushion && a.row < b.row);
        });
    }
}

std::vector<std::uint32_t> Crossings::candidates(std::span<const double> answers) const {
    core::ensure(answers.size() == answers_.size(), "there is an answer for every asset of a book");
    double low = 1;
    double high = 1;
    bool in_range = true;
    for (std::size_t asset = 0; asset < answers.size(); ++asset) {
        const double ratio = answers[asset] / answers_[asset];
        low = std::min(low, ratio);
        high = std::max(high, ratio);
        in_range &= answers[asset] <= answers_[asset] * Book::kAnswerRange;
    }
    // The ratios, the cushions and the sums behind them are rounded; far beyond that.
    const double cushion_max = in_range ? high / low * (1 + 10 * Book::kRounding) : INFINITY;
    std::vector<std::uint32_t> out = changed_;
    for (std::size_t asset = 0; asset < answers.size(); ++asset) {
        if (answers[asset] == answers_[asset]) {
            continue;
        }
        for (const Entry& entry : by_asset_[asset]) {
            if (entry.cushion > cushion_max) {
                break;
            }
            out.push_back(entry.row);
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void Crossings::changed(std::uint32_t row) {
    if (std::find(changed_.begin(), changed_.end(), row) == changed_.end()) {
        changed_.push_back(row);
    }
}

}  // namespace margrave::margin
