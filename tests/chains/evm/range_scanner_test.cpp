#include "chains/evm/range_scanner.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/fake_log_node.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains::evm;
using chains::Log;
using chains::LogFilter;
using core::ErrorKind;
using test::address;
using test::FakeLogNode;
using test::rpc_error;
using test::topic;

namespace {

/// A node with an event in every third block of 20,000.
struct Chain {
    Chain() {
        node.head = 20'000;
        for (std::uint64_t at = 0; at <= node.head; at += 3) {
            node.add(at, at % 5, address(1), 7);
        }
    }
    RangeScanEnd scan(RangeScanOptions options = {}) {
        found.clear();
        return scanner.scan(filter, {.first = 1, .last = 20'000}, options,
                            [&](std::span<const Log> logs) {
                                found.insert(found.end(), logs.begin(), logs.end());
                            });
    }
    /// All of them, each once, in order.
    [[nodiscard]] bool is_complete() const {
        if (found.size() != 6666) {  // 3, 6 … 19,998
            return false;
        }
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (found[i].block.value() != 3 * (i + 1)) {
                return false;
            }
        }
        return true;
    }

    FakeLogNode node;
    RangeScanner scanner{node};
    LogFilter filter{.addresses = {address(1)}, .topics = {{topic(7)}}, .from = {}};
    std::vector<Log> found;
};

/// Timeouts and the like, by their kind alone.
RpcError failure(ErrorKind kind) {
    return {.kind = kind, .source = "node.test", .message = "fails", .data = {}};
}

}  // namespace

TEST_CASE("an endpoint without limits is asked once", "[logs][scan]") {
    Chain chain;
    const auto end = chain.scan();
    CHECK_FALSE(end.failure);
    CHECK(end.next == 20'001);
    CHECK(chain.is_complete());
    CHECK(chain.node.asked.size() == 1);
}

TEST_CASE("a scan ends in the same logs whatever the endpoint limits", "[logs][scan]") {
    Chain chain;
    SECTION("the blocks of a request, in words with a number") { chain.node.blocks_max = 5000; }
    SECTION("the blocks of a request, in other words half-way") {
        chain.node.blocks_max = 500;
        chain.node.words = "block range is too wide (maximum 1024)";
        chain.node.refuse_call = [&](const RpcCall&) -> std::optional<RpcError> {
            if (chain.node.asked.size() > 10) {
                chain.node.words = "Requested range exceeds maximum range limit";
            }
            return std::nullopt;
        };
    }
    SECTION("the blocks of a request, in words that nobody knows") {
        chain.node.blocks_max = 700;
        chain.node.words = "computer says no";
    }
    SECTION("the blocks of a request, in a code that elsewhere is a limit of rate") {
        chain.node.blocks_max = 700;
        chain.node.words = "limit exceeded";
        chain.node.code = -32005;
    }
    SECTION("the blocks of a request, to one") {
        chain.node.blocks_max = 1;
        chain.node.head = 20'000;
    }
    SECTION("the logs of a reply") { chain.node.logs_max = 50; }
    SECTION("the logs of a reply, without a word") { chain.node.silent_max = 100; }
    SECTION("batches") { chain.node.has_batches = false; }
    const auto end =
        chain.scan({.pinned = chain.node.block(20'000), .logs_max = {}, .progress = {}});
    INFO((end.failure ? end.failure->what() : ""));
    CHECK_FALSE(end.failure);
    CHECK(chain.is_complete());
}

TEST_CASE("the size that an endpoint accepts is found in a few requests and kept", "[logs][scan]") {
    Chain chain;
    chain.node.blocks_max = 5000;
    static_cast<void>(chain.scan());
    CHECK(chain.scanner.cost().refusals == 1);  // its words say the number
    CHECK(chain.scanner.span().blocks() == 5000);
    CHECK(chain.node.asked.size() == 1 + 4);
    static_cast<void>(chain.scan());
    CHECK(chain.scanner.cost().refusals == 1);
}

TEST_CASE("several ranges are asked for at once when the endpoint answers", "[logs][scan]") {
    Chain chain;
    chain.node.blocks_max = 500;
    chain.node.words = "up to a 500 block range";
    static_cast<void>(chain.scan());
    CHECK(chain.is_complete());
    CHECK(*std::max_element(chain.node.waves.begin(), chain.node.waves.end()) == 8);
}

TEST_CASE("an endpoint that asks to slow down is asked for less at once", "[logs][scan]") {
    Chain chain;
    chain.node.blocks_max = 500;
    chain.node.words = "up to a 500 block range";
    unsigned calls = 0;
    chain.node.refuse_call = [&](const RpcCall&) -> std::optional<RpcError> {
        return ++calls == 20 ? std::optional(rpc_error(429, "too many requests")) : std::nullopt;
    };
    CHECK_FALSE(chain.scan().failure);
    CHECK(chain.is_complete());
}

TEST_CASE("a scan that fails hands over what came before and says where it ended", "[logs][scan]") {
    Chain chain;
    chain.node.blocks_max = 1000;
    chain.node.words = "up to a 1000 block range";
    const auto kind = GENERATE(ErrorKind::Unauthorized, ErrorKind::RateLimited,
                               ErrorKind::Unreachable, ErrorKind::ServerFault, ErrorKind::Timeout);
    chain.node.refuse_call = [&](const RpcCall&) -> std::optional<RpcError> {
        return chain.node.asked.size() > 8 ? std::optional(failure(kind)) : std::nullopt;
    };
    const auto end = chain.scan();
    REQUIRE(end.failure);
    CHECK(end.failure->kind() == kind);
    CHECK(end.next > 1);
    CHECK(end.next < 20'001);
    REQUIRE_FALSE(chain.found.empty());
    CHECK(chain.found.back().block.value() < end.next);
    CHECK(chain.found.size() == (end.next - 1) / 3);
}

TEST_CASE("a block that alone holds too much ends the scan", "[logs][scan]") {
    Chain chain;
    chain.node.logs.clear();
    for (std::uint64_t index = 0; index < 60; ++index) {
        chain.node.add(100, index, address(1), 7);
    }
    chain.node.logs_max = 50;
    const auto end = chain.scan();
    REQUIRE(end.failure);
    CHECK(end.failure->kind() == ErrorKind::ReplyTooLarge);
    CHECK(end.next == 100);
}

TEST_CASE("logs up to the pinned block come from a node that has it", "[logs][scan]") {
    Chain chain;
    chain.node.has_batches = GENERATE(true, false);
    SECTION("one that lags knows no such block") {
        chain.node.lags_from = 19'990;
        const auto end =
            chain.scan({.pinned = chain.node.block(20'000), .logs_max = {}, .progress = {}});
        REQUIRE(end.failure);
        CHECK(end.failure->kind() == ErrorKind::UnknownBlock);
    }
    SECTION("one on another fork has another") {
        const auto pinned = chain.node.block(20'000);
        chain.node.fork = 1;
        const auto end = chain.scan({.pinned = pinned, .logs_max = {}, .progress = {}});
        REQUIRE(end.failure);
        CHECK(end.failure->kind() == ErrorKind::WrongBlock);
    }
}

TEST_CASE("a hostile reply ends the scan with its kind", "[logs][scan][hostile]") {
    Chain chain;
    chain.node.alter = [](const std::string&) { return std::string("{}"); };
    const auto end = chain.scan();
    REQUIRE(end.failure);
    CHECK(end.failure->kind() == ErrorKind::BadReply);
    CHECK(end.next == 1);
}

TEST_CASE("a scan takes no more logs than it may", "[logs][scan]") {
    Chain chain;
    const auto end = chain.scan({.pinned = {}, .logs_max = 6665, .progress = {}});
    REQUIRE(end.failure);
    CHECK(end.failure->kind() == ErrorKind::ReplyTooLarge);
    CHECK_FALSE(chain.scan({.pinned = {}, .logs_max = 6666, .progress = {}}).failure);
}

TEST_CASE("the number of blocks that a refusal suggests", "[logs][scan]") {
    const auto [message, blocks] = GENERATE(table<std::string, std::uint64_t>({
        {"Based on your parameters, this block range should work: [0x1be4213, 0x1be4406]", 500},
        {"exceed maximum block range: 5000", 5000},
        {"maximum [from, to] blocks distance: 10000", 10'000},
        {"block range is larger than max block range, block range = 131072, max block range = 5000",
         5000},
        {"range 9009594 is bigger than range limit 2000", 2000},
        {"range 1000000 exceeds limit of 10000", 10'000},
        {"eth_getLogs is limited to a 10,000 range", 10'000},
        {"block range is too wide (maximum 1024)", 1024},
        {"You can make eth_getLogs requests with up to a 2K block range", 2000},
    }));
    CHECK(suggested_blocks(message, 131'072) == blocks);
    CHECK_FALSE(suggested_blocks("block range too high", 131'072));
    CHECK_FALSE(suggested_blocks("at most 0x10 or 1e3 blocks", 131'072));
}
