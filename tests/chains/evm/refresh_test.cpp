#include "chains/evm/refresh.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "chains/abi.hpp"
#include "chains/evm/answer_book.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/held_tokens.hpp"
#include "core/errors.hpp"
#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using Catch::Matchers::Contains;
using core::Address;
using core::U256;
using test::address;
using test::FakeNode;

namespace {

using Position = abi::Function<"position", U256(Address)>;
using Price = abi::Function<"price", U256()>;
using Recipient = abi::Function<"feeRecipient", Address()>;
using BalanceOf = abi::Function<"balanceOf", U256(Address)>;

const Address kProtocol = address(0xc0);
const Address kOracle = address(0xc1);
const std::vector<Address> kTokens{address(0xa0), address(0xa1)};

Address account(std::uint8_t number) {
    Address::Raw raw{};
    raw.fill(0x77);
    raw.back() = number;
    return Address(raw);
}

template <class F>
KeptAnswers::Question question(const Address& to, core::Bytes data) {
    KeptAnswers::Question out;
    out.to = to;
    out.data = std::move(data);
    out.function = F::name();
    return out;
}

core::Bytes word(const U256& value) {
    core::Bytes out(32);
    core::to_big_endian(value, out.data());
    return out;
}

/// Accounts with a position of 100 and their number each, that hold 5 of the first token; the node
/// says the same of them, and a price of 9.
struct World {
    explicit World(std::uint8_t accounts, TokenList::Stands stands) {
        kept.block = node.block;
        kept.lists = {{.selector = BalanceOf::kSelector,
                       .function = "balanceOf",
                       .tokens = kTokens,
                       .stands = stands}};
        kept.others = {question<Price>(kOracle, Price::encode())};
        node.answer(kOracle, Price{}, U256(9));
        for (std::uint8_t i = 0; i < accounts; ++i) {
            const Address of = account(i);
            node.answer(kProtocol, Position{}, U256(100 + i), of);
            kept.of_accounts.push_back(
                {.account = of,
                 .question = question<Position>(kProtocol, Position::encode(of)),
                 .data = word(U256(100 + i))});
            KeptAnswers::Question held;
            held.kind = PendingCall::Kind::HeldTokens;
            held.to = of;
            kept.of_accounts.push_back(
                {.account = of,
                 .question = held,
                 .data = encode_held({std::tuple(std::uint16_t{0}, true, U256(5))})});
            node.answer(kTokens[0], BalanceOf{}, U256(5), of);
            node.answer(kTokens[1], BalanceOf{}, U256(0), of);
        }
    }

    std::optional<std::string> refresh(std::set<Address> changed = {}) {
        BatchReader reader(node, node.block, node.multicall3);
        auto why = evm::refresh(reader, kept, std::move(changed), book);
        rounds = reader.cost().rounds;
        return why;
    }

    /// What the book knows of a question.
    std::optional<core::Bytes> known(const KeptAnswers::Question& asked) {
        PendingCall call;
        call.kind = asked.kind;
        call.to = asked.to;
        call.data = asked.data;
        if (is_about_held_tokens(asked.kind)) {
            auto list = std::make_shared<TokenList>();
            list->selector = kept.lists[0].selector;
            list->function = "balanceOf";
            list->tokens = kTokens;
            list->stands = kept.lists[0].stands;
            call.list = list;
        }
        return book.answer(call) && call.outcome ? std::optional(*call.outcome) : std::nullopt;
    }
    std::optional<core::Bytes> position(std::uint8_t of) {
        return known(kept.of_accounts[2 * of].question);
    }
    std::optional<core::Bytes> held(std::uint8_t of) {
        return known(kept.of_accounts[2 * of + 1].question);
    }

    std::size_t asked_positions(std::uint8_t accounts) const {
        std::size_t out = 0;
        for (std::uint8_t i = 0; i < accounts; ++i) {
            out += node.times_asked(kProtocol, Position{}, account(i));
        }
        return out;
    }
    std::size_t asked_balances(const Address& token, std::uint8_t accounts) const {
        std::size_t out = 0;
        for (std::uint8_t i = 0; i < accounts; ++i) {
            out += node.times_asked(token, BalanceOf{}, account(i));
        }
        return out;
    }

    FakeNode node;
    KeptAnswers kept;
    AnswerBook book;
    std::uint64_t rounds = 0;
};

core::Bytes holding(const U256& amount) {
    return encode_held({std::tuple(std::uint16_t{0}, true, amount)});
}

}  // namespace

TEST_CASE("what nobody's is comes anew, what is an account's stands but for controls",
          "[refresh]") {
    constexpr std::uint8_t kAccounts = 40;
    World world(kAccounts, TokenList::Stands::All);
    world.node.answer(kOracle, Price{}, U256(10));
    REQUIRE_FALSE(world.refresh());
    CHECK(world.rounds == 1);
    CHECK(world.known(world.kept.others[0]) == word(U256(10)));
    for (std::uint8_t i = 0; i < kAccounts; ++i) {
        CHECK(world.position(i) == word(U256(100 + i)));
        CHECK(world.held(i) == holding(5));
    }
    // One of the function, one of the token that is held, and all of one account.
    CHECK(world.asked_positions(kAccounts) == 2);
    CHECK(world.asked_balances(kTokens[0], kAccounts) == 2);
    CHECK(world.asked_balances(kTokens[1], kAccounts) == 1);
}

TEST_CASE("nothing stands where all answers of a function or a token are others", "[refresh]") {
    World world(40, TokenList::Stands::All);
    SECTION("a function") {
        for (std::uint8_t i = 0; i < 40; ++i) {
            world.node.answer(kProtocol, Position{}, U256(7), account(i));
        }
        const auto why = world.refresh();
        REQUIRE(why);
        CHECK_THAT(*why, Contains("position") && Contains("no event says why"));
    }
    SECTION("a token that moves with events alone") {
        for (std::uint8_t i = 0; i < 40; ++i) {
            world.node.answer(kTokens[0], BalanceOf{}, U256(6), account(i));
        }
        const auto why = world.refresh();
        REQUIRE(why);
        CHECK_THAT(*why, Contains("balanceOf") && Contains("no event says why"));
    }
    SECTION("a token of which nobody had any") {
        for (std::uint8_t i = 0; i < 40; ++i) {
            world.node.answer(kTokens[1], BalanceOf{}, U256(1), account(i));
        }
        CHECK(world.refresh());
    }
    CHECK_FALSE(world.position(0));
    CHECK_FALSE(world.known(world.kept.others[0]));
}

TEST_CASE("of plain tokens what is held is asked anew", "[refresh]") {
    World world(40, TokenList::Stands::Zeros);
    world.node.answer(kTokens[0], BalanceOf{}, U256(6), account(17));
    world.node.answer(kTokens[0], BalanceOf{}, U256(0), account(18));
    REQUIRE_FALSE(world.refresh());
    CHECK(world.asked_balances(kTokens[0], 40) == 40);
    CHECK(world.asked_balances(kTokens[1], 40) == 1);
    CHECK(world.held(16) == holding(5));
    CHECK(world.held(17) == holding(6));
    CHECK(world.held(18) == holding(0));
}

TEST_CASE("what does not answer any more is left to be asked for", "[refresh]") {
    World world(40, TokenList::Stands::Zeros);
    world.node.revert(kTokens[0], BalanceOf{}, account(17));
    REQUIRE_FALSE(world.refresh());
    CHECK_FALSE(world.held(17));
    CHECK(world.position(17) == word(U256(117)));
}

TEST_CASE("accounts that events name are asked anew in the same round", "[refresh]") {
    // Few token by token, many by a program.
    for (const std::uint8_t changed : {std::uint8_t{16}, std::uint8_t{17}}) {
        World world(40, TokenList::Stands::All);
        std::set<Address> accounts;
        for (std::uint8_t i = 0; i < changed; ++i) {
            accounts.insert(account(i));
            world.node.answer(kProtocol, Position{}, U256(7), account(i));
            world.node.answer(kTokens[0], BalanceOf{}, U256(8), account(i));
        }
        REQUIRE_FALSE(world.refresh(accounts));
        CHECK(world.rounds == 1);
        CHECK(world.node.programs() == (changed == 16 ? 0 : 1));
        for (std::uint8_t i = 0; i < 40; ++i) {
            CHECK(world.position(i) == word(i < changed ? U256(7) : U256(100 + i)));
            CHECK(world.held(i) == holding(i < changed ? 8 : 5));
        }
    }
}

TEST_CASE("whom a contract's state names does not stand", "[refresh]") {
    World world(40, TokenList::Stands::All);
    SECTION("now") {
        world.kept.others.push_back(question<Recipient>(kProtocol, Recipient::encode()));
        world.node.answer(kProtocol, Recipient{}, account(3));
        REQUIRE_FALSE(world.refresh());
        CHECK_FALSE(world.position(3));
        CHECK_FALSE(world.held(3));
    }
    SECTION("the last time") {
        world.kept.named.insert(account(3));
        world.node.answer(kProtocol, Position{}, U256(7), account(3));
        REQUIRE_FALSE(world.refresh());
        CHECK(world.position(3) == word(U256(7)));
    }
    CHECK(world.position(4) == word(U256(104)));
}

TEST_CASE("a control that cannot be asked is none", "[refresh]") {
    World world(1, TokenList::Stands::All);
    world.node.refuse_request = [](const RpcRequest&) {
        RpcError error;
        error.kind = core::ErrorKind::RateLimited;
        error.message = "slow down";
        return std::optional(error);
    };
    const auto why = world.refresh();
    REQUIRE(why);
    CHECK_THAT(*why, Contains("could not be asked again"));
}
