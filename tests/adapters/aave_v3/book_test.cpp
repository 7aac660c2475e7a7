#include "margin/book.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "tests/adapters/aave_v3/builders.hpp"
#include "tests/support/book_check.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using margin::Book;
using margin::Verdict;

namespace {

constexpr unsigned kReserves = 12;

struct Dice {
    std::mt19937_64 random;

    std::uint64_t between(std::uint64_t from, std::uint64_t to) {
        return std::uniform_int_distribution<std::uint64_t>(from, to)(random);
    }
    bool one_in(std::uint64_t n) { return between(1, n) == 1; }
    /// 10^x with x even between the two.
    double power_of_ten(double from, double to) {
        return std::pow(10, std::uniform_real_distribution<double>(from, to)(random));
    }
};

/// Coarse: few decimals and low prices, so that every rounding of the contract shows.
State random_pool(const std::string& behaviour, bool is_coarse, Dice& dice) {
    State state = pool(behaviour);
    state.reserves.clear();
    for (unsigned id = 0; id < kReserves; ++id) {
        const std::uint64_t threshold =
            dice.one_in(10) ? 0 : dice.between(is_coarse ? 1 : 5000, 9800);
        Reserve one =
            reserve(id, "R" + std::to_string(id),
                    {.ltv = threshold / 2,
                     .threshold = threshold,
                     .decimals = is_coarse ? dice.between(0, 3) : dice.between(6, 18),
                     .emode = dice.between(0, 2)},
                    is_coarse ? U256(dice.between(1, 300)) : U256(dice.power_of_ten(5, 13)));
        one.liquidity_index = core::ray() + core::ray() / dice.between(2, 1000);
        one.borrow_index = core::ray() + core::ray() / dice.between(2, 1000);
        // Debts do not grow, so that healths stay where they are put.
        one.liquidity_rate = core::pow10(24) * dice.between(0, 500);
        one.last_update = core::Timestamp(kBlockTime - dice.between(0, 10'000'000));
        state.reserves[id] = one;
    }
    for (std::uint64_t id = 1; id <= 2; ++id) {
        EmodeCategory category;
        category.id = id;
        category.liquidation_threshold_bps = dice.between(is_coarse ? 1 : 9000, 9900);
        category.ltv_bps = category.liquidation_threshold_bps / 2;
        category.collateral = ReserveBitmap(dice.between(0, (1U << kReserves) - 1));
        if (dice.one_in(2)) {
            category.price = quote(U256(dice.between(1, 300)));
            category.price->source = test::address(0x7700 + id);
        }
        state.emodes[id] = category;
    }
    return state;
}

/// `count` accounts with one to four collaterals and one or two debts, their health 1 but for a
/// part between 10^-17 and 10^-1.
AaveMarket random_market(const std::string& behaviour, bool is_coarse, std::size_t count,
                         Dice& dice) {
    State state = random_pool(behaviour, is_coarse, dice);
    std::vector<AccountBuilder> builders;
    for (std::size_t n = 0; n < count; ++n) {
        AccountBuilder account(n + 1);
        for (std::uint64_t k = dice.between(1, 4); k != 0; --k) {
            const auto id = static_cast<unsigned>(dice.between(0, kReserves - 1));
            const unsigned decimals = state.reserves[id].configuration.decimals();
            account.collateral(id, is_coarse ? U256(1 + U256(dice.power_of_ten(0, 6)))
                                             : U256(dice.power_of_ten(decimals, decimals + 5)));
        }
        account.emode(dice.between(0, 2));
        builders.push_back(account);
        state.accounts.push_back(account.build());
    }
    const AaveMarket lent(state);
    for (std::size_t n = 0; n < count; ++n) {
        double limit = 0;
        for (const margin::WeightedLeg& leg : lent.weighted_legs(n)) {
            limit += leg.weight;
        }
        const double parts = dice.one_in(3) ? 2 : 1;
        for (int k = 0; k < parts; ++k) {
            const auto id = static_cast<unsigned>(dice.between(0, kReserves - 1));
            const Reserve& owed = state.reserves[id];
            const double part = dice.power_of_ten(-17, -1) * (dice.one_in(2) ? 1 : -1);
            const double units = limit * (1 + part) / parts /
                                 owed.price->answer.convert_to<double>() *
                                 std::pow(10, owed.configuration.decimals());
            const U256 growth = owed.borrow_index;
            builders[n].debt(id, U256(units + 0.5) * core::ray() / growth);
        }
        state.accounts[n] = builders[n].build();
    }
    return AaveMarket(state);
}

std::vector<std::string> all_behaviours() {
    std::vector<std::string> out;
    for (const Behaviour& behaviour : behaviours()) {
        out.emplace_back(behaviour.name);
    }
    return out;
}

}  // namespace

TEST_CASE("what a book is sure of the exact check confirms, near 1 and at moved answers",
          "[aave_v3][book][property]") {
    Dice dice{std::mt19937_64(20260311)};
    for (const std::string& name : all_behaviours()) {
        for (const bool is_coarse : {false, true}) {
            test::BookCheck sum;
            for (int round = 0; round < 4; ++round) {
                const AaveMarket market = random_market(name, is_coarse, 150, dice);
                const Book book = make_book(market);
                const auto fork = market.fork();
                for (int move = 0; move < 4; ++move) {
                    const test::BookCheck check = test::check_book(*fork, book, 0);
                    CAPTURE(name, is_coarse, round, move);
                    REQUIRE(check.wrong.empty());
                    sum.healthy += check.healthy;
                    sum.liquidatable += check.liquidatable;
                    sum.asked += check.asked;
                    const auto answers = market.answers();
                    const auto& moved = answers.at(dice.between(0, answers.size() - 1));
                    fork->set_answer(moved.asset,
                                     U256(1 + U256(moved.quote->answer.convert_to<double>() *
                                                   dice.power_of_ten(-0.3, 0.3))));
                }
            }
            // A check that could not fail would prove nothing: both sure verdicts are common.
            CAPTURE(name, is_coarse, sum.healthy, sum.liquidatable, sum.asked);
            CHECK(sum.healthy > 100);
            CHECK(sum.liquidatable > 100);
            CHECK(sum.asked > 30);
        }
    }
}

TEST_CASE("the fast health factors are those of the exact check", "[aave_v3][fast][property]") {
    Dice dice{std::mt19937_64(42)};
    for (const std::string& name : all_behaviours()) {
        const AaveMarket market = random_market(name, false, 300, dice);
        const Book book = make_book(market);
        // Until 3.4 the average threshold is cut to a basis point, of at least 50 %.
        const double tolerance = name <= "3.4" ? 1.0 / 5000 : 1e-9;
        // A debt of 100 dollars and more: a unit of base currency for each of six legs is 6e-10 of
        // it.
        const test::BookCheck check = test::check_book(market, book, 1e10);
        CAPTURE(name);
        CHECK(check.apart < tolerance);
        CHECK(check.apart > 0);
    }
}

TEST_CASE("a book does not know what the exact check does not know", "[aave_v3][book][coverage]") {
    State state = pool("3.6");
    state.accounts.push_back(weth_against_usdc(1).build());
    state.accounts.push_back(weth_against_usdc(2).build());
    state.accounts.back().trouble = "not read";
    state.accounts.push_back(weth_against_usdc(3).collateral(kDai, 1).build());
    state.accounts.push_back(AccountBuilder(4).collateral(kWeth, core::wad()).build());
    state.reserves[kDai].price.reset();
    const AaveMarket market(state);
    const Book book = make_book(market);
    std::vector<double> health(4);
    std::vector<Verdict> verdicts(4);
    book.health(book.answers(), health);
    book.judge(book.answers(), verdicts);
    CHECK(health[0] == Approx(2.0));
    CHECK(std::isnan(health[1]));
    CHECK(std::isnan(health[2]));
    CHECK(std::isinf(health[3]));
    CHECK(verdicts == std::vector<Verdict>{Verdict::Healthy, Verdict::AskExact, Verdict::AskExact,
                                           Verdict::Healthy});
}

TEST_CASE(
    "balances and answers that overflow a million times further on are left to the exact check",
    "[aave_v3][book][overflow]") {
    for (const std::string& name : {std::string("3.0"), std::string("3.6")}) {
        State state = pool(name);
        // 1e18 * answer * amount / 1e18: 2000e8 * 1e6 * 1e60 has 77 digits.
        for (const unsigned digits : {30U, 58U, 60U, 64U}) {
            state.accounts.push_back(AccountBuilder(digits)
                                         .collateral(kWeth, core::pow10(digits))
                                         .debt(kUsdc, 1)
                                         .build());
        }
        const AaveMarket market(state);
        CHECK(market.linear_form(0));
        CHECK_FALSE(market.linear_form(2));
        const auto fork = market.fork();
        fork->set_answer(state.reserves[kWeth].asset, U256(2000 * kDollar * 1'000'000));
        CHECK(test::check_book(*fork, make_book(market), 0).wrong.empty());
    }
}

TEST_CASE("liquidatable rows are those of the exact check", "[aave_v3][book]") {
    State state = pool("3.0");
    // 20,000 dollars at 80 %: 16,000 is the limit.
    const auto owing = [](std::uint64_t n, const U256& micro_dollars) {
        return AccountBuilder(n)
            .collateral(kWeth, U256(10 * core::wad()))
            .debt(kUsdc, micro_dollars)
            .build();
    };
    state.accounts = {owing(1, U256(15'000'000'000)), owing(2, U256(16'000'000'000)),
                      owing(3, U256(16'000'000'001)), owing(4, U256(17'000'000'000))};
    const AaveMarket market(state);
    const Book book = make_book(market);
    CHECK(liquidatable_rows(market, book) == std::vector<std::size_t>{2, 3});
    const auto fork = market.fork();
    fork->set_answer(state.reserves[kWeth].asset, U256(1900 * kDollar));
    CHECK(liquidatable_rows(*fork, book) == std::vector<std::size_t>{1, 2, 3});
}
