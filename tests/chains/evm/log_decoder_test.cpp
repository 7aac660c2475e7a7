#include "chains/evm/log_decoder.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "chains/event.hpp"
#include "tests/support/fake_log_node.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using chains::evm::BlockRange;
using chains::evm::decode_logs;
using core::ErrorKind;
using test::address;
using test::log_json;
using test::topic;

namespace {

LogFilter filter() {
    return {.addresses = {address(1)}, .topics = {{topic(7)}}, .from = core::BlockNumber(10)};
}

Log some_log(std::uint64_t block = 12, std::uint64_t index = 3) {
    Log log;
    log.address = address(1);
    log.block = core::BlockNumber(block);
    log.index = index;
    log.topics[0] = topic(7);
    log.topic_count = 1;
    log.data = {0xab, 0xcd};
    return log;
}

core::Hash hash(std::uint8_t fill) { return topic(fill); }

std::string list(std::initializer_list<std::string> logs) {
    std::string out = "[";
    for (const std::string& log : logs) {
        out += (out.size() > 1 ? "," : "") + log;
    }
    return out + "]";
}

auto decode(const std::string& json) {
    return decode_logs(json, filter(), {.first = 10, .last = 20}, std::nullopt);
}

/// `text` with its first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("logs are decoded with all that is theirs", "[logs]") {
    const auto logs =
        decode(list({log_json(some_log(12, 3), hash(1)), log_json(some_log(12, 4), hash(1)),
                     log_json(some_log(20, 0), hash(2))}));
    REQUIRE(logs);
    REQUIRE(logs->size() == 3);
    const Log& log = logs->front();
    CHECK(log.address == address(1));
    CHECK(log.block.value() == 12);
    CHECK(log.index == 3);
    CHECK(log.topic_count == 1);
    CHECK(log.topics[0] == topic(7));
    CHECK(log.data == core::Bytes{0xab, 0xcd});
    CHECK(decode("[]")->empty());
}

TEST_CASE("a log that was not asked for is refused", "[logs][hostile]") {
    Log other = some_log();
    SECTION("of another contract") { other.address = address(2); }
    SECTION("with another topic") { other.topics[0] = topic(8); }
    SECTION("without a topic") { other.topic_count = 0; }
    SECTION("before the range") { other.block = core::BlockNumber(9); }
    SECTION("after the range") { other.block = core::BlockNumber(21); }
    const auto logs = decode(list({log_json(other, hash(1))}));
    REQUIRE_FALSE(logs);
    CHECK(logs.error().kind == ErrorKind::BadData);
}

TEST_CASE("a removed log is refused", "[logs][hostile]") {
    const auto logs = decode(
        list({with(log_json(some_log(), hash(1)), R"("removed":false)", R"("removed":true)")}));
    REQUIRE_FALSE(logs);
    CHECK(logs.error().kind == ErrorKind::BadData);
}

TEST_CASE("logs that are not in order, or come twice, are refused", "[logs][hostile]") {
    const auto [first, second] = GENERATE(table<Log, Log>({{some_log(12, 3), some_log(12, 3)},
                                                           {some_log(12, 3), some_log(12, 2)},
                                                           {some_log(12, 3), some_log(11, 4)}}));
    const auto logs = decode(list({log_json(first, hash(1)), log_json(second, hash(1))}));
    REQUIRE_FALSE(logs);
    CHECK(logs.error().kind == ErrorKind::BadData);
}

TEST_CASE("logs of one block name one hash, and of the pinned block its own", "[logs][hostile]") {
    const auto two =
        decode(list({log_json(some_log(12, 3), hash(1)), log_json(some_log(12, 4), hash(2))}));
    REQUIRE_FALSE(two);
    CHECK(two.error().kind == ErrorKind::BadData);

    Block pinned;
    pinned.number = core::BlockNumber(12);
    pinned.hash = hash(9);
    const std::string json = list({log_json(some_log(), hash(1))});
    const auto other = decode_logs(json, filter(), {.first = 10, .last = 12}, pinned);
    REQUIRE_FALSE(other);
    CHECK(other.error().kind == ErrorKind::WrongBlock);
    pinned.hash = hash(1);
    CHECK(decode_logs(json, filter(), {.first = 10, .last = 12}, pinned));
}

TEST_CASE("a malformed log is a bad reply", "[logs][hostile]") {
    const std::string good = log_json(some_log(), hash(1));
    const std::string bad = GENERATE_COPY(
        std::string("null"), std::string("[]"), with(good, R"("address")", R"("adress")"),
        with(good, R"("data":"0xabcd")", R"("data":"0xabc")"),
        with(good, R"("data":"0xabcd")", R"("data":"0xabcg")"),
        with(good, R"("data":"0xabcd")", R"("data":null)"),
        with(good, R"("blockNumber":"0xc")", R"("blockNumber":null)"),
        with(good, R"("blockNumber":"0xc")", R"("blockNumber":"0x")"),
        with(good, R"("blockNumber":"0xc")", R"("blockNumber":"0x10000000000000000")"),
        with(good, R"("logIndex":"0x3")", R"("logIndex":3)"),
        with(good, R"("logIndex":"0x3")", R"("logIndex":"0x3","logIndex":"0x4")"),
        with(good, R"("removed":false)", R"("removed":0)"),
        with(good, R"("topics":[)", R"("topics":["0x01",)"),
        with(good, R"("topics":[)", R"("topics":[7,)"));
    INFO(bad);
    const auto logs = decode(list({bad}));
    REQUIRE_FALSE(logs);
    CHECK(logs.error().kind == ErrorKind::BadReply);
}

TEST_CASE("what is no list of logs is a bad reply", "[logs][hostile]") {
    const auto* const text = GENERATE("", "null", "{}", "[", "[]]", "[] []", R"("0x")", "[1]");
    const auto logs = decode(text);
    REQUIRE_FALSE(logs);
    CHECK(logs.error().kind == ErrorKind::BadReply);
}

TEST_CASE("a filter takes any of the listed topics, and every one where none is listed", "[logs]") {
    Log log = some_log();
    log.topics[1] = topic(5);
    log.topic_count = 2;
    LogFilter wanted = filter();
    wanted.topics = {{topic(6), topic(7)}, {}};
    CHECK(evm::matches(wanted, log));
    log.topic_count = 1;
    CHECK_FALSE(evm::matches(wanted, log));
    wanted.topics = {};
    CHECK(evm::matches(wanted, log));
}

TEST_CASE("an event has the topic of its signature and decodes its arguments", "[logs][vectors]") {
    // The topic that every ERC-20's transfers carry.
    using Transfer = abi::Event<"Transfer", abi::Indexed<core::Address>,
                                abi::Indexed<core::Address>, core::U256>;
    CHECK(core::to_hex(Transfer::kTopic) ==
          "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    Log log;
    log.topics = {Transfer::kTopic, topic(0), topic(0), {}};
    log.topics[1][31] = 0xaa;
    log.topics[2][31] = 0xbb;
    log.topic_count = 3;
    log.data = test::abi_result(core::U256(77));
    const auto [from, to, amount] = Transfer::decode(log);
    CHECK(from == address(0xaa));
    CHECK(to == address(0xbb));
    CHECK(amount == 77);

    SECTION("not without a topic") {
        log.topic_count = 2;
        CHECK_THROWS_AS(Transfer::decode(log), abi::DecodeError);
    }
    SECTION("not with dirty bits before an address") {
        log.topics[1][0] = 1;
        CHECK_THROWS_AS(Transfer::decode(log), abi::DecodeError);
    }
    SECTION("not with half of its data") {
        log.data.resize(16);
        CHECK_THROWS_AS(Transfer::decode(log), abi::DecodeError);
    }
    SECTION("not another event") {
        log.topics[0] = topic(1);
        CHECK_THROWS_AS(Transfer::decode(log), abi::DecodeError);
    }
}
