#include "chains/evm/log_scanner.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "chains/evm/batch_reader.hpp"
#include "chains/evm/recording.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_log_node.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains::evm;
using Catch::Matchers::Contains;
using chains::Log;
using chains::LogFilter;
using core::ErrorKind;
using test::address;
using test::FakeLogNode;
using test::topic;

namespace {

/// Files in memory.
class FakeStore final : public LogStore {
  public:
    core::Result<std::optional<std::string>, std::string> load(const std::string& name) override {
        if (broken) {
            return core::Unexpected(std::string("the disk is broken"));
        }
        const auto found = files.find(name);
        return found == files.end() ? std::optional<std::string>() : std::optional(found->second);
    }
    std::optional<std::string> save(const std::string& name, std::string_view text) override {
        ++saves;
        if (full) {
            return "the disk is full";
        }
        files[name] = text;
        return std::nullopt;
    }

    std::map<std::string, std::string> files;
    unsigned saves = 0;
    bool broken = false;
    bool full = false;
};

/// An event in every tenth of 1000 blocks, 900 of which are final; each scan() is a run of its own.
struct Runs {
    Runs() {
        for (std::uint64_t at = 10; at <= 1000; at += 10) {
            node.add(at, 1, address(1), 7);
        }
    }
    std::optional<core::ChainError> scan(std::uint64_t at = 1000) {
        LogScanner scanner(node, {.chain_id = core::ChainId(5),
                                  .store = &store,
                                  .tell = [&](const std::string& line) { told += line + '\n'; },
                                  .clock = &clock});
        found.clear();
        told.clear();
        node.asked.clear();
        return scanner.scan(filter, node.block(at), [&](std::span<const Log> logs) {
            for (const Log& log : logs) {
                found.push_back(log.block.value());
            }
        });
    }
    [[nodiscard]] std::string& file() { return store.files.begin()->second; }
    /// 10, 20 … `last`.
    [[nodiscard]] static std::vector<std::uint64_t> tens(std::uint64_t last) {
        std::vector<std::uint64_t> out;
        for (std::uint64_t at = 10; at <= last; at += 10) {
            out.push_back(at);
        }
        return out;
    }

    FakeLogNode node;
    FakeStore store;
    test::FakeClock clock;
    LogFilter filter{
        .addresses = {address(1)}, .topics = {{topic(7)}}, .from = core::BlockNumber(1)};
    std::vector<std::uint64_t> found;
    std::string told;
};

}  // namespace

TEST_CASE("a second run reads only what was not final in the first", "[logs][cache]") {
    Runs runs;
    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
    REQUIRE(runs.node.asked.size() == 2);
    CHECK(runs.node.asked[0].last == 900);
    CHECK(runs.node.asked[1].first == 901);

    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
    REQUIRE(runs.node.asked.size() == 1);
    CHECK(runs.node.asked[0].first == 901);
    CHECK_THAT(runs.told, Contains("through block 900 they were kept"));
}

TEST_CASE("what a scan costs is told", "[logs][cache]") {
    Runs runs;
    static_cast<void>(runs.scan());
    // The logs of 900 blocks, their last block for the cache is known, then 100 with the block.
    CHECK_THAT(runs.told, Contains("100 found; 1000 blocks read in 3 requests"));
}

TEST_CASE("where a node knows no finalized block, 64 blocks are left out of what is kept",
          "[logs][cache]") {
    Runs runs;
    runs.node.finalized = std::nullopt;
    static_cast<void>(runs.scan());
    CHECK_THAT(runs.file(), Contains("through 936 "));
    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
}

TEST_CASE("a chain younger than 64 blocks is read and nothing kept", "[logs][cache]") {
    Runs runs;
    runs.node.finalized = std::nullopt;
    CHECK_FALSE(runs.scan(60));
    CHECK(runs.found == Runs::tens(60));
    CHECK(runs.store.files.empty());
}

TEST_CASE("an older block than what is kept is answered from it", "[logs][cache]") {
    Runs runs;
    static_cast<void>(runs.scan());
    CHECK_FALSE(runs.scan(455));
    CHECK(runs.found == Runs::tens(450));
    CHECK(runs.node.asked.empty());
    CHECK_THAT(runs.file(), Contains("through 900 "));  // not shortened by it
}

TEST_CASE("a reorganisation below what is kept throws it away", "[logs][cache][reorg]") {
    Runs runs;
    static_cast<void>(runs.scan());
    runs.node.fork = 1;
    runs.node.fork_at = GENERATE(500U, 900U);
    runs.node.logs.pop_back();
    SECTION("to other blocks") {}
    SECTION("to a shorter chain") {
        runs.node.head = 880;
        runs.node.finalized = 850;
    }
    const std::uint64_t at = std::min<std::uint64_t>(990, runs.node.head);
    CHECK_FALSE(runs.scan(at));
    CHECK(runs.found == Runs::tens(at));
    CHECK(runs.node.asked.front().first == 1);
    CHECK_THAT(runs.told, Contains("reorganised"));
    static_cast<void>(runs.scan(at));
    CHECK(runs.node.asked.size() <= 1);  // and what is read anew is kept
}

TEST_CASE("a damaged file is one line and a new scan", "[logs][cache][hostile]") {
    Runs runs;
    static_cast<void>(runs.scan());
    std::string& file = runs.file();
    SECTION("an event changed") { file[file.rfind("0x") + 2] ^= 1; }
    SECTION("cut") { file.resize(file.size() / 2); }
    SECTION("cut at a line") { file.resize(file.rfind('\n', file.size() - 2) + 1); }
    SECTION("empty") { file.clear(); }
    SECTION("another format") { file.replace(file.find("/1"), 2, "/2"); }
    SECTION("another chain") { file.replace(file.find("chain 5"), 7, "chain 6"); }
    SECTION("no text") { file = std::string(1000, '\0'); }
    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
    CHECK_THAT(runs.told, Contains("they are read anew"));
    CHECK(runs.node.asked.front().first == 1);
    static_cast<void>(runs.scan());
    CHECK(runs.node.asked.front().first == 901);
}

TEST_CASE("kept events survive their file", "[logs][cache]") {
    KeptLogs kept;
    kept.chain_id = core::ChainId(5);
    kept.filter = {.addresses = {address(1), address(2)},
                   .topics = {{topic(1), topic(2)}, {}, {topic(3)}},
                   .from = core::BlockNumber(3)};
    kept.through = core::BlockNumber(99);
    kept.hash = topic(9);
    kept.span = 500;
    Log log;
    log.address = address(2);
    log.block = core::BlockNumber(3);
    log.topics = {topic(2), topic(8), topic(3), {}};
    log.topic_count = 3;
    kept.logs = {log};
    const std::string text = to_text(kept);
    const auto read = parse_kept_logs(text, kept.chain_id, kept.filter);
    REQUIRE(read);
    CHECK(to_text(*read) == text);
    LogFilter other = kept.filter;
    other.topics[1] = {topic(8)};
    CHECK_FALSE(parse_kept_logs(text, kept.chain_id, other));
    CHECK(log_cache_name(kept.chain_id, other) != log_cache_name(kept.chain_id, kept.filter));
}

TEST_CASE("a scan that fails goes on in the next run where it ended", "[logs][cache]") {
    Runs runs;
    runs.node.blocks_max = 100;
    runs.node.words = "up to a 100 block range";
    runs.node.refuse_call = [&](const RpcCall& call) -> std::optional<RpcError> {
        const bool late = call.method == "eth_getLogs" && runs.node.asked.size() >= 6;
        return late ? std::optional(test::rpc_error(401, "unauthorized")) : std::nullopt;
    };
    const auto failure = runs.scan();
    REQUIRE(failure);
    CHECK(failure->kind() == ErrorKind::Unauthorized);
    REQUIRE_FALSE(runs.found.empty());
    const std::uint64_t last = runs.found.back();
    CHECK(runs.found == Runs::tens(last));

    runs.node.refuse_call = nullptr;
    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
    CHECK(runs.node.asked.front().first > last);
}

TEST_CASE("a folder that cannot be read or written is no failure of the scan", "[logs][cache]") {
    Runs runs;
    runs.store.broken = GENERATE(true, false);
    runs.store.full = !runs.store.broken;
    CHECK_FALSE(runs.scan());
    CHECK(runs.found == Runs::tens(1000));
    CHECK_THAT(runs.told, Contains(runs.store.full ? "could not be kept" : "disk is broken"));
}

TEST_CASE("a reader answers scans before questions, at its block", "[logs][reader]") {
    Runs runs;
    BatchReader reader(runs.node, runs.node.block(1000), std::nullopt);
    std::vector<std::uint64_t> found;
    std::optional<core::ChainError> failure;
    const auto work = [&]() -> chains::Task<void> {
        failure = co_await reader.scan(runs.filter, [&](std::span<const Log> logs) {
            for (const Log& log : logs) {
                found.push_back(log.block.value());
            }
        });
    };
    std::vector<chains::Task<void>> tasks;
    tasks.push_back(work());
    SECTION("all of them") {
        reader.run(tasks);
        CHECK_FALSE(failure);
        CHECK(found == Runs::tens(1000));
    }
    SECTION("or says why not") {
        runs.node.alter = [](const std::string&) { return std::string("[[]]"); };
        reader.run(tasks);
        REQUIRE(failure);
        CHECK(failure->kind() == ErrorKind::BadReply);
    }
}

TEST_CASE("a scan is recorded and replayed", "[logs][recording]") {
    Runs runs;
    runs.node.blocks_max = 300;
    Recording recording;
    struct Passing final : RpcTransport {
        explicit Passing(RpcTransport& to) : node(to) {}
        std::vector<std::vector<RpcOutcome>> send(
            const std::vector<RpcRequest>& requests) override {
            return node.send(requests);
        }
        [[nodiscard]] RpcTraffic traffic() const override { return node.traffic(); }
        RpcTransport& node;
    };
    const auto scan_over = [&](RpcTransport& rpc) {
        LogScanner scanner(
            rpc, {.chain_id = core::ChainId(5), .store = nullptr, .tell = {}, .clock = nullptr});
        std::vector<std::uint64_t> found;
        const auto failure =
            scanner.scan(runs.filter, runs.node.block(1000), [&](std::span<const Log> logs) {
                for (const Log& log : logs) {
                    found.push_back(log.block.value());
                }
            });
        CHECK_FALSE(failure);
        return found;
    };
    const auto recorder = make_record_transport(std::make_unique<Passing>(runs.node), recording);
    CHECK(scan_over(*recorder) == Runs::tens(1000));
    const auto replayed = make_replay_transport(Recording::from_json(recording.to_json()));
    CHECK(scan_over(*replayed) == Runs::tens(1000));
}
