#include "chains/evm/head.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using Catch::Matchers::Contains;
using core::ErrorKind;
using test::FakeNode;

namespace {

const std::string kHash = "0x" + std::string(64, 'a');

/// Answers eth_chainId with "0x1" and every other method with one text.
class Saying final : public RpcTransport {
  public:
    explicit Saying(std::string block, std::string chain_id = R"("0x1")")
        : block_(std::move(block)), chain_id_(std::move(chain_id)) {}
    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> out;
        for (const RpcRequest& request : requests) {
            out.emplace_back();
            for (const RpcCall& call : request) {
                sent.push_back(call);
                out.back().emplace_back(call.method == "eth_chainId" ? chain_id_ : block_);
            }
        }
        return out;
    }
    [[nodiscard]] RpcTraffic traffic() const override { return {}; }

    std::vector<RpcCall> sent;

  private:
    std::string block_;
    std::string chain_id_;
};

std::string block_text(const std::string& number, const std::string& timestamp,
                       const std::string& hash = kHash) {
    return R"({"number":)" + number + R"(,"timestamp":)" + timestamp + R"(,"hash":)" + hash + "}";
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::optional<ErrorKind> kind(const std::function<void()>& read) {
    try {
        read();
        return std::nullopt;
    } catch (const core::ChainError& error) {
        return error.kind();
    }
}

}  // namespace

TEST_CASE("chain and block are read in one round trip", "[head]") {
    FakeNode node;
    const std::string selector =
        GENERATE(std::string("20000000"), "0x" + std::string(64, 'A') + "", std::string("latest"),
                 std::string("safe"), std::string("finalized"));
    if (selector.size() == 66) {
        node.block.hash.fill(0xaa);
    }
    const Head head = read_head(node, selector);
    CHECK(node.sends() == 1);
    CHECK(node.requests() == 1);
    CHECK(head.chain_id == core::ChainId(1));
    const Block& want = selector.size() == 8 && selector[0] == '2' ? node.block
                        : selector.size() == 66                    ? node.block
                                                                   : node.latest;
    CHECK(head.block.number == want.number);
    CHECK(head.block.hash == want.hash);
    CHECK(head.block.timestamp == want.timestamp);
}

TEST_CASE("an endpoint without batches is asked one by one", "[head]") {
    FakeNode node;
    node.has_batches = false;
    CHECK(read_head(node, "20000000").block.number == node.block.number);
    CHECK(node.requests() == 3);
}

TEST_CASE("a failing endpoint is not asked twice", "[head]") {
    FakeNode node;
    node.refuse_request = [](const RpcRequest&) {
        return std::optional(test::rpc_error(429, "too many requests", 429));
    };
    CHECK(kind([&] { (void)read_head(node, "latest"); }) == ErrorKind::RateLimited);
    CHECK(node.requests() == 1);
}

TEST_CASE("a number is asked for in hex without leading zeros", "[head]") {
    CHECK(to_quantity(0) == "0x0");
    CHECK(to_quantity(20'000'000) == "0x1312d00");
    CHECK(to_quantity(0xffffffffffffffff) == "0xffffffffffffffff");
    Saying node(block_text(quoted("0x1312d00"), quoted("0x1"), quoted(kHash)));
    CHECK(read_head(node, "20000000").block.timestamp == core::Timestamp(1));
    REQUIRE(node.sent.size() == 2);
    CHECK(node.sent[1].method == "eth_getBlockByNumber");
    CHECK(node.sent[1].params == R"(["0x1312d00",false])");
}

TEST_CASE("leading zeros and large quantities of a reply are understood", "[head]") {
    Saying node(block_text(quoted("0x0001"), quoted("0xffffffffffffffff"), quoted(kHash)));
    const Head head = read_head(node, "1");
    CHECK(head.block.number == core::BlockNumber(1));
    CHECK(head.block.timestamp == core::Timestamp(0xffffffffffffffff));
}

TEST_CASE("a block that the node does not know is unknown", "[head]") {
    Saying node("null");
    for (const std::string& selector : {std::string("5"), std::string("latest"), kHash}) {
        CHECK(kind([&] { (void)read_head(node, selector); }) == ErrorKind::UnknownBlock);
    }
    CHECK(kind([&] { (void)read_block(node, core::BlockNumber(5)); }) == ErrorKind::UnknownBlock);
}

TEST_CASE("another block than the one asked for is refused", "[head][wrong_block]") {
    Saying node(block_text(quoted("0x6"), quoted("0x1"), quoted(kHash)));
    CHECK_FALSE(kind([&] { (void)read_head(node, "6"); }));
    CHECK(kind([&] { (void)read_head(node, "5"); }) == ErrorKind::WrongBlock);
    CHECK(kind([&] { (void)read_block(node, core::BlockNumber(7)); }) == ErrorKind::WrongBlock);
    CHECK_FALSE(kind([&] { (void)read_head(node, kHash); }));
    CHECK(kind([&] { (void)read_head(node, "0x" + std::string(64, 'b')); }) ==
          ErrorKind::WrongBlock);
}

TEST_CASE("Arbitrum's blocks say which number contracts are told", "[head]") {
    Saying node(R"({"number":"0x1dcd6500","timestamp":"0x1","hash":")" + kHash +
                R"(","l1BlockNumber":"0x18b3420","sendCount":"0x1"})");
    const Block block = read_block(node, core::BlockNumber(500'000'000));
    CHECK(block.number_in_calls == core::BlockNumber(25'900'064));
    Saying other(block_text(quoted("0x6"), quoted("0x1"), quoted(kHash)));
    CHECK_FALSE(read_block(other, core::BlockNumber(6)).number_in_calls);
    Saying wrong(R"({"number":"0x6","timestamp":"0x1","hash":")" + kHash +
                 R"(","l1BlockNumber":7})");
    CHECK(kind([&] { (void)read_block(wrong, core::BlockNumber(6)); }) == ErrorKind::BadReply);
}

TEST_CASE("a reply that is no block is a bad reply", "[head][hostile]") {
    const std::string hash = quoted(kHash);
    const std::string number = quoted("0x6");
    const std::vector<std::string> replies{
        "",
        "{",
        "7",
        "[]",
        "{}",
        "true",
        R"("0x6")",
        block_text("6", number, hash),
        block_text("null", number, hash),
        block_text(number, "null", hash),
        block_text(number, "[]", hash),
        block_text(number, quoted("6"), hash),
        block_text(number, quoted("0x"), hash),
        block_text(number, quoted("-0x6"), hash),
        block_text(number, quoted("0x1" + std::string(16, '0')), hash),  // 65 bits
        block_text(number, quoted("0x" + std::string(65, '0')), hash),
        block_text(number, number, "null"),  // a pending block
        block_text(number, number, "6"),
        block_text(number, number, quoted("0x12")),
        block_text(number, number, quoted("0x" + std::string(66, 'a'))),
        block_text(number, number, quoted("0x" + std::string(64, 'g'))),
        R"({"number":"0x6","hash":)" + hash + "}",
        std::string(2000, '['),
    };
    for (const std::string& reply : replies) {
        CAPTURE(reply);
        Saying node(reply);
        CHECK(kind([&] { (void)read_head(node, "latest"); }) == ErrorKind::BadReply);
        CHECK(kind([&] { (void)read_block(node, core::BlockNumber(6)); }) == ErrorKind::BadReply);
    }
}

TEST_CASE("a chain id that is none is a bad reply", "[head][hostile]") {
    const std::string reply =
        GENERATE(R"("1")", "1", "null", "{}", R"("0x")", R"("0x10000000000000000")", R"("0xzz")");
    CAPTURE(reply);
    Saying node(block_text(quoted("0x6"), quoted("0x1"), quoted(kHash)), reply);
    CHECK(kind([&] { (void)read_chain_id(node); }) == ErrorKind::BadReply);
    CHECK(kind([&] { (void)read_head(node, "latest"); }) == ErrorKind::BadReply);
}

TEST_CASE("a block number over 64 bits is refused before anything is sent", "[head]") {
    Saying node("null");
    CHECK_THROWS_AS(read_head(node, "18446744073709551616"), core::InvariantError);
    CHECK(node.sent.empty());
}

TEST_CASE("an error says who, what and the endpoint's own code", "[head]") {
    const auto error =
        to_chain_error(test::rpc_error(-32601, "no such\nmethod not found"), "eth_call");
    CHECK(error.kind() == ErrorKind::Unsupported);
    CHECK_THAT(error.source(), Contains("node.test") && Contains("eth_call"));
    CHECK_THAT(error.detail(), Contains("-32601") && !Contains("\n"));
}
