#include "collect/answer_history.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "tests/support/fake_endpoint.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::collect {
namespace {

using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using core::ErrorKind;
using core::U256;
using test::address;

/// A block's hash is its number.
chains::Block block_at(std::uint64_t number) {
    chains::Block out{.number = core::BlockNumber(number),
                      .hash = {},
                      .timestamp = core::Timestamp(1000 + 12 * number)};
    core::to_big_endian(U256(number), out.hash.data());
    return out;
}

std::string words(const std::vector<U256>& values) {
    std::string out = "\"0x";
    for (const U256& value : values) {
        core::Hash word{};
        core::to_big_endian(value, word.data());
        core::append_hex(word, out);
    }
    return out + '"';
}

/// A chain without Multicall3 and two oracles whose answers change at blocks.
struct Chain {
    std::map<std::uint64_t, std::uint64_t> first{{0, 7}};  ///< from that block on
    std::map<std::uint64_t, std::uint64_t> second{{0, 9}};
    std::optional<ErrorKind> second_fails_at_60;
    std::set<std::uint64_t> looked_at;

    RpcOutcome operator()(const RpcCall& call) {
        if (call.method == "eth_getBlockByNumber") {
            const auto number =
                *core::parse_hex_quantity(call.params.substr(2, call.params.find('"', 2) - 2));
            const auto block = block_at(static_cast<std::uint64_t>(number));
            return R"({"number":")" + chains::evm::to_quantity(block.number.value()) +
                   R"(","hash":")" + core::to_hex(block.hash) + R"(","timestamp":")" +
                   chains::evm::to_quantity(block.timestamp.value()) + "\"}";
        }
        const std::string hash = call.params.substr(
            call.params.find("blockHash") + std::string("blockHash\":\"").size(), 66);
        const auto at = static_cast<std::uint64_t>(
            *core::parse_hex_quantity("0x" + hash.substr(hash.find_first_not_of('0', 2))));
        looked_at.insert(at);
        if (call.params.find("\"to\"") == std::string::npos) {
            return words({U256(at), U256(block_at(at).timestamp.value())});
        }
        const bool is_second =
            call.params.find(core::to_hex(address(2).raw())) != std::string::npos;
        if (is_second && second_fails_at_60 && at == 60) {
            return test::failed(*second_fails_at_60);
        }
        const auto& of = is_second ? second : first;
        return words({U256(std::prev(of.upper_bound(at))->second)});
    }
};

std::vector<AnswersAt> history_of(Chain& chain, std::uint64_t every) {
    test::FakeEndpoint endpoint([&](const RpcCall& call) { return chain(call); });
    settings::Chain configured;
    configured.name = "test";
    const std::vector<margin::AnswerCall> questions{
        {.asset = address(0xa), .contract = address(1), .data = {1, 2, 3, 4}},
        {.asset = address(0xb), .contract = address(2), .data = {1, 2, 3, 4}}};
    return read_answer_history(endpoint, configured, questions,
                               {.first = block_at(20), .last = block_at(120), .every = every},
                               [](std::uint64_t, std::uint64_t) {});
}

std::vector<std::optional<U256>> at(const std::vector<AnswersAt>& history, std::uint64_t block) {
    for (const AnswersAt& one : history) {
        if (one.block.number == core::BlockNumber(block)) {
            return one.answers;
        }
    }
    return {};
}

using Both = std::vector<std::optional<U256>>;

TEST_CASE("an oracle's history is read in steps, and at the very block of each change",
          "[backtest]") {
    Chain chain;
    chain.first[43] = 8;
    chain.first[47] = 5;  // two changes between the same two steps
    chain.second[90] = 1;
    const auto history = history_of(chain, 20);
    CHECK(at(history, 20) == Both{U256(7), U256(9)});
    CHECK(at(history, 42) == Both{U256(7), U256(9)});
    CHECK(at(history, 43) == Both{U256(8), U256(9)});
    CHECK(at(history, 46) == Both{U256(8), U256(9)});
    CHECK(at(history, 47) == Both{U256(5), U256(9)});
    CHECK(at(history, 90) == Both{U256(5), U256(1)});
    CHECK(at(history, 120) == Both{U256(5), U256(1)});
    CHECK(history.front().block.number == core::BlockNumber(20));
    CHECK(history.back().block.timestamp == block_at(120).timestamp);
    // 20, 40 … 120 are six; where nothing changed nothing else is asked about.
    CHECK_FALSE(chain.looked_at.contains(70));
    CHECK(history.size() == chain.looked_at.size());
    CHECK(history.size() < 6 + 2 * 5 + 5);
}

TEST_CASE("every block is read where that is asked for, with a last step that is shorter",
          "[backtest]") {
    Chain chain;
    CHECK(history_of(chain, 1).size() == 101);
    Chain again;
    history_of(again, 60);
    CHECK(again.looked_at == std::set<std::uint64_t>{20, 80, 120});
    Chain once;
    history_of(once, 5000);
    CHECK(once.looked_at == std::set<std::uint64_t>{20, 120});
}

TEST_CASE("an answer that the oracle refuses is none, and so is 0", "[backtest]") {
    Chain chain;
    chain.second_fails_at_60 = ErrorKind::Reverted;
    chain.first[100] = 0;
    const auto history = history_of(chain, 20);
    CHECK(at(history, 60) == Both{U256(7), std::nullopt});
    CHECK(at(history, 80) == Both{U256(7), U256(9)});
    CHECK(at(history, 100) == Both{std::nullopt, U256(9)});
}

TEST_CASE("a state that the node has forgotten is no answer of the oracle", "[backtest]") {
    Chain chain;
    chain.second_fails_at_60 = ErrorKind::MissingState;
    CHECK_THROWS_AS(history_of(chain, 20), core::ChainError);
}

}  // namespace
}  // namespace margrave::collect
