#include "margin/book.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "core/errors.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using margin::Book;
using margin::LinearForm;
using margin::Verdict;
using margin::WeightedLeg;
using Rows = std::vector<std::optional<LinearForm>>;

namespace {

const core::Address kEth = test::address(1);
const core::Address kUsd = test::address(2);

LinearForm form(std::vector<WeightedLeg> legs, double relative = 0, double slack = 0) {
    return {.legs = std::move(legs), .relative_slack = relative, .slack = slack};
}

/// 8 of weight per unit of ETH against `debt` dollars.
LinearForm eight_eth_against(double debt, double relative = 0, double slack = 0) {
    return form({{kEth, 8, 0}, {kUsd, 0, debt}}, relative, slack);
}

Verdict verdict_of(const Rows& rows, const std::vector<double>& answers) {
    const Book book(rows, {{kEth, 100}, {kUsd, 1}});
    std::vector<Verdict> out(rows.size());
    book.judge(answers, out);
    return out.at(0);
}

/// Rows of random assets, sizes and slacks; some unknown, some without debt, some without legs.
Rows random_rows(std::size_t count, unsigned assets, std::mt19937_64& random) {
    const auto any = [&](double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random);
    };
    Rows out;
    for (std::size_t i = 0; i < count; ++i) {
        if (random() % 50 == 0) {
            out.emplace_back(std::nullopt);
            continue;
        }
        LinearForm row;
        const std::size_t legs = random() % 8;
        for (unsigned asset = 1; asset <= assets && row.legs.size() < legs; ++asset) {
            if (random() % assets < legs) {
                row.legs.push_back({test::address(asset), random() % 3 == 0 ? 0 : any(0, 10),
                                    random() % 2 == 0 ? 0 : any(0, 9)});
            }
        }
        row.relative_slack = any(0, 1e-3);
        row.slack = any(0, 5);
        out.emplace_back(std::move(row));
    }
    return out;
}

std::map<core::Address, double> random_answers(unsigned assets, std::mt19937_64& random) {
    std::map<core::Address, double> out;
    for (unsigned asset = 1; asset <= assets; ++asset) {
        out[test::address(asset)] = std::uniform_real_distribution<double>(1, 1000)(random);
    }
    return out;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() &&
           (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace

TEST_CASE("a book's health is weight over debt at the answers asked for", "[margin][book]") {
    const Rows rows{eight_eth_against(400), form({{kEth, 8, 0}}), std::nullopt,
                    form({{kEth, 8, 2}, {core::Address(), 0, 300}}), form({})};
    const Book book(rows, {{kEth, 100}, {kUsd, 1}});
    REQUIRE(book.assets() == std::vector<core::Address>{core::Address(), kEth, kUsd});
    CHECK(book.answers() == std::vector<double>{1, 100, 1});
    CHECK(book.row_count() == 5);
    std::vector<double> out(5);
    book.health(book.answers(), out);
    CHECK(out[0] == 2.0);  // 800 / 400
    CHECK(std::isinf(out[1]));
    CHECK(std::isnan(out[2]));
    CHECK(out[3] == 1.6);  // 800 / (200 + 300)
    CHECK(std::isinf(out[4]));
    book.health(std::vector<double>{1, 50, 2}, out);
    CHECK(out[0] == 0.5);  // 400 / 800
    CHECK(out[3] == 1.0);  // 400 / (100 + 300)
    CHECK(book.assets_of(3) == std::vector<std::uint16_t>{1, 0});
}

TEST_CASE("a verdict leaves to the exact check what the slack cannot tell", "[margin][book]") {
    const std::vector<double> answers{1, 100, 1};
    CHECK(verdict_of({eight_eth_against(799)}, answers) == Verdict::Healthy);
    CHECK(verdict_of({eight_eth_against(801)}, answers) == Verdict::Liquidatable);
    SECTION("equality is within the rounding of doubles") {
        CHECK(verdict_of({eight_eth_against(800)}, answers) == Verdict::AskExact);
    }
    SECTION("an absolute slack of 2 widens the band on both sides") {
        CHECK(verdict_of({eight_eth_against(797.9, 0, 2)}, answers) == Verdict::Healthy);
        CHECK(verdict_of({eight_eth_against(798.1, 0, 2)}, answers) == Verdict::AskExact);
        CHECK(verdict_of({eight_eth_against(801.9, 0, 2)}, answers) == Verdict::AskExact);
        CHECK(verdict_of({eight_eth_against(802.1, 0, 2)}, answers) == Verdict::Liquidatable);
    }
    SECTION("a relative slack of 1 % below alone") {
        CHECK(verdict_of({eight_eth_against(791.9, 0.01)}, answers) == Verdict::Healthy);
        CHECK(verdict_of({eight_eth_against(792.1, 0.01)}, answers) == Verdict::AskExact);
        CHECK(verdict_of({eight_eth_against(800.1, 0.01)}, answers) == Verdict::Liquidatable);
    }
    SECTION("no debt is healthy, the unknown is not") {
        CHECK(verdict_of({form({{kEth, 8, 0}}, 0, 9)}, answers) == Verdict::Healthy);
        CHECK(verdict_of({form({})}, answers) == Verdict::Healthy);
        CHECK(verdict_of({std::nullopt}, answers) == Verdict::AskExact);
    }
    SECTION("answers so far from today's that the exact arithmetic may overflow") {
        CHECK(verdict_of({eight_eth_against(1)}, {1, 1e8, 1}) == Verdict::Healthy);
        CHECK(verdict_of({eight_eth_against(1)}, {1, 1.1e8, 1}) == Verdict::AskExact);
    }
}

TEST_CASE("a book gives the same bits for any number of threads and any choice of rows",
          "[margin][book][property]") {
    std::mt19937_64 random(20261125);
    constexpr unsigned kAssets = 40;
    for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 4096U, 20'003U}) {
        const Rows rows = random_rows(count, kAssets, random);
        const Book book(rows, random_answers(kAssets, random));
        std::vector<double> once(count);
        std::vector<Verdict> judged(count);
        book.health(book.answers(), once);
        book.judge(book.answers(), judged);
        for (const unsigned threads : {2U, 3U, 8U}) {
            std::vector<double> again(count);
            std::vector<Verdict> judged_again(count);
            book.health(book.answers(), again, threads);
            book.judge(book.answers(), judged_again, threads);
            CAPTURE(count, threads);
            CHECK(same_bits(once, again));
            CHECK(same_bits(judged, judged_again));
        }
        // One by one, without the vector instructions, in another order.
        std::vector<std::uint32_t> order(count);
        std::iota(order.begin(), order.end(), 0U);
        std::shuffle(order.begin(), order.end(), random);
        std::vector<double> single(count);
        std::vector<Verdict> judged_single(count);
        book.health(book.answers(), order, single);
        book.judge(book.answers(), order, judged_single);
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE(std::memcmp(&single[i], &once[order[i]], sizeof(double)) == 0);
            REQUIRE(judged_single[i] == judged[order[i]]);
        }
    }
}

TEST_CASE("a book's rows are the sums of their forms", "[margin][book][property]") {
    std::mt19937_64 random(3);
    constexpr unsigned kAssets = 12;
    const Rows rows = random_rows(1003, kAssets, random);
    const auto answers = random_answers(kAssets, random);
    const Book book(rows, answers);
    std::vector<double> out(rows.size());
    book.health(book.answers(), out);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        double weight = 0;
        double debt = 0;
        for (const WeightedLeg& leg : rows[row] ? rows[row]->legs : std::vector<WeightedLeg>{}) {
            weight += leg.weight * answers.at(leg.asset);
            debt += leg.debt * answers.at(leg.asset);
        }
        CAPTURE(row);
        if (!rows[row]) {
            REQUIRE(std::isnan(out[row]));
        } else if (debt == 0) {
            REQUIRE(std::isinf(out[row]));
        } else {
            REQUIRE(out[row] == Approx(weight / debt).epsilon(1e-14));
        }
    }
}

TEST_CASE("a row is replaced where there is room for it", "[margin][book]") {
    // Nine rows: the last stands in every place of the second slice.
    Rows rows(9, eight_eth_against(400));
    Book book(rows, {{kEth, 100}, {kUsd, 1}});
    std::vector<double> out(9);
    for (const std::uint32_t row : {0U, 8U}) {
        CHECK(book.replace(row, eight_eth_against(200)));
        book.health(book.answers(), out);
        CHECK(out[row] == 4.0);
        CHECK(out[1] == 2.0);
        CHECK(book.replace(row, form({{kEth, 8, 0}})));
        book.health(book.answers(), out);
        CHECK(std::isinf(out[row]));
        CHECK(book.replace(row, std::nullopt));
        book.health(book.answers(), out);
        CHECK(std::isnan(out[row]));
    }
    CHECK_FALSE(book.replace(1, form({{kEth, 8, 0}, {kUsd, 1, 1}})));  // two collaterals
    CHECK_FALSE(book.replace(1, form({{test::address(3), 8, 0}, {kUsd, 0, 1}})));  // no such asset
    book.health(book.answers(), out);
    CHECK(out[1] == 2.0);
}

TEST_CASE("a book refuses answers that no oracle gives", "[margin][book]") {
    const Rows rows{eight_eth_against(400)};
    const Book book(rows, {{kEth, 100}, {kUsd, 1}});
    std::vector<double> out(1);
    CHECK_THROWS_AS(book.health(std::vector<double>{1, 0, 1}, out), core::InvariantError);
    CHECK_THROWS_AS(book.health(std::vector<double>{1, NAN, 1}, out), core::InvariantError);
    CHECK_THROWS_AS(book.health(std::vector<double>{2, 1, 1}, out), core::InvariantError);
    CHECK_THROWS_AS(book.health(std::vector<double>{1, 1}, out), core::InvariantError);
    CHECK_THROWS_AS(Book(rows, {{kEth, 100}}), core::InvariantError);
    std::vector<Verdict> few;
    CHECK_THROWS_AS(book.judge(book.answers(), few), core::InvariantError);
}
