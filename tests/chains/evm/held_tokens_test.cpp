#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chains/balances.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using core::Address;
using core::ErrorKind;
using core::U256;
using erc20::BalanceOf;
using test::address;
using test::FakeNode;

namespace {

using Value = abi::Function<"value", U256(U256)>;
const Address kContract = address(0xc0);

constexpr std::uint64_t kTokens = 5;

Address token(std::uint64_t n) { return address(0x700 + n); }
Address wallet(std::uint64_t n) { return address(0x900 + n); }

/// Wallet n holds 1000 + n of token n % 5 and nothing else.
U256 held(std::uint64_t of_wallet, std::uint64_t of_token) {
    return of_wallet % kTokens == of_token ? U256(1'000 + of_wallet) : U256(0);
}

Task<void> read_wallet(Reader& chain, std::shared_ptr<const Tokens<BalanceOf>> tokens, Address of,
                       std::vector<std::size_t> expected, Balances& out) {
    // Something else is on its way beside it, as always in an audit.
    auto asked = chain.call(kContract, Value{}, U256(1));
    out = co_await read_balances(chain, tokens, of, expected);
    static_cast<void>(co_await asked);
}

struct Wallets {
    explicit Wallets(FakeNode& on, std::uint64_t wallets) : node(on), found(wallets) {
        node.answer(kContract, Value{}, U256(1), U256(1));
        std::vector<Address> list;
        for (std::uint64_t t = 0; t < kTokens; ++t) {
            list.push_back(token(t));
            for (std::uint64_t w = 0; w < wallets; ++w) {
                node.answer(token(t), BalanceOf{}, held(w, t), wallet(w));
            }
        }
        tokens = std::make_shared<const Tokens<BalanceOf>>(list, TokenList::Stands::Zeros);
    }

    void read(BatchReader& reader, std::vector<std::size_t> expected = {}) {
        std::vector<Task<void>> tasks;
        for (std::uint64_t w = 0; w < found.size(); ++w) {
            tasks.push_back(read_wallet(reader, tokens, wallet(w), expected, found[w]));
        }
        reader.run(tasks);
        for (const auto& task : tasks) {
            task.result();
        }
    }
    [[nodiscard]] bool are_right() const {
        for (std::uint64_t w = 0; w < found.size(); ++w) {
            for (std::uint64_t t = 0; t < kTokens; ++t) {
                if (!found[w].at(t) || *found[w][t] != held(w, t)) {
                    return false;
                }
            }
        }
        return true;
    }
    FakeNode& node;
    std::shared_ptr<const Tokens<BalanceOf>> tokens;
    std::vector<Balances> found;
};

bool is_program(const RpcCall& call) {
    return call.method == "eth_call" && call.params.find(R"("to":)") == std::string::npos &&
           call.params.size() > 300;
}

}  // namespace

TEST_CASE("what wallets hold comes in the round in which it is asked", "[held_tokens][rounds]") {
    FakeNode node;
    Wallets wallets(node, 30);
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(reader.cost().rounds == 1);
    CHECK(node.requests() == 2);
    CHECK(node.programs() == 1);
}

TEST_CASE("many wallets are asked about in several requests of one round",
          "[held_tokens][rounds]") {
    FakeNode node;
    Wallets wallets(node, 30);
    BatchReader reader(node, node.block, node.multicall3, {.pairs_max = 50});
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(reader.cost().rounds == 1);
    CHECK(node.programs() == 3);
    CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
}

TEST_CASE("a token without a usable answer is asked itself", "[held_tokens][coverage]") {
    FakeNode node;
    Wallets wallets(node, 4);
    BatchReader reader(node, node.block, node.multicall3);
    const auto kind_of = [&](std::uint64_t w, std::uint64_t t) {
        const auto& balance = wallets.found[w].at(t);
        return balance ? std::nullopt : std::optional(balance.error().kind());
    };
    SECTION("and its failure is what it was") {
        for (std::uint64_t w = 0; w < 4; ++w) {
            node.revert(token(0), BalanceOf{}, wallet(w));
            node.answer_raw(token(1), BalanceOf{}, core::Bytes(16), wallet(w));
            node.answer_raw(token(2), BalanceOf{}, {}, wallet(w));
        }
        wallets.read(reader);
        for (std::uint64_t w = 0; w < 4; ++w) {
            CHECK(kind_of(w, 0) == ErrorKind::Reverted);
            CHECK(kind_of(w, 1) == ErrorKind::BadData);
            CHECK(kind_of(w, 2) == ErrorKind::EmptyReply);
            REQUIRE(wallets.found[w].at(3));
            CHECK(*wallets.found[w][3] == held(w, 3));
        }
    }
    SECTION("and holds what it says then") {
        node.exhaust_in_aggregate(token(3), BalanceOf{}, U256(77), wallet(0));
        node.answer(token(4), BalanceOf{}, core::max_u256(), wallet(1));
        wallets.read(reader);
        CHECK(*wallets.found[0].at(3) == 77);
        CHECK(*wallets.found[1].at(4) == core::max_u256());
    }
}

TEST_CASE("a token that must be held and is not named is asked itself", "[held_tokens]") {
    FakeNode node;
    Wallets wallets(node, 2);
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader, {0, 4});
    CHECK(wallets.are_right());
    // Once in the program, once more alone; wallet 0 holds token 0.
    CHECK(node.times_asked(token(4), BalanceOf{}, wallet(0)) == 2);
    CHECK(node.times_asked(token(0), BalanceOf{}, wallet(0)) == 1);
    CHECK(node.times_asked(token(0), BalanceOf{}, wallet(1)) == 2);
    CHECK(node.times_asked(token(1), BalanceOf{}, wallet(0)) == 1);
}

TEST_CASE("a node that does not run programs is asked every token, and not by programs again",
          "[held_tokens][coverage]") {
    FakeNode node;
    Wallets wallets(node, 30);
    const auto refusal = GENERATE(std::string("contract creation is not supported"),
                                  std::string("execution reverted"), std::string("invalid opcode"),
                                  std::string("missing trie node 28"));
    std::size_t refused = 0;
    node.refuse_call = [&](const RpcCall& call) {
        refused += is_program(call) ? 1 : 0;
        return is_program(call) ? std::optional(test::rpc_error(-32000, refusal)) : std::nullopt;
    };
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(refused == 1);
    CHECK(reader.cost().rounds == 3);  // one more, once
}

TEST_CASE("programs follow the pin and need neither Multicall3 nor batches", "[held_tokens]") {
    FakeNode node;
    Wallets wallets(node, 30);
    node.by_hash = GENERATE(FakeNode::ByHash::Works, FakeNode::ByHash::Refused,
                            FakeNode::ByHash::Ignored, FakeNode::ByHash::Empty);
    node.has_multicall3 = GENERATE(true, false);
    node.has_batches = GENERATE(true, false);
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(reader.pin() == (node.by_hash == FakeNode::ByHash::Works ? Pin::Hash : Pin::Number));
    const std::size_t programs = node.programs();
    const auto rounds = reader.cost().rounds;
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(node.programs() == programs + 1);
    CHECK(reader.cost().rounds == rounds + 1);
}

TEST_CASE("a program goes on where gas stopped it, and the size is remembered",
          "[held_tokens][splits]") {
    FakeNode node;
    Wallets wallets(node, 100);
    node.program_gas = 1'500'000;  // about 200 calls of 5,000 beside what has to be left
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(reader.cost().rounds == 2);
    const std::size_t programs = node.programs();
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(reader.cost().rounds == 3);
    CHECK(node.programs() - programs >= 3);
}

TEST_CASE("too little gas for one wallet leads to asking every token", "[held_tokens][splits]") {
    FakeNode node;
    Wallets wallets(node, 9);
    node.program_gas = 410'000;
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
}

TEST_CASE("a program that is too large is sent in halves", "[held_tokens][splits]") {
    FakeNode node;
    Wallets wallets(node, 100);
    node.request_bytes_max = 3'000;
    BatchReader reader(node, node.block, std::nullopt);
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(node.times_asked(token(0), BalanceOf{}, wallet(0)) == 1);
    const std::size_t programs = node.programs();
    CHECK(programs > 1);
    CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
}

TEST_CASE("a program without an answer is halved twice and then given up",
          "[held_tokens][splits]") {
    FakeNode node;
    Wallets wallets(node, 16);
    std::size_t silent = 0;
    node.refuse_call = [&](const RpcCall& call) -> std::optional<RpcError> {
        if (!is_program(call)) {
            return std::nullopt;
        }
        ++silent;
        RpcError error;
        error.kind = ErrorKind::Timeout;
        return error;
    };
    BatchReader reader(node, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
    CHECK(silent == 1 + 2 + 4);
}

TEST_CASE("a mangled reply to a program leaves no wallet poorer", "[held_tokens][coverage]") {
    // A transport that spoils what programs return.
    class Mangling final : public RpcTransport {
      public:
        explicit Mangling(FakeNode& inner) : inner_(inner) {}
        std::vector<std::vector<RpcOutcome>> send(
            const std::vector<RpcRequest>& requests) override {
            auto out = inner_.send(requests);
            for (std::size_t i = 0; i < requests.size(); ++i) {
                if (is_program(requests[i].at(0)) && out[i].at(0)) {
                    out[i][0] = spoil(out[i][0].value());
                }
            }
            return out;
        }
        [[nodiscard]] RpcTraffic traffic() const override { return inner_.traffic(); }
        std::function<std::string(const std::string&)> spoil;

      private:
        FakeNode& inner_;
    };
    FakeNode node;
    Wallets wallets(node, 7);
    Mangling between(node);
    between.spoil = GENERATE(
        std::function<std::string(const std::string&)>([](const auto&) { return R"("0x")"; }),
        [](const auto&) { return "null"; },
        [](const std::string& text) { return text.substr(0, text.size() - 33) + "\""; },
        [](const std::string& text) { return text.substr(0, 3 + 256) + "\""; },
        [](const std::string& text) {
            return text.substr(0, 3) + std::string(text.size() - 4, '0') + "\"";
        });
    BatchReader reader(between, node.block, node.multicall3);
    wallets.read(reader);
    CHECK(wallets.are_right());
}

TEST_CASE("more tokens than one question takes are asked in several", "[held_tokens]") {
    FakeNode node;
    node.answer(kContract, Value{}, U256(1), U256(1));
    std::vector<Address> list;
    for (std::uint64_t t = 0; t < TokenList::kTokensMax + 5; ++t) {
        list.push_back(token(t));
        node.answer(token(t), BalanceOf{}, U256(t % 100 == 3 ? t : 0), wallet(0));
    }
    const auto tokens = std::make_shared<const Tokens<BalanceOf>>(list, TokenList::Stands::Zeros);
    REQUIRE(tokens->parts().size() == 2);
    BatchReader reader(node, node.block, node.multicall3);
    Balances found;
    std::vector<Task<void>> tasks;
    tasks.push_back(read_wallet(reader, tokens, wallet(0), {}, found));
    reader.run(tasks);
    REQUIRE(found.size() == list.size());
    for (std::uint64_t t = 0; t < list.size(); ++t) {
        REQUIRE(found[t]);
        REQUIRE(*found[t] == U256(t % 100 == 3 ? t : 0));
    }
    CHECK(reader.cost().rounds == 1);
}
