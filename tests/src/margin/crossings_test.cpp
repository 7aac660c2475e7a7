#include "margin/crossings.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/support/fake_node.hpp"

using namespace margrave;
using margin::Book;
using margin::Crossings;
using margin::LinearForm;
using margin::Verdict;
using Rows = std::vector<std::uint32_t>;

namespace {

const core::Address kEth = test::address(1);
const core::Address kUsd = test::address(2);
const core::Address kBtc = test::address(3);

LinearForm against_usd(const core::Address& collateral, double weight, double debt) {
    return {.legs = {{collateral, weight, 0}, {kUsd, 0, debt}}, .relative_slack = 0, .slack = 0};
}

/// Healths at ETH 100, USD 1, BTC 1000: 2, 1.25, 1.25 of BTC, none.
Book four_rows() {
    const std::vector<std::optional<LinearForm>> rows{
        against_usd(kEth, 8, 400), against_usd(kEth, 8, 640), against_usd(kBtc, 8, 6400),
        LinearForm{.legs = {{kEth, 8, 0}}, .relative_slack = 0, .slack = 0}};
    return Book(rows, {{kEth, 100}, {kUsd, 1}, {kBtc, 1000}});
}

}  // namespace

TEST_CASE("a price move touches the rows that it can have brought to their limit",
          "[margin][crossings]") {
    const Book book = four_rows();
    Crossings crossings(book, book.answers());
    CHECK(crossings.candidates(std::vector<double>{1, 100, 1, 1000}).empty());
    CHECK(crossings.candidates(std::vector<double>{1, 90, 1, 1000}).empty());  // -10 %
    CHECK(crossings.candidates(std::vector<double>{1, 79, 1, 1000}) == Rows{1});
    CHECK(crossings.candidates(std::vector<double>{1, 49, 1, 1000}) == Rows{0, 1});
    CHECK(crossings.candidates(std::vector<double>{1, 100, 1, 700}) == Rows{2});
    // Debts that grow by 26 % concern all who owe dollars.
    CHECK(crossings.candidates(std::vector<double>{1, 100, 1.26, 1000}) == Rows{1, 2});
    // 0.9 / 1.15 is below 1 / 1.25.
    CHECK(crossings.candidates(std::vector<double>{1, 90, 1.15, 1000}) == Rows{1, 2});
    crossings.changed(3);
    crossings.changed(3);
    CHECK(crossings.candidates(std::vector<double>{1, 79, 1, 1000}) == Rows{1, 3});
}

TEST_CASE("no row that is not surely healthy after a move is left out",
          "[margin][crossings][property]") {
    std::mt19937_64 random(11);
    const auto any = [&](double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random);
    };
    constexpr unsigned kAssets = 10;
    std::map<core::Address, double> answers;
    for (unsigned asset = 1; asset <= kAssets; ++asset) {
        answers[test::address(asset)] = any(1, 1000);
    }
    std::vector<std::optional<LinearForm>> rows;
    for (int n = 0; n < 2000; ++n) {
        LinearForm form{.legs = {}, .relative_slack = any(0, 1e-3), .slack = any(0, 1)};
        double weight = 0;
        for (int k = 0; k < 2; ++k) {
            const auto asset = test::address(1 + (static_cast<unsigned>(n) + random()) % 5);
            form.legs.push_back({asset, any(1, 100), 0});
            weight += form.legs.back().weight * answers.at(asset);
            if (k == 0 && form.legs[0].asset == test::address(5)) {
                break;
            }
        }
        if (form.legs.size() == 2 && form.legs[0].asset == form.legs[1].asset) {
            weight -= form.legs[1].weight * answers.at(form.legs[1].asset);
            form.legs.pop_back();
        }
        const auto owed = test::address(6 + static_cast<unsigned>(random() % 5));
        form.legs.push_back({owed, 0, weight / answers.at(owed) / any(0.95, 3)});
        rows.emplace_back(std::move(form));
    }
    const Book book(rows, answers);
    const Crossings crossings(book, book.answers());
    std::vector<Verdict> before(rows.size());
    book.judge(book.answers(), before);
    std::size_t touched = 0;
    std::size_t crossed = 0;
    for (int move = 0; move < 200; ++move) {
        std::vector<double> moved = book.answers();
        for (std::uint64_t k = 1 + random() % 3; k != 0; --k) {
            moved[1 + random() % kAssets] *= std::exp(any(-0.3, 0.3));
        }
        std::vector<Verdict> after(rows.size());
        book.judge(moved, after);
        const Rows found = crossings.candidates(moved);
        REQUIRE(std::is_sorted(found.begin(), found.end()));
        REQUIRE(std::adjacent_find(found.begin(), found.end()) == found.end());
        touched += found.size();
        for (std::uint32_t row = 0; row < rows.size(); ++row) {
            if (after[row] != Verdict::Healthy && before[row] == Verdict::Healthy) {
                ++crossed;
                REQUIRE(std::binary_search(found.begin(), found.end(), row));
            }
        }
    }
    CHECK(crossed > 1000);
    CHECK(touched < 200 * rows.size() / 2);
}
