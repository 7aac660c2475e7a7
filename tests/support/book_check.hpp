#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "core/fixed_point.hpp"
#include "margin/book.hpp"
#include "margin/market.hpp"

namespace margrave::test {

/// What a book's verdicts are worth beside the exact check of the market they speak of.
struct BookCheck {
    std::size_t healthy = 0;
    std::size_t liquidatable = 0;
    std::size_t asked = 0;
    std::vector<std::size_t> wrong;  ///< rows of which the exact check says otherwise
    /// The greatest |fast / exact - 1| of rows whose debt is worth at least `debt_min`, and which
    /// have a health above a half, so that the collateral is worth as much.
    double apart = 0;
};

/// `market` differs from the one that `book` was built from in answers alone.
inline BookCheck check_book(const margin::Market& market, const margin::Book& book,
                            double debt_min) {
    const std::vector<double> answers = book.answers_of(market);
    std::vector<margin::Verdict> verdicts(book.row_count());
    std::vector<double> fast(book.row_count());
    book.judge(answers, verdicts);
    book.health(answers, fast);
    BookCheck out;
    for (std::size_t row = 0; row < verdicts.size(); ++row) {
        const margin::Health exact = market.health(row);
        const bool is_safe =
            exact.status == margin::Status::Healthy || exact.status == margin::Status::NoDebt;
        switch (verdicts[row]) {
            case margin::Verdict::Healthy:
                ++out.healthy;
                if (!is_safe) {
                    out.wrong.push_back(row);
                }
                break;
            case margin::Verdict::Liquidatable:
                ++out.liquidatable;
                if (exact.status != margin::Status::Liquidatable) {
                    out.wrong.push_back(row);
                }
                break;
            case margin::Verdict::AskExact:
                ++out.asked;
                break;
        }
        if (exact.health_factor && exact.debt->convert_to<double>() >= debt_min &&
            *exact.health_factor > core::Wad(core::wad() / 2) && !std::isnan(fast[row])) {
            const double factor = exact.health_factor->value().convert_to<double>() / 1e18;
            out.apart = std::max(out.apart, std::abs(fast[row] / factor - 1));
        }
    }
    return out;
}

}  // namespace margrave::test
