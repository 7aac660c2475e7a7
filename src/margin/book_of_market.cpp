#include <algorithm>
#include <utility>

#include "margin/book.hpp"

namespace margrave::margin {
namespace {

/// `market`'s answers above 0, by asset.
std::map<core::Address, double> known_answers(const Market& market) {
    std::map<core::Address, double> out;
    for (const OracleAnswer& answer : market.answers()) {
        if (answer.quote && answer.quote->answer != 0) {
            out.emplace(answer.asset, answer.quote->answer.convert_to<double>());
        }
    }
    return out;
}

/// A form speaks of multiples of today's answers: of an answer of 0 there are none, and the exact
/// check is to be asked.
std::optional<LinearForm> form_over(const std::map<core::Address, double>& answers,
                                    std::optional<LinearForm> form) {
    const bool is_over =
        !form || std::all_of(form->legs.begin(), form->legs.end(), [&](const WeightedLeg& leg) {
            return leg.asset.is_zero() || answers.contains(leg.asset);
        });
    return is_over ? std::move(form) : std::nullopt;
}

}  // namespace

Book make_book(const Market& market) {
    const auto answers = known_answers(market);
    std::vector<std::optional<LinearForm>> rows(market.account_count());
    if (const auto* linear = dynamic_cast<const LinearRows*>(&market)) {
        for (std::size_t row = 0; row < rows.size(); ++row) {
            rows[row] = form_over(answers, linear->linear_form(row));
        }
    }
    return {rows, answers};
}

void fast_health_factors(const Market& market, std::vector<double>& out) {
    const Book book = make_book(market);
    out.resize(book.row_count());
    book.health(book.answers(), out);
}

std::vector<double> Book::answers_of(const Market& market) const {
    const std::map<core::Address, double> known = known_answers(market);
    std::vector<double> out{1};
    for (std::size_t i = 1; i < assets_.size(); ++i) {
        const auto found = known.find(assets_[i]);
        core::ensure(found != known.end(), "a fork has the answers that its book was built at");
        out.push_back(found->second);
    }
    return out;
}

std::vector<std::size_t> liquidatable_rows(const Market& market, const Book& book) {
    std::vector<Verdict> verdicts(book.row_count());
    book.judge(book.answers_of(market), verdicts);
    std::vector<std::size_t> out;
    for (std::size_t row = 0; row < verdicts.size(); ++row) {
        if (verdicts[row] == Verdict::Liquidatable ||
            (verdicts[row] == Verdict::AskExact &&
             market.health(row).status == Status::Liquidatable)) {
            out.push_back(row);
        }
    }
    return out;
}

}  // namespace margrave::margin
