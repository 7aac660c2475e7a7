// Published figures about real borrowers, where the data folder is there: the 502 accounts of
// Aave v3 with wstETH of June 2023. Collateral falls as a whole; debt stands.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "margin/book.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using margin::Verdict;

namespace {

namespace fs = std::filesystem;

struct Borrower {
    double collateral = 0;  ///< dollars
    double debt = 0;
    double threshold = 0;
    double health = 0;  ///< as published
};

/// Empty, with a line that says so, without the file.
std::vector<Borrower> real_borrowers() {
    const char* given = std::getenv("MARGRAVE_DATA");
    const fs::path file = fs::path(given == nullptr ? "" : given) / "positions" /
                          "aave_v3_wsteth_borrowers_2023-06.csv";
    std::ifstream in(file);
    std::vector<Borrower> out;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::vector<std::string> row;
        for (std::string word; std::getline(words, word, ',');) {
            row.push_back(word);
        }
        out.push_back({.collateral = std::stod(row.at(2)),
                       .debt = std::stod(row.at(3)),
                       .threshold = std::stod(row.at(5)) / 1e4,
                       .health = std::stod(row.at(7))});
    }
    if (out.empty()) {
        std::cout << "skipped: MARGRAVE_DATA names no folder with "
                     "positions/aave_v3_wsteth_borrowers_2023-06.csv\n";
    }
    return out;
}

/// All collateral is one asset, worth a dollar today; debt is in the market's own unit.
margin::Book book_of(const std::vector<Borrower>& borrowers) {
    const core::Address collateral = test::address(1);
    std::vector<std::optional<margin::LinearForm>> rows;
    for (const Borrower& one : borrowers) {
        margin::LinearForm form;
        form.legs = {{collateral, one.collateral * one.threshold, 0},
                     {core::Address(), 0, one.debt}};
        rows.emplace_back(form);
    }
    return {rows, {{collateral, 1.0}}};
}

struct Below {
    std::size_t accounts = 0;
    double debt = 0;       ///< millions of dollars
    double uncovered = 0;  ///< of it, more than the collateral is worth
};

Below below_one(const std::vector<Borrower>& borrowers, double left) {
    const margin::Book book = book_of(borrowers);
    std::vector<Verdict> verdicts(borrowers.size());
    book.judge(std::vector{1.0, left}, verdicts);
    Below out;
    for (std::size_t i = 0; i < borrowers.size(); ++i) {
        REQUIRE(verdicts[i] != Verdict::AskExact);
        if (verdicts[i] == Verdict::Liquidatable) {
            const Borrower& one = borrowers[i];
            ++out.accounts;
            out.debt += one.debt / 1e6;
            out.uncovered += std::max(0.0, one.debt - one.collateral * left) / 1e6;
        }
    }
    return out;
}

}  // namespace

TEST_CASE("the health of 502 real borrowers is the published one", "[real-borrowers]") {
    const auto borrowers = real_borrowers();
    if (borrowers.empty()) {
        return;
    }
    REQUIRE(borrowers.size() == 502);
    std::vector<double> healths(borrowers.size());
    book_of(borrowers).health(std::vector{1.0, 1.0}, healths);
    for (std::size_t i = 0; i < borrowers.size(); ++i) {
        CHECK(healths[i] == Approx(borrowers[i].health).epsilon(1e-9));
    }
}

TEST_CASE("a fall puts as many real borrowers below one as was published", "[real-borrowers]") {
    const auto borrowers = real_borrowers();
    if (borrowers.empty()) {
        return;
    }
    const auto check = [&](double left, std::size_t accounts, double debt) {
        const Below found = below_one(borrowers, left);
        CAPTURE(left);
        CHECK(found.accounts == accounts);
        CHECK(found.debt == Approx(debt).margin(0.05));
    };
    check(0.95, 19, 34.8);
    check(0.90, 63, 143.1);
    check(0.80, 135, 222.9);
    CHECK(below_one(borrowers, 0.80).uncovered == Approx(11.3).margin(0.05));
}
