#include "chains/evm/balance_program.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "chains/abi.hpp"
#include "chains/erc20.hpp"
#include "core/errors.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/mini_evm.hpp"

using namespace margrave;
using namespace margrave::chains::evm;
using chains::erc20::BalanceOf;
using core::Address;
using core::Bytes;
using core::U256;
using test::address;
using test::MiniWorld;

namespace {

/// What tokens answer, by token and wallet; a token without an entry has no code.
struct Ledger {
    std::map<std::pair<Address, Address>, std::optional<Bytes>> answers;

    void set(std::uint64_t token, std::uint64_t wallet, const U256& balance) {
        answers[{address(token), address(wallet)}] = test::abi_result(balance);
    }
    [[nodiscard]] std::optional<Bytes> ask(const Address& token, const Bytes& data) const {
        for (const auto& [key, answer] : answers) {
            if (key.first == token && data == BalanceOf::encode(key.second)) {
                return answer;
            }
        }
        return Bytes();
    }
};

struct Run {
    std::vector<Address> tokens;
    std::vector<Address> wallets;
    Ledger ledger;
    std::uint64_t gas = 50'000'000;
    std::uint64_t gas_of_call = 5'000;

    /// Tokens 1 … and wallets 101 ….
    Run(std::uint64_t token_count, std::uint64_t wallet_count) {
        for (std::uint64_t n = 1; n <= token_count; ++n) {
            tokens.push_back(address(n));
        }
        for (std::uint64_t n = 1; n <= wallet_count; ++n) {
            wallets.push_back(address(100 + n));
        }
    }
    [[nodiscard]] std::optional<Bytes> raw() const {
        const Bytes program = encode_balance_program(
            {.selector = BalanceOf::kSelector, .tokens = tokens, .wallets = wallets});
        CHECK(program.size() == balance_program_size(tokens.size(), wallets.size()));
        return test::run_creation_code(
            program,
            {.block = 123,
             .timestamp = 456,
             .gas = gas,
             .call = [&](const Address& to, const Bytes& data) { return ledger.ask(to, data); },
             .gas_of_call = gas_of_call});
    }
    [[nodiscard]] BalanceAnswer answer() const {
        const auto data = raw();
        REQUIRE(data);
        const auto out = decode_balance_answer(*data, tokens.size() * wallets.size());
        REQUIRE(out);
        CHECK(out->block_number == 123);
        CHECK(out->timestamp == 456);
        return *out;
    }
};

}  // namespace

TEST_CASE("the program names what wallets hold and nothing else", "[balance_program]") {
    Run run(3, 3);
    for (std::uint64_t token = 1; token <= 3; ++token) {
        for (std::uint64_t wallet = 101; wallet <= 103; ++wallet) {
            run.ledger.set(token, wallet, 0);
        }
    }
    SECTION("nothing at all") {
        CHECK(run.answer().pairs == 9);
        CHECK(run.answer().found.empty());
    }
    SECTION("by wallet and token") {
        run.ledger.set(2, 101, 7);
        run.ledger.set(3, 103, U256(1) << 100);
        const BalanceAnswer answer = run.answer();
        CHECK(answer.pairs == 9);
        REQUIRE(answer.found.size() == 2);
        CHECK(answer.found[0].pair == 1);  // wallet 0, token 1
        CHECK(answer.found[0].amount == U256(7));
        CHECK(answer.found[1].pair == 8);  // wallet 2, token 2
        CHECK(answer.found[1].amount == U256(U256(1) << 100));
    }
}

TEST_CASE("a token without a usable answer is marked, for every wallet", "[balance_program]") {
    Run run(2, 2);
    run.ledger.set(1, 101, 5);
    run.ledger.set(1, 102, 0);
    const auto token_answers = [&](const std::optional<Bytes>& answer) {
        run.ledger.answers[{address(2), address(101)}] = answer;
        run.ledger.answers[{address(2), address(102)}] = answer;
    };
    const auto is_marked = [&] {
        const BalanceAnswer answer = run.answer();
        REQUIRE(answer.found.size() == 3);
        CHECK(answer.found[0].amount == U256(5));
        CHECK(answer.found[1].pair == 1);
        CHECK_FALSE(answer.found[1].amount);
        CHECK(answer.found[2].pair == 3);
        CHECK_FALSE(answer.found[2].amount);
    };
    SECTION("it reverts") {
        token_answers(std::nullopt);
        is_marked();
    }
    SECTION("it has no code") {
        token_answers(Bytes());
        is_marked();
    }
    SECTION("it answers with a byte less than a word, all zero") {
        token_answers(Bytes(31));
        is_marked();
    }
    SECTION("it holds more than 112 bits, or exactly what marks") {
        const U256 balance =
            GENERATE(U256(U256(1) << 112), core::max_u256(), U256((U256(1) << 112) - 1));
        token_answers(test::abi_result(balance));
        is_marked();
    }
    SECTION("the largest balance that is no mark is one") {
        const U256 largest = (U256(1) << 112) - 2;
        token_answers(test::abi_result(largest));
        CHECK(run.answer().found.at(1).amount == largest);
    }
    SECTION("more than a word is a balance like any other") {
        Bytes longer = test::abi_result(U256(9));
        longer.resize(96);
        token_answers(longer);
        CHECK(run.answer().found.at(1).amount == U256(9));
    }
}

TEST_CASE("a program that runs short of gas says how far it came", "[balance_program]") {
    Run run(1, 40);
    for (std::uint64_t wallet = 101; wallet <= 140; ++wallet) {
        run.ledger.set(1, wallet, wallet);
    }
    // A call takes 50,000, and 400,000 have to be left for another one and the end.
    run.gas_of_call = 50'000;
    run.gas = 1'000'000;
    const BalanceAnswer answer = run.answer();
    CHECK(answer.pairs > 5);
    CHECK(answer.pairs < 13);
    REQUIRE(answer.found.size() == answer.pairs);
    CHECK(answer.found.back().amount == U256(100 + answer.pairs));
    run.gas = 300'000;
    CHECK(run.answer().pairs == 0);
    run.gas = 50'000'000;
    CHECK(run.answer().pairs == 40);
}

TEST_CASE("a token that wants more gas than a balance costs is marked", "[balance_program]") {
    Run run(1, 1);
    run.ledger.set(1, 101, 5);
    run.gas_of_call = 300'000;
    CHECK(run.answer().found.at(0).amount == U256(5));
    run.gas_of_call = 300'001;
    CHECK_FALSE(run.answer().found.at(0).amount);
}

TEST_CASE("a result never outgrows what creation code may return", "[balance_program]") {
    // (24,576 - 128) / 16 = 1,528 entries.
    Run run(1, 1'528);
    for (std::uint64_t wallet = 101; wallet <= 100 + 1'528; ++wallet) {
        run.ledger.answers[{address(1), address(wallet)}] = test::abi_result(U256(wallet));
    }
    run.gas_of_call = 10;
    CHECK(run.answer().pairs == 1'528);
    CHECK(run.raw()->size() == 24'576);
    run.wallets.push_back(address(100'000));
    run.ledger.set(1, 100'000, 1);
    CHECK(run.answer().pairs == 1'528);
}

TEST_CASE("tokens and wallets of a program are limited by its size and by places",
          "[balance_program]") {
    CHECK(balance_program_wallets_max(0) == 0);
    // A thousand tokens leave room, and 65,535 / 1,000 places.
    CHECK(balance_program_wallets_max(1'000) == 65);
    const std::size_t alone = balance_program_wallets_max(1);
    CHECK(balance_program_size(1, alone) <= 49'152);
    CHECK(balance_program_size(1, alone + 1) > 49'152);
    CHECK(balance_program_wallets_max(2'500) == 0);
    const std::vector<Address> token{address(1)};
    const std::vector<Address> wallets(alone + 1, address(2));
    CHECK_THROWS_AS(encode_balance_program({.tokens = token, .wallets = wallets}),
                    core::InvariantError);
}

TEST_CASE("an answer that no program gives is refused", "[balance_program]") {
    Run run(2, 2);
    for (const std::uint64_t wallet : {101U, 102U}) {
        run.ledger.set(1, wallet, wallet);
        run.ledger.set(2, wallet, 0);
    }
    const Bytes good = run.raw().value();
    REQUIRE(good.size() == 128 + 32);
    REQUIRE(decode_balance_answer(good, 4));
    const auto spoiled = [&](std::size_t at, std::uint8_t value) {
        Bytes out = good;
        out.at(at) = value;
        return out;
    };
    const auto cut = [&](std::size_t size) {
        return Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    };
    CHECK_FALSE(decode_balance_answer(Bytes(), 4));
    CHECK_FALSE(decode_balance_answer(cut(127), 4));
    CHECK_FALSE(decode_balance_answer(cut(144), 4));  // a whole entry is missing
    CHECK_FALSE(decode_balance_answer(cut(159), 4));
    CHECK_FALSE(decode_balance_answer(good, 3));                  // more pairs than were asked
    CHECK_FALSE(decode_balance_answer(spoiled(127, 144), 4));     // another size than it says
    CHECK_FALSE(decode_balance_answer(spoiled(95, 2), 4));        // a balance of a pair not asked
    CHECK_FALSE(decode_balance_answer(spoiled(64, 1), 4));        // a count beyond all integers
    CHECK_FALSE(decode_balance_answer(spoiled(128 + 13, 0), 4));  // a balance of nothing
    CHECK_FALSE(decode_balance_answer(spoiled(128 + 15, 2), 4));  // not rising
    CHECK_FALSE(decode_balance_answer(spoiled(128 + 15, 3), 4));
    Bytes longer = good;
    longer.resize(good.size() + 16);
    CHECK_FALSE(decode_balance_answer(longer, 4));
}
