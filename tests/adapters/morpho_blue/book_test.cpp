#include "margin/book.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "adapters/morpho_blue/market.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"
#include "tests/support/book_check.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using margin::Book;
using margin::Verdict;

namespace {

double power_of_ten(std::mt19937_64& random, double from, double to) {
    return std::pow(10, std::uniform_real_distribution<double>(from, to)(random));
}

/// Positions of 10^0 to 10^24 units of debt at a price of 10^24 to 10^40, their health 1 but for a
/// part between 10^-17 and 10^-1.
State random_market(std::mt19937_64& random) {
    State state = usdc_against_weth();
    state.params.lltv = core::wad() / 1000 * (1 + random() % 999);
    state.price->answer = U256(power_of_ten(random, 24, 40));
    state.model.kind = RateModel::Kind::Quoted;
    state.model.rate = U256(random() % 10'000'000'000);
    state.last_update = core::Timestamp(kBlockTime - random() % 10'000'000);
    const double lltv = state.params.lltv.convert_to<double>() / 1e18;
    for (std::uint64_t n = 1; n <= 200; ++n) {
        const double debt = power_of_ten(random, 0, 24);
        const double part = power_of_ten(random, -17, -1) * (random() % 2 == 0 ? 1 : -1);
        const double collateral =
            debt / lltv * 1e36 / state.price->answer.convert_to<double>() * (1 + part);
        state.accounts.push_back(account(U256(collateral + 1), U256(debt), 0, n));
    }
    return state;
}

}  // namespace

TEST_CASE("what a book of a Morpho market is sure of the exact check confirms",
          "[morpho_blue][book][property]") {
    std::mt19937_64 random(20260312);
    test::BookCheck sum;
    for (int round = 0; round < 40; ++round) {
        State state = random_market(random);
        // Shares are worth what interest has made of them: debts near 1 again at the price moved.
        const MorphoMarket market(state);
        const Book book = make_book(market);
        const auto fork = market.fork();
        for (int move = 0; move < 6; ++move) {
            const test::BookCheck check = test::check_book(*fork, book, 1e10);
            CAPTURE(round, move);
            REQUIRE(check.wrong.empty());
            CHECK(check.apart < 1e-9);
            sum.healthy += check.healthy;
            sum.liquidatable += check.liquidatable;
            sum.asked += check.asked;
            // Where some row's health is 1, and a unit in the last place around it.
            const auto answer =
                market.liquidation_answer(random() % 200, state.params.collateral_token);
            if (answer) {
                fork->set_answer(state.params.collateral_token, U256(*answer + random() % 3));
            }
        }
    }
    CAPTURE(sum.healthy, sum.liquidatable, sum.asked);
    CHECK(sum.healthy > 1000);
    CHECK(sum.liquidatable > 3000);
    CHECK(sum.asked > 300);
}

TEST_CASE("a book knows debts without a price no better than the exact check",
          "[morpho_blue][book][coverage]") {
    State state = usdc_against_weth();
    state.accounts = {account(wei(1), U256(800) * kUsdc, 0, 1), account(wei(1), 0, 0, 2),
                      account(wei(1), 1, 0, 3)};
    state.accounts[2].trouble.detail = "timed out";
    const auto healths = [](const MorphoMarket& market) {
        const Book book = make_book(market);
        std::vector<double> out(book.row_count());
        book.health(book.answers(), out);
        return out;
    };
    const auto known = healths(MorphoMarket(state));
    CHECK(known[0] == Approx(2.0));
    CHECK(std::isinf(known[1]));
    CHECK(std::isnan(known[2]));
    state.price.reset();
    const auto unknown = healths(MorphoMarket(state));
    CHECK(std::isnan(unknown[0]));
    CHECK(std::isinf(unknown[1]));
    CHECK(std::isnan(unknown[2]));
}

TEST_CASE("liquidatable rows of a Morpho market are those of the exact check",
          "[morpho_blue][book]") {
    State state = usdc_against_weth();
    state.accounts = {
        account(wei(1), U256(1500) * kUsdc, 0, 1), account(wei(1), U256(1600) * kUsdc, 0, 2),
        account(wei(1), U256(1600) * kUsdc + 1, 0, 3), account(wei(1), U256(1700) * kUsdc, 0, 4)};
    const MorphoMarket market(state);
    CHECK(liquidatable_rows(market, make_book(market)) == std::vector<std::size_t>{2, 3});
}

TEST_CASE("where an oracle answers 0 the exact check is asked", "[morpho_blue][book]") {
    State state = usdc_against_weth();
    state.accounts = {account(wei(1), U256(800) * kUsdc, 0, 1), account(wei(1), 0, 0, 2)};
    state.price->answer = 0;
    const MorphoMarket market(state);
    CHECK(liquidatable_rows(market, make_book(market)) == std::vector<std::size_t>{0});
}
