#include "chains/evm/batch_reader.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chains/abi.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using Catch::Matchers::Contains;
using core::Address;
using core::ErrorKind;
using core::U256;
using test::address;
using test::FakeNode;

namespace {

using Root = abi::Function<"root", U256()>;
using Value = abi::Function<"value", U256(U256)>;
using Next = abi::Function<"next", U256(U256)>;

const Address kContract = address(0xc0);

/// root() is 5, value(n) is 1000 + n, next(1000 + n) is 2000 + n.
void fill(FakeNode& node, std::uint64_t count) {
    node.answer(kContract, Root{}, U256(5));
    for (std::uint64_t n = 0; n < count; ++n) {
        node.answer(kContract, Value{}, U256(1000 + n), U256(n));
        node.answer(kContract, Next{}, U256(2000 + n), U256(1000 + n));
    }
}

Task<void> read_value(Reader& chain, std::uint64_t n, U256& out) {
    out = co_await chain.call(kContract, Value{}, U256(n));
}

/// Three questions deep: root, which all share, then value, then next.
Task<void> read_deep(Reader& chain, std::uint64_t n, U256& out) {
    const U256 root = co_await chain.call(kContract, Root{});
    const U256 value = co_await chain.call(kContract, Value{}, U256(n));
    const U256 next = co_await chain.call(kContract, Next{}, value);
    out = root + next;
}

Task<void> read_twice(Reader& chain, std::uint64_t n, U256& out) {
    const U256 value = co_await chain.call(kContract, Value{}, U256(n));
    out = co_await chain.call(kContract, Next{}, value);
}

Task<void> read_balance(Reader& chain, Address wallet, U256& out) {
    out = co_await chain.native_balance(wallet);
}

Task<void> try_value(Reader& chain, std::uint64_t n, std::optional<ErrorKind>& failed) {
    const auto answer = co_await chain.try_call(kContract, Value{}, U256(n));
    if (!answer) {
        failed = answer.error().kind();
    }
}

/// An endpoint that does not answer.
RpcError timeout() {
    RpcError error;
    error.kind = ErrorKind::Timeout;
    error.source = "node.test";
    error.message = "no answer";
    return error;
}

/// What the task threw; nullopt when it ended well.
std::optional<core::ChainError> failure(const Task<void>& task) {
    try {
        task.result();
        return std::nullopt;
    } catch (const core::ChainError& error) {
        return error;
    }
}

std::optional<ErrorKind> kind(const Task<void>& task) {
    const auto error = failure(task);
    return error ? std::optional(error->kind()) : std::nullopt;
}

/// `count` tasks that read value(0), value(1) …
struct Values {
    explicit Values(BatchReader& reader, std::size_t count) : found(count) {
        for (std::size_t n = 0; n < count; ++n) {
            tasks.push_back(read_value(reader, n, found[n]));
        }
    }
    [[nodiscard]] bool are_right() const {
        for (std::size_t n = 0; n < found.size(); ++n) {
            if (found[n] != 1000 + n) {
                return false;
            }
        }
        return true;
    }
    std::vector<U256> found;
    std::vector<Task<void>> tasks;
};

}  // namespace

TEST_CASE("a question that many ask is sent once and answers them all", "[batch_reader][dedup]") {
    FakeNode node;
    fill(node, 2);
    BatchReader reader(node, node.block, node.multicall3);
    std::vector<U256> found(20);
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < found.size(); ++i) {
        tasks.push_back(read_value(reader, i % 2, found[i]));
    }
    reader.run(tasks);
    CHECK(node.times_asked(kContract, Value{}, U256(0)) == 1);
    CHECK(node.times_asked(kContract, Value{}, U256(1)) == 1);
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i] == 1000 + i % 2);
    }
}

TEST_CASE("a call and a balance of one address are different questions", "[batch_reader][dedup]") {
    FakeNode node;
    // A call with empty calldata has the same address and the same bytes as the question for its
    // balance.
    node.fund(kContract, 77);
    U256 wei = 0;
    BatchReader reader(node, node.block, node.multicall3);
    PendingCall bare;
    bare.to = kContract;
    reader.park(bare);
    std::vector<Task<void>> tasks;
    tasks.push_back(read_balance(reader, kContract, wei));
    reader.run(tasks);
    CHECK(wei == 77);
    CHECK(bare.answered);
    REQUIRE(bare.outcome);
    CHECK(bare.outcome->empty());
}

TEST_CASE("rounds are as many as questions are deep, however many wallets ask",
          "[batch_reader][rounds]") {
    const std::size_t wallets = GENERATE(1U, 10U, 1000U);
    FakeNode node;
    fill(node, wallets);
    BatchReader reader(node, node.block, node.multicall3);
    std::vector<U256> found(wallets);
    std::vector<Task<void>> tasks;
    for (std::size_t n = 0; n < wallets; ++n) {
        tasks.push_back(read_deep(reader, n, found[n]));
    }
    reader.run(tasks);
    CHECK(reader.cost().rounds == 3);
    CHECK(reader.cost().splits == 0);
    CHECK(node.requests() == 3);
    CHECK(node.times_asked(kContract, Root{}) == 1);
    for (std::size_t n = 0; n < wallets; ++n) {
        REQUIRE(found[n] == 2005 + n);
    }
}

TEST_CASE("several runs of one reader go on counting", "[batch_reader][rounds]") {
    FakeNode node;
    fill(node, 3);
    BatchReader reader(node, node.block, node.multicall3);
    for (int i = 0; i < 2; ++i) {
        Values values(reader, 3);
        reader.run(values.tasks);
        CHECK(values.are_right());
    }
    CHECK(reader.cost().rounds == 2);
}

TEST_CASE("tasks without a question cost nothing", "[batch_reader][rounds]") {
    FakeNode node;
    BatchReader reader(node, node.block, node.multicall3);
    reader.run({});
    CHECK(reader.cost().rounds == 0);
    CHECK(node.requests() == 0);
    reader.confirm_block();
    CHECK(node.requests() == 0);
}

TEST_CASE("an aggregate that runs out of gas is halved, and the size that fits is remembered",
          "[batch_reader][split]") {
    FakeNode node;
    fill(node, 1000);
    node.aggregate_calls_max = 300;
    BatchReader reader(node, node.block, node.multicall3);
    std::vector<U256> found(1000);
    std::vector<Task<void>> tasks;
    for (std::size_t n = 0; n < found.size(); ++n) {
        tasks.push_back(read_twice(reader, n, found[n]));
    }
    reader.run(tasks);
    for (std::size_t n = 0; n < found.size(); ++n) {
        REQUIRE(found[n] == 2000 + n);
    }
    // First round: 1000 refused, 2 × 500 refused, 4 × 250 accepted: 7 requests, 6 more than one.
    // Second: 4 × 250.
    CHECK(node.requests() == 7 + 4);
    // Each refusal is waited for: three rounds of 1, 2 and 4 requests, and one of 4.
    CHECK(node.sends() == 4);
    CHECK(reader.cost().rounds == 4);
    CHECK(reader.cost().splits == 0 + 1 + 3 + 3);
}

TEST_CASE("a node that gives up executing is asked for ever less", "[batch_reader][split]") {
    FakeNode node;
    fill(node, 64);
    node.refuse_request = [](const RpcRequest& request) {
        // The hex of 5 inner calls and the two about the block is longer than this, that of 4 not.
        const bool is_long = request.at(0).params.size() > std::size_t{2} * 7 * 6 * 32;
        return is_long ? std::optional(test::rpc_error(-32000, "execution aborted (timeout = 5s)"))
                       : std::nullopt;
    };
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 64);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(reader.cost().rounds > 3);
}

TEST_CASE("a dead endpoint is not asked for ever less", "[batch_reader][split][timeout]") {
    FakeNode node;
    fill(node, 1000);
    node.refuse_request = [](const RpcRequest&) { return std::optional(timeout()); };
    BatchReader reader(node, node.block,
                       GENERATE(true, false) ? std::optional(node.multicall3) : std::nullopt,
                       {.calls_max = 1000, .batch_calls_max = 1000});
    Values values(reader, 1000);
    reader.run(values.tasks);
    for (const auto& task : values.tasks) {
        REQUIRE(kind(task) == ErrorKind::Timeout);
    }
    // 1000, then 2 × 500, then 4 × 250.
    CHECK(node.sends() == 3);
    CHECK(node.requests() == 1 + 2 + 4);
    CHECK(reader.cost().rounds == 3);
    CHECK(reader.cost().splits == 1 + 3);
    SECTION("and later questions wait for it once") {
        Values more(reader, 1000);
        reader.run(more.tasks);
        CHECK(kind(more.tasks[0]) == ErrorKind::Timeout);
        CHECK(node.sends() == 4);
    }
}

TEST_CASE("a slow endpoint answers a half or a quarter", "[batch_reader][split][timeout]") {
    FakeNode node;
    fill(node, 1000);
    std::size_t requests = 0;
    node.refuse_request = [&](const RpcRequest&) {
        return ++requests <= 3 ? std::optional(timeout()) : std::nullopt;  // 1000, 500 and 500
    };
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 1000);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(node.requests() == 1 + 2 + 4);
    Values more(reader, 1000);
    reader.run(more.tasks);
    CHECK(more.are_right());
    CHECK(node.requests() == 7 + 4);
}

TEST_CASE("a request too large for the endpoint is halved", "[batch_reader][split]") {
    FakeNode node;
    fill(node, 64);
    node.request_bytes_max = 8'000;
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 64);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
    CHECK(reader.cost().splits > 0);
}

TEST_CASE("requests are cut to the configured size before anything is refused",
          "[batch_reader][split]") {
    FakeNode node;
    fill(node, 10);
    SECTION("by their number of calls") {
        BatchReader reader(node, node.block, node.multicall3, {.calls_max = 4});
        Values values(reader, 10);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.requests() == 3);  // 4 + 4 + 2
        CHECK(node.sends() == 1);     // side by side
        CHECK(reader.cost().splits == 2);
    }
    SECTION("by their bytes, though never to nothing") {
        BatchReader reader(node, node.block, node.multicall3, {.request_bytes_max = 1});
        Values values(reader, 10);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.requests() == 10);
    }
}

TEST_CASE("refusals of size end at single calls, which fail alone", "[batch_reader][split]") {
    FakeNode node;
    fill(node, 5);
    node.aggregate_calls_max = 0;
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 5);
    reader.run(values.tasks);
    for (const auto& task : values.tasks) {
        CHECK(kind(task) == ErrorKind::OutOfGas);
    }
    // 5, then 2 + 3, then 1 + 1 + 1 + 2, then 1 + 1: 1 + 2 + 4 + 2 requests.
    CHECK(node.requests() == 9);
}

TEST_CASE("what is no refusal of size is not asked again", "[batch_reader][split]") {
    FakeNode node;
    fill(node, 8);
    node.refuse_request = [](const RpcRequest&) {
        return std::optional(test::rpc_error(429, "too many requests", 429));
    };
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 8);
    reader.run(values.tasks);
    for (const auto& task : values.tasks) {
        CHECK(kind(task) == ErrorKind::RateLimited);
    }
    CHECK(node.requests() == 1);
}

TEST_CASE("a failing request takes only its own questions with it", "[batch_reader][coverage]") {
    FakeNode node;
    fill(node, 6);
    std::size_t seen = 0;
    node.refuse_request = [&](const RpcRequest&) -> std::optional<RpcError> {
        return ++seen == 2 ? std::optional(test::rpc_error(-32603, "internal error", 500))
                           : std::nullopt;
    };
    BatchReader reader(node, node.block, node.multicall3, {.calls_max = 2});
    Values values(reader, 6);
    reader.run(values.tasks);
    CHECK_FALSE(kind(values.tasks[0]));
    CHECK_FALSE(kind(values.tasks[1]));
    CHECK(kind(values.tasks[2]) == ErrorKind::ServerFault);
    CHECK(kind(values.tasks[3]) == ErrorKind::ServerFault);
    CHECK_FALSE(kind(values.tasks[4]));
    CHECK_FALSE(kind(values.tasks[5]));
}

TEST_CASE("a call that needs more gas than there is fails only itself", "[batch_reader][gas]") {
    FakeNode node;
    fill(node, 5);
    node.exhaust(kContract, Value{}, U256(2));
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 5);
    reader.run(values.tasks);
    for (std::size_t n = 0; n < 5; ++n) {
        CHECK(kind(values.tasks[n]) ==
              (n == 2 ? std::optional(ErrorKind::OutOfGas) : std::nullopt));
    }
    CHECK(reader.cost().rounds == 2);  // the second asks that one alone
}

TEST_CASE("an inner failure without a word is asked again alone and believed only then",
          "[batch_reader][gas]") {
    FakeNode node;
    fill(node, 4);
    SECTION("a call that lacked gas in the aggregate has its answer") {
        node.exhaust_in_aggregate(kContract, Value{}, U256(1001), U256(1));
        BatchReader reader(node, node.block, node.multicall3);
        Values values(reader, 4);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.times_asked(kContract, Value{}, U256(1)) == 2);
        CHECK(node.times_asked(kContract, Value{}, U256(0)) == 1);
        CHECK(reader.cost().rounds == 2);
        CHECK(node.requests() == 2);
    }
    SECTION("the tail that the gas did not reach has its answers") {
        node.aggregate_gas_for = 2;
        BatchReader reader(node, node.block, node.multicall3);
        Values values(reader, 4);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.requests() == 1 + 2);
        CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
    }
    SECTION("a revert stays a revert") {
        node.revert(kContract, Value{}, U256(1));
        BatchReader reader(node, node.block, node.multicall3);
        Values values(reader, 4);
        reader.run(values.tasks);
        CHECK(kind(values.tasks[1]) == ErrorKind::Reverted);
        CHECK(node.times_asked(kContract, Value{}, U256(1)) == 2);
    }
    SECTION("a revert with a reason is believed at once") {
        node.revert_with({1, 2, 3, 4}, kContract, Value{}, U256(1));
        BatchReader reader(node, node.block, node.multicall3);
        Values values(reader, 4);
        reader.run(values.tasks);
        CHECK(kind(values.tasks[1]) == ErrorKind::Reverted);
        CHECK(node.times_asked(kContract, Value{}, U256(1)) == 1);
        CHECK(reader.cost().rounds == 1);
    }
    SECTION("where a revert is an expected answer it is not asked again") {
        node.revert(kContract, Value{}, U256(1));
        BatchReader reader(node, node.block, node.multicall3);
        std::optional<ErrorKind> failed;
        std::vector<Task<void>> tasks;
        tasks.push_back(try_value(reader, 1, failed));
        reader.run(tasks);
        CHECK(failed == ErrorKind::Reverted);
        CHECK(node.times_asked(kContract, Value{}, U256(1)) == 1);
        CHECK(reader.cost().rounds == 1);
    }
}

TEST_CASE("a question that one may try and another needs is made sure of", "[batch_reader][gas]") {
    FakeNode node;
    fill(node, 2);
    node.exhaust_in_aggregate(kContract, Value{}, U256(1001), U256(1));
    BatchReader reader(node, node.block, node.multicall3);
    std::optional<ErrorKind> failed;
    U256 found = 0;
    std::vector<Task<void>> tasks;
    const bool try_first = GENERATE(true, false);
    if (try_first) {
        tasks.push_back(try_value(reader, 1, failed));
        tasks.push_back(read_value(reader, 1, found));
    } else {
        tasks.push_back(read_value(reader, 1, found));
        tasks.push_back(try_value(reader, 1, failed));
    }
    reader.run(tasks);
    CHECK(found == 1001);
    CHECK_FALSE(failed);
}

TEST_CASE("many doubtful failures are asked again in at most 64 groups", "[batch_reader][gas]") {
    FakeNode node;
    fill(node, 200);
    node.aggregate_gas_for = 70;  // of the first aggregate 130 fail; a group of 3 fits
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 200);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(node.requests() == 1 + 44);  // ceil(130 / ceil(130 / 64)) = ceil(130 / 3)
    CHECK(node.sends() == 2);
}

TEST_CASE("a balance that failed inside the aggregate is read alone", "[batch_reader][gas]") {
    FakeNode node;
    // 2748 wei are "0xabc": a quantity has no leading zero, so its digits may be odd in number.
    const U256 wei = GENERATE(U256(0), U256(2748), U256(0xabcd), core::pow10(24));
    node.fund(address(7), wei);
    node.starve_balance(address(7));
    BatchReader reader(node, node.block, node.multicall3);
    U256 found = 1;
    std::vector<Task<void>> tasks;
    tasks.push_back(read_balance(reader, address(7), found));
    reader.run(tasks);
    CHECK_FALSE(kind(tasks[0]));
    CHECK(found == wei);
    CHECK(reader.cost().rounds == 2);
}

TEST_CASE("the way of asking steps down to what the node can do", "[batch_reader][fallback]") {
    struct Node {
        bool has_multicall3;
        FakeNode::ByHash by_hash;
        Pin pin;
        std::size_t requests;
    };
    using enum FakeNode::ByHash;
    // Requests: each rung that is tried and refused, and the one that works.
    const auto want = GENERATE(values<Node>({
        {true, Works, Pin::Hash, 1},
        {true, Refused, Pin::Number, 2},
        {true, Ignored, Pin::Number, 2},
        {true, Empty, Pin::Number, 3},  // without Multicall3 by hash, then with it by number
        {false, Works, Pin::Hash, 2},
        {false, Refused, Pin::Number, 3},
        {false, Ignored, Pin::Number, 3},
        {false, Empty, Pin::Number, 4},
    }));
    CAPTURE(want.has_multicall3, static_cast<int>(want.by_hash));
    FakeNode node;
    fill(node, 7);
    node.has_multicall3 = want.has_multicall3;
    node.by_hash = want.by_hash;
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 7);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(reader.pin() == want.pin);
    CHECK(node.requests() == want.requests);
    CHECK(reader.cost().rounds + reader.cost().splits == want.requests);

    // What was learned is kept.
    Values more(reader, 7);
    reader.run(more.tasks);
    CHECK(more.are_right());
    CHECK(node.requests() == want.requests + 1);
    reader.confirm_block();
    CHECK(node.requests() == want.requests + (want.pin == Pin::Hash ? 1 : 2));
}

TEST_CASE("a contract that is not Multicall3 at its address is not believed",
          "[batch_reader][fallback]") {
    FakeNode node;
    fill(node, 3);
    node.has_multicall3 = false;
    // There is some contract, which knows no aggregate3 and so reverts.
    node.answer(node.multicall3, Root{}, U256(1));
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 3);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(reader.pin() == Pin::Hash);
}

TEST_CASE("what Multicall3 could not have answered sends the questions in batches",
          "[batch_reader][fallback]") {
    const char* reply =
        GENERATE(R"("0x00")", R"("0x")",
                 // a vector of one result where there must be two and the questions
                 R"("0x0000000000000000000000000000000000000000000000000000000000000020)"
                 R"(0000000000000000000000000000000000000000000000000000000000000000")");
    FakeNode node;
    fill(node, 3);
    class Liar final : public RpcTransport {
      public:
        Liar(FakeNode& honest, std::string lie) : honest_(honest), lie_(std::move(lie)) {}
        std::vector<std::vector<RpcOutcome>> send(
            const std::vector<RpcRequest>& requests) override {
            auto replies = honest_.send(requests);
            for (std::size_t i = 0; i < requests.size(); ++i) {
                if (requests[i].size() == 1) {
                    replies[i][0] = lie_;
                }
            }
            return replies;
        }
        [[nodiscard]] RpcTraffic traffic() const override { return honest_.traffic(); }

      private:
        FakeNode& honest_;
        std::string lie_;
    } liar(node, reply);
    BatchReader reader(liar, node.block, node.multicall3);
    Values values(reader, 3);
    reader.run(values.tasks);
    CHECK(values.are_right());
}

TEST_CASE("without Multicall3 questions travel in batches of the configured size",
          "[batch_reader][batch]") {
    FakeNode node;
    fill(node, 250);
    SECTION("when none is configured") {
        BatchReader reader(node, node.block, std::nullopt);
        Values values(reader, 250);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.requests() == 3);
        CHECK(node.largest_batch() == 101);  // 100 and the question for the block
        CHECK(reader.cost().splits == 2);
    }
    SECTION("when the configured one turns out not to be there") {
        node.has_multicall3 = false;
        BatchReader reader(node, node.block, node.multicall3);
        Values values(reader, 250);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(node.largest_batch() == 101);
        CHECK(node.requests() == 1 + 3);
        CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
    }
    SECTION("when the endpoint takes less, which is remembered") {
        node.batch_calls_max = 40;
        BatchReader reader(node, node.block, std::nullopt);
        Values values(reader, 250);
        reader.run(values.tasks);
        CHECK(values.are_right());
        // 100, 100, 50 refused; 50, 50, 50, 50, 25, 25: the four refused; 8 × 25. Then 10 × 25.
        CHECK(node.requests() == 3 + 6 + 8);
        Values more(reader, 250);
        reader.run(more.tasks);
        CHECK(node.requests() == 17 + 10);
    }
}

TEST_CASE("an endpoint without Multicall3 that refuses batches is asked call by call",
          "[batch_reader][batch][fallback]") {
    FakeNode node;
    fill(node, 7);
    node.fund(address(9), 2748);
    const bool configured = GENERATE(true, false);
    const auto multicall3 = configured ? std::optional(node.multicall3) : std::nullopt;
    node.has_multicall3 = false;
    SECTION("and says so") {
        node.has_batches = false;
        node.by_hash =
            GENERATE(FakeNode::ByHash::Works, FakeNode::ByHash::Refused, FakeNode::ByHash::Ignored);
        const bool works = node.by_hash == FakeNode::ByHash::Works;
        BatchReader reader(node, node.block, multicall3);
        Values values(reader, 7);
        U256 wei = 0;
        values.tasks.push_back(read_balance(reader, address(9), wei));
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(wei == 2748);
        CHECK(reader.pin() == (works ? Pin::Hash : Pin::Number));
        CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
        CHECK(node.sends() == reader.cost().rounds);

        const auto before = node.requests();
        Values more(reader, 7);
        reader.run(more.tasks);
        CHECK(more.are_right());
        CHECK(node.requests() == before + 7);
        CHECK(reader.pin() == (works ? Pin::Hash : Pin::Number));
    }
    SECTION("and calls every one too large") {
        node.batch_calls_max = 1;
        BatchReader reader(node, node.block, multicall3);
        Values values(reader, 7);
        reader.run(values.tasks);
        CHECK(values.are_right());
        CHECK(reader.pin() == Pin::Hash);
    }
    SECTION("and runs calls on another block, so is not believed") {
        node.has_batches = false;
        node.executes_on = node.latest;
        BatchReader reader(node, node.block, multicall3);
        Values values(reader, 7);
        reader.run(values.tasks);
        for (const auto& task : values.tasks) {
            CHECK(kind(task) == ErrorKind::Unsupported);
        }
    }
}

TEST_CASE("a failing item of a batch fails alone", "[batch_reader][batch]") {
    FakeNode node;
    fill(node, 3);
    node.revert(kContract, Value{}, U256(1));
    node.fund(address(9), 2748);
    BatchReader reader(node, node.block, std::nullopt);
    Values values(reader, 3);
    U256 wei = 0;
    values.tasks.push_back(read_balance(reader, address(9), wei));
    reader.run(values.tasks);
    CHECK_FALSE(kind(values.tasks[0]));
    CHECK(kind(values.tasks[1]) == ErrorKind::Reverted);
    CHECK_FALSE(kind(values.tasks[2]));
    CHECK(wei == 2748);
    CHECK(node.requests() == 1);
}

TEST_CASE("one item refused for the size of all has the batch asked in halves",
          "[batch_reader][batch]") {
    FakeNode node;
    fill(node, 4);
    std::size_t calls = 0;
    node.refuse_call = [&](const RpcCall&) -> std::optional<RpcError> {
        return ++calls == 5 ? std::optional(test::rpc_error(-32000, "response size exceeded"))
                            : std::nullopt;
    };
    BatchReader reader(node, node.block, std::nullopt);
    Values values(reader, 4);
    reader.run(values.tasks);
    CHECK(values.are_right());
    CHECK(node.requests() == 1 + 2);
}

TEST_CASE("an answer from another block is no answer", "[batch_reader][wrong_block]") {
    FakeNode node;
    fill(node, 2);
    const bool with_multicall3 = GENERATE(true, false);
    SECTION("from the beginning") {
        node.executes_on = node.latest;
        BatchReader reader(node, node.block,
                           with_multicall3 ? std::optional(node.multicall3) : std::nullopt);
        Values values(reader, 2);
        reader.run(values.tasks);
        CHECK(kind(values.tasks[0]) == ErrorKind::WrongBlock);
        CHECK(kind(values.tasks[1]) == ErrorKind::WrongBlock);
        CHECK_THAT(failure(values.tasks[0])->what(), Contains("20000007"));
    }
    SECTION("from the same number with another timestamp") {
        node.executes_on = node.block;
        node.executes_on->timestamp = node.latest.timestamp;
        BatchReader reader(node, node.block,
                           with_multicall3 ? std::optional(node.multicall3) : std::nullopt);
        Values values(reader, 2);
        reader.run(values.tasks);
        CHECK(kind(values.tasks[0]) == ErrorKind::WrongBlock);
    }
    SECTION("after it worked once") {
        BatchReader reader(node, node.block,
                           with_multicall3 ? std::optional(node.multicall3) : std::nullopt);
        Values first(reader, 2);
        reader.run(first.tasks);
        CHECK(first.are_right());
        node.executes_on = node.latest;
        Values second(reader, 2);
        reader.run(second.tasks);
        CHECK(kind(second.tasks[0]) == ErrorKind::WrongBlock);
        CHECK(reader.pin() == Pin::Hash);
    }
}

TEST_CASE("where contracts are told the parent chain's number, that one must be right",
          "[batch_reader][wrong_block]") {
    FakeNode node;
    fill(node, 2);
    const bool with_multicall3 = GENERATE(true, false);
    node.executes_on = node.block;
    node.executes_on->number = core::BlockNumber(25'900'000);
    Block block = node.block;
    block.number_in_calls = core::BlockNumber(25'900'000);
    const bool is_right = GENERATE(true, false);
    if (!is_right) {
        node.executes_on->number = core::BlockNumber(25'900'001);
    }
    BatchReader reader(node, block,
                       with_multicall3 ? std::optional(node.multicall3) : std::nullopt);
    Values values(reader, 2);
    reader.run(values.tasks);
    if (is_right) {
        CHECK(values.are_right());
    } else {
        CHECK(kind(values.tasks[0]) == ErrorKind::WrongBlock);
        CHECK_THAT(failure(values.tasks[0])->what(), Contains("25900001"));
    }
}

TEST_CASE("a block held by number is read again at the end", "[batch_reader][wrong_block]") {
    FakeNode node;
    fill(node, 2);
    node.by_hash = FakeNode::ByHash::Refused;
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 2);
    reader.run(values.tasks);
    REQUIRE(reader.pin() == Pin::Number);
    SECTION("and is the same") {
        const auto rounds = reader.cost().rounds;
        reader.confirm_block();
        CHECK(reader.cost().rounds == rounds + 1);
        CHECK(node.requests() == reader.cost().rounds + reader.cost().splits);
    }
    SECTION("and was reorganised away") {
        node.block.hash.fill(0x99);
        try {
            reader.confirm_block();
            FAIL("no error");
        } catch (const core::ChainError& error) {
            CHECK(error.kind() == ErrorKind::WrongBlock);
            CHECK_THAT(error.what(), Contains("9999") && Contains("abab"));
        }
    }
    SECTION("and is gone") {
        node.pinned_block_is_gone = true;
        CHECK_THROWS_AS(reader.confirm_block(), core::ChainError);
    }
}

TEST_CASE("an address without a contract gives an empty reply that names it",
          "[batch_reader][coverage]") {
    FakeNode node;
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 1);
    reader.run(values.tasks);
    const auto error = failure(values.tasks[0]);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::EmptyReply);
    CHECK_THAT(error->source(), Contains(kContract.to_string()) && Contains("value"));
}

TEST_CASE("data that is not the function's result is bad data", "[batch_reader][coverage]") {
    FakeNode node;
    node.answer_raw(kContract, Value{}, core::Bytes(31, 0), U256(0));
    BatchReader reader(node, node.block, node.multicall3);
    Values values(reader, 1);
    reader.run(values.tasks);
    CHECK(kind(values.tasks[0]) == ErrorKind::BadData);
}

TEST_CASE("a revert says the contract's own words", "[batch_reader][coverage]") {
    struct Revert {
        std::string data;
        std::string says;
    };
    const auto want = GENERATE(values<Revert>({
        // Error(string) is 08c379a0; the string "55", at offset 32
        {"0x08c379a0"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "0000000000000000000000000000000000000000000000000000000000000002"
         "3535000000000000000000000000000000000000000000000000000000000000",
         "reverted: 55"},
        // Panic(uint256) is 4e487b71; 0x11 is an overflow
        {"0x4e487b710000000000000000000000000000000000000000000000000000000000000011",
         "reverted: panic code 17"},
        {"0xdeadbeef", "reverted with 0xdeadbeef"},
        // Error(string) cut off
        {"0x08c379a000", "reverted with 0x08c379a000"},
        {"0x08", "reverted with 0x08"},
        {"0x", "reverted without a reason"},
    }));
    FakeNode node;
    node.revert_with(core::parse_hex(want.data).value(), kContract, Value{}, U256(0));
    const bool with_multicall3 = GENERATE(true, false);
    BatchReader reader(node, node.block,
                       with_multicall3 ? std::optional(node.multicall3) : std::nullopt);
    Values values(reader, 1);
    reader.run(values.tasks);
    const auto error = failure(values.tasks[0]);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::Reverted);
    CHECK_THAT(error->detail(), Contains(want.says));
}

TEST_CASE("an exception of the transport leaves nothing hanging", "[batch_reader]") {
    class Broken final : public RpcTransport {
      public:
        std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>&) override {
            throw core::InvariantError("broken");
        }
        [[nodiscard]] RpcTraffic traffic() const override { return {}; }
    } broken;
    const FakeNode node;
    BatchReader reader(broken, node.block, node.multicall3);
    Values values(reader, 3);
    CHECK_THROWS_AS(reader.run(values.tasks), core::InvariantError);
}

namespace {

/// What a run with one try_call ends in.
struct SecondLook {
    std::optional<ErrorKind> tried;
    std::optional<core::ChainError> unseen;
    std::size_t rounds = 0;
};

SecondLook look_twice(FakeNode& node) {
    BatchReader reader(node, node.block, node.multicall3);
    SecondLook look;
    std::vector<Task<void>> tasks;
    tasks.push_back(try_value(reader, 1, look.tried));
    reader.run(tasks);
    tasks[0].result();
    look.unseen = reader.confirm_refusals();
    look.rounds = reader.cost().rounds;
    return look;
}

}  // namespace

TEST_CASE("a refusal that is an answer is seen at the block before, too",
          "[batch_reader][second_look]") {
    FakeNode node;
    node.revert(kContract, Value{}, U256(1));
    const SecondLook look = look_twice(node);
    CHECK(look.tried == ErrorKind::Reverted);
    CHECK_FALSE(look.unseen);
    CHECK(look.rounds == 2);
    CHECK(node.times_asked(kContract, Value{}, U256(1)) == 2);
}

TEST_CASE("without a refusal nothing is looked at twice", "[batch_reader][second_look]") {
    FakeNode node;
    fill(node, 2);
    CHECK_FALSE(look_twice(node).unseen);
    CHECK(node.sends() == 1);
}

TEST_CASE("a refusal that the block before does not show is asked once more",
          "[batch_reader][second_look]") {
    FakeNode node;
    fill(node, 2);
    SECTION("the contract changed in this block") {
        node.reverts_now = [&](const Address& to, const Block& at) {
            return to == kContract && at.number == node.block.number;
        };
        const SecondLook look = look_twice(node);
        CHECK(look.tried == ErrorKind::Reverted);
        CHECK_FALSE(look.unseen);
        CHECK(look.rounds == 3);
    }
    SECTION("the endpoint's artefact") {
        unsigned asked = 0;
        node.reverts_now = [&](const Address& to, const Block&) {
            return to == kContract && ++asked == 1;
        };
        try {
            static_cast<void>(look_twice(node));
            FAIL("a refusal that passes is none");
        } catch (const core::ChainError& error) {
            CHECK(error.kind() == ErrorKind::NoAgreement);
            CHECK_THAT(error.what(), Contains("value"));
        }
    }
}

TEST_CASE("where the block before cannot be read, the block itself is asked again",
          "[batch_reader][second_look]") {
    FakeNode node;
    node.revert(kContract, Value{}, U256(1));
    node.block_before = false;
    const SecondLook look = look_twice(node);
    CHECK(look.tried == ErrorKind::Reverted);
    CHECK_FALSE(look.unseen);
    CHECK(look.rounds >= 3);
}

TEST_CASE("an endpoint that takes no batches shows the block before as well",
          "[batch_reader][second_look]") {
    FakeNode node;
    node.revert(kContract, Value{}, U256(1));
    node.has_batches = false;
    SECTION("through Multicall3, which hides that") {
        const SecondLook look = look_twice(node);
        CHECK(look.tried == ErrorKind::Reverted);
        CHECK_FALSE(look.unseen);
        CHECK(look.rounds == 3);
        CHECK(node.times_asked(kContract, Value{}, U256(1)) == 2);
    }
    SECTION("call by call") {
        node.has_multicall3 = false;
        const SecondLook look = look_twice(node);
        CHECK(look.tried == ErrorKind::Reverted);
        CHECK_FALSE(look.unseen);
    }
}
