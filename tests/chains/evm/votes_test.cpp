#include "chains/evm/votes.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/hex.hpp"
#include "core/u256.hpp"
#include "tests/support/fake_endpoint.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::chains::evm {
namespace {

using Catch::Matchers::Contains;
using core::ErrorKind;
using test::failed;

Verdict vote(const RpcCall& call, const std::vector<RpcOutcome>& said, std::size_t needed = 2) {
    const std::vector<std::string> names{"a.test", "b.test", "c.test", "d.test"};
    std::vector<Ballot> ballots;
    for (const RpcOutcome& outcome : said) {
        ballots.push_back(make_ballot(names[ballots.size()], call, outcome));
    }
    return count_votes(call, ballots, needed);
}

RpcOutcome text(const std::string& json) { return json; }

RpcOutcome reverted(const std::string& message, const std::string& data) {
    return core::Unexpected(RpcError{
        .kind = ErrorKind::Reverted, .source = "x", .code = 3, .message = message, .data = data});
}

const RpcCall kCall{"eth_call", R"([{"to":"0x01","data":"0x"},"0x1"])"};
const RpcCall kBalance{"eth_getBalance", R"(["0x01","0x1"])"};
const RpcCall kBlock{"eth_getBlockByNumber", R"(["0x5",false])"};
const RpcCall kLogs{"eth_getLogs", "[{}]"};

std::string block(const std::string& number, char digit, const std::string& more = "") {
    return R"({"number":")" + number + R"(","hash":"0x)" + std::string(64, digit) +
           R"(","timestamp":"0x10")" + more + "}";
}

TEST_CASE("answers are compared by what they say", "[evm][quorum][votes]") {
    CHECK(vote(kBalance, {text(R"("0x0a")"), text(R"("0xA")")}).settled);
    CHECK(vote(kCall, {text(R"("0xABcd")"), text(R"("0xabcd")")}).settled);
    CHECK(vote(kBlock, {text(block("0x5", 'a', R"(,"size":"0x1")")), text(block("0x05", 'A'))})
              .settled);
    CHECK(vote(kLogs, {text(R"([{"address":"0xAA","data":"0x","removed":false}])"),
                       text(R"([{"data":"0x","address":"0xaa","blockTimestamp":"0x1"}])")})
              .settled);
    CHECK(vote(kCall, {reverted("execution reverted", ""),
                       reverted("VM execution error. id 7", "0x08c379a0")})
              .settled);
    // Revert data as if it were a result.
    CHECK(vote(kCall, {reverted("", ""), text("\"0x08c379a0" + std::string(64, '0') + "\"")})
              .settled);
}

TEST_CASE("answers that differ in one bit do not agree", "[evm][quorum][votes]") {
    const auto contradict = [](const RpcCall& call, const std::string& a, const std::string& b) {
        const Verdict verdict = vote(call, {text(a), text(b)});
        REQUIRE_FALSE(verdict.outcome);
        CHECK_FALSE(verdict.settled);
        CHECK(verdict.outcome.error().kind == ErrorKind::NoAgreement);
        CHECK_THAT(verdict.outcome.error().message, Contains("a.test") && Contains("b.test"));
    };
    contradict(kBalance, R"("0x1")", R"("0x2")");
    contradict(kBlock, block("0x5", 'a', R"(,"l1BlockNumber":"0x7")"),
               block("0x5", 'a', R"(,"l1BlockNumber":"0x8")"));
    contradict(kCall, R"("0x00")", R"("0x01")");
    contradict(kCall, R"("0x")", R"("0x00")");
    contradict(kBlock, block("0x5", 'a'), block("0x5", 'b'));
    contradict(kBlock, block("0x5", 'a'), block("0x6", 'a'));
    contradict(kLogs, R"([{"address":"0xaa"}])", "[]");
    contradict(kLogs, R"([{"address":"0xaa"}])", R"([{"address":"0xaa","removed":true}])");
    CHECK(vote(kCall, {reverted("", ""), text(R"("0x01")")}).outcome.error().kind ==
          ErrorKind::NoAgreement);
}

TEST_CASE("who is outvoted is named with what was said", "[evm][quorum][votes]") {
    const Verdict verdict = vote(kBalance, {text(R"("0x1")"), text(R"("0x2")"), text(R"("0x1")")});
    REQUIRE(verdict.settled);
    CHECK(verdict.outcome.value() == R"("0x1")");
    CHECK(verdict.outvoted == std::vector<std::size_t>{1});
    REQUIRE(verdict.disagreements.size() == 1);
    CHECK_THAT(verdict.disagreements[0],
               Contains("b.test said 2") && Contains("a.test and c.test with 1"));
}

TEST_CASE("what an endpoint is free to write is not quoted", "[evm][quorum][votes][secrets]") {
    const auto sentences = [](const RpcCall& call, const std::string& said) {
        const Verdict verdict = vote(call, {text("[]"), text(said), text("[]")});
        REQUIRE(verdict.disagreements.size() == 1);
        return verdict.disagreements[0];
    };
    const std::string logs = sentences(kLogs, R"([{"address":"s3cret","data":"0x"}])");
    CHECK_THAT(logs, Contains("b.test said 1 logs") && !Contains("s3cret"));
    const RpcCall other{"eth_feeHistory", "[]"};
    CHECK_THAT(sentences(other, R"("s3cret")"), !Contains("s3cret"));
    CHECK_THAT(sentences(other, R"({"a":"s3cret"})"), !Contains("s3cret"));
}

TEST_CASE("a failure is no vote, and the one that tells most is handed on",
          "[evm][quorum][votes]") {
    CHECK(vote(kBalance, {text(R"("0x1")"), failed(ErrorKind::Timeout), text(R"("0x1")")}).settled);
    const Verdict few = vote(kBalance, {text(R"("0x1")"), failed(ErrorKind::Timeout),
                                        failed(ErrorKind::RequestTooLarge)});
    REQUIRE_FALSE(few.outcome);
    CHECK(few.outcome.error().kind == ErrorKind::RequestTooLarge);
    CHECK_THAT(few.outcome.error().message, Contains("1 of 2"));
    // A node that has not seen the block yet says null; alone it proves nothing.
    CHECK(vote(kBlock, {text("null"), text(block("0x5", 'a'))}).outcome.error().kind ==
          ErrorKind::MissingState);
    CHECK(vote(kBlock, {text("null"), text("null")}).outcome.value() == "null");
}

TEST_CASE("what is not an answer to the question is no vote", "[evm][quorum][votes]") {
    const auto kind = [](const RpcCall& call, const std::string& answer) {
        return vote(call, {text(answer)}, 1).outcome.error().kind;
    };
    CHECK(kind(kBalance, R"("ten")") == ErrorKind::BadReply);
    CHECK(kind(kBalance, "10") == ErrorKind::BadReply);
    CHECK(kind(kBlock, "{}") == ErrorKind::BadReply);
    CHECK(kind(kCall, "{}") == ErrorKind::BadReply);
    CHECK(kind(kCall, R"("0xabc")") == ErrorKind::BadReply);
    CHECK(kind(kLogs, "{}") == ErrorKind::BadReply);
}

TEST_CASE("two answers of one host are one vote", "[evm][quorum][votes]") {
    const std::vector<Ballot> ballots{make_ballot("a.test", kBalance, text(R"("0x1")")),
                                      make_ballot("a.test", kBalance, text(R"("0x1")"))};
    CHECK_FALSE(count_votes(kBalance, ballots, 2).settled);
}

TEST_CASE("an aggregate is compared call by call", "[evm][quorum][votes]") {
    const RpcCall call{"eth_call", R"([{"to":"0x01","data":"0x82ad56cb"},"0x1"])"};
    const auto reply = [](std::uint8_t first, bool success, std::uint8_t third) {
        return text(write_aggregate(
            {.items = {{true, {first}}, {success, {2}}, {true, {third}}}, .disputed = {}}));
    };
    SECTION("each call by its own majority") {
        const Verdict verdict =
            vote(call, {reply(9, true, 3), reply(1, false, 3), reply(1, true, 8)});
        REQUIRE(verdict.settled);
        const auto items = parse_aggregate(verdict.outcome.value())->items;
        CHECK(items[0].data == core::Bytes{1});
        CHECK(items[1].success);
        CHECK(items[2].data == core::Bytes{3});
        CHECK(verdict.outvoted == std::vector<std::size_t>{0, 1, 2});
    }
    SECTION("what has none leaves the others known") {
        const Verdict verdict = vote(call, {reply(1, true, 3), reply(1, true, 4)});
        CHECK_FALSE(verdict.settled);
        const auto read = parse_aggregate(verdict.outcome.value());
        REQUIRE(read);
        CHECK(read->items[0].data == core::Bytes{1});
        REQUIRE(read->disputed.size() == 1);
        CHECK_THAT(read->disputed.at(2),
                   Contains("a.test said 0x03") && Contains("b.test said 0x04"));
    }
    SECTION("a refusal of the whole is a vote against the whole") {
        const Verdict verdict =
            vote(call, {reverted("", ""), reply(1, true, 3), reply(1, true, 3)});
        CHECK(verdict.settled);
        CHECK(verdict.outvoted == std::vector<std::size_t>{0});
    }
}

TEST_CASE("a program that stopped earlier says nothing else", "[evm][quorum][votes]") {
    const RpcCall call{"eth_call", R"([{"data":"0x60"},"0x1"])"};
    const auto word = [](unsigned value) {
        std::string hex = core::to_hex(core::Bytes{static_cast<std::uint8_t>(value)}).substr(2);
        return std::string(64 - hex.size(), '0') + hex;
    };
    const auto entry = [](char amount, char place) {
        return std::string(27, '0') + amount + "000" + place;
    };
    const auto answer = [&](unsigned pairs, const std::string& entries) {
        return text("\"0x" + word(7) + word(8) + word(pairs) +
                    word(static_cast<unsigned>(128 + entries.size() / 2)) + entries + "\"");
    };
    const RpcOutcome far = answer(9, entry('5', '1') + entry('6', '8'));
    const RpcOutcome near = answer(4, entry('5', '1'));
    const Verdict verdict = vote(call, {far, near});
    REQUIRE(verdict.settled);
    CHECK(verdict.outcome.value() == near.value());
    CHECK(verdict.disagreements.empty());
    const RpcOutcome other = answer(9, entry('4', '1') + entry('6', '8'));
    CHECK_FALSE(vote(call, {other, near}).settled);
    CHECK(vote(call, {other, far, far}).outcome.value() == far.value());
}

}  // namespace
}  // namespace margrave::chains::evm
