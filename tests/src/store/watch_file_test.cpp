#include "store/watch_file.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::store {
namespace {

using Catch::Matchers::Contains;

WatchedBlock block(std::uint64_t number, std::uint8_t fork = 0) {
    WatchedBlock out{.number = number, .hash = {}, .timestamp = 1'000 + number};
    out.hash.fill(static_cast<std::uint8_t>(number + fork));
    return out;
}

Outgoing message(const std::string& key, const std::string& alert, const std::string& channel,
                 bool is_urgent = false) {
    return {.id = 0,
            .key = key,
            .alert = alert,
            .channel = channel,
            .body = "{\"key\":\"" + key + "\"}",
            .is_urgent = is_urgent,
            .created_at = 0,
            .attempts = 0};
}

std::vector<std::string> keys(const std::vector<Outgoing>& messages) {
    std::vector<std::string> out;
    for (const Outgoing& one : messages) {
        out.push_back(one.key);
    }
    return out;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a watch's file keeps blocks, alerts and messages of an evaluation", "[watch_file]") {
    const test::TemporaryFolder folder;
    {
        WatchFile file = WatchFile::open_or_create(folder.file("watch.db"));
        CHECK_FALSE(file.last_block("devnet"));
        file.write({.chain = "devnet",
                    .block = block(7),
                    .alerts = {{.key = "a", .rule = "r", .subject = "{}", .state = "1"}},
                    .messages = {message("k1", "a", "ops")},
                    .at = 50});
        file.write({.chain = "devnet",
                    .block = block(8),
                    .alerts = {{.key = "a", .rule = "r", .subject = "{}", .state = "2"}},
                    .at = 60});
    }
    WatchFile file = WatchFile::open_or_create(folder.file("watch.db"));
    REQUIRE(file.last_block("devnet"));
    CHECK(file.last_block("devnet")->number == 8);
    CHECK(file.last_block("devnet")->hash == block(8).hash);
    CHECK(file.last_block("devnet")->timestamp == 1'008);
    CHECK_FALSE(file.last_block("other"));
    REQUIRE(file.alerts("devnet").size() == 1);
    CHECK(file.alerts("devnet").front().state == "2");
    CHECK(file.alerts("other").empty());
    REQUIRE(file.next("ops", 50));
    CHECK(file.next("ops", 50)->body == "{\"key\":\"k1\"}");
    CHECK(file.next("ops", 50)->created_at == 50);
}

TEST_CASE("reorganised blocks are forgotten, and old ones", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    for (std::uint64_t number = 1; number <= 300; ++number) {
        file.write({.chain = "devnet", .block = block(number)});
    }
    CHECK(file.blocks("devnet").size() == WatchFile::kBlocksKept);
    CHECK(file.blocks("devnet").back().number == 300 - WatchFile::kBlocksKept + 1);
    file.write({.chain = "devnet", .forget_after = 298, .block = block(299, 5)});
    CHECK(file.last_block("devnet")->number == 299);
    CHECK(file.last_block("devnet")->hash == block(299, 5).hash);
    file.write({.chain = "devnet", .forget_after = 0});
    CHECK_FALSE(file.last_block("devnet"));
}

TEST_CASE("a message is delivered once, tried again when it is time, or given up", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write({.chain = "devnet",
                .messages = {message("k1", "a", "ops"), message("k2", "b", "ops"),
                             message("k3", "c", "ops")},
                .at = 10});
    const auto next = [&](std::uint64_t now) {
        const auto found = file.next("ops", now);
        return found ? found->key : "none";
    };
    REQUIRE(next(10) == "k1");
    file.mark_sent(file.next("ops", 10)->id, 11);
    REQUIRE(next(11) == "k2");
    file.mark_failed(file.next("ops", 11)->id, "HTTP 503", 20);
    CHECK(next(19) == "none");  // the channel rests, also for "k3"
    REQUIRE(next(20) == "k2");
    CHECK(file.next("ops", 20)->attempts == 1);
    CHECK(file.next("ops", 20)->last_error == "HTTP 503");
    file.mark_dead(file.next("ops", 20)->id, "HTTP 410", 20);
    CHECK(keys(file.waiting()) == Keys{"k3"});
    CHECK(keys(file.dead()) == Keys{"k2"});
    // The same evaluation again, as after a crash, queues nothing a second time.
    file.write({.chain = "devnet", .messages = {message("k1", "a", "ops")}, .at = 30});
    CHECK(keys(file.waiting()) == Keys{"k3"});
}

TEST_CASE("urgent messages go first, and an alert's own in their order", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write(
        {.chain = "devnet",
         .messages = {message("fire", "a", "ops"), message("other", "b", "ops"),
                      message("resolve", "a", "ops", true), message("elsewhere", "a", "chat"),
                      message("urgent", "c", "ops", true)},
         .at = 10});
    Keys order;
    while (const auto one = file.next("ops", 10)) {
        order.push_back(one->key);
        file.mark_sent(one->id, 10);
    }
    // "resolve" waits for "fire", urgent or not.
    CHECK(order == Keys{"urgent", "fire", "resolve", "other"});
    // A channel that rests keeps no other one waiting.
    file.write({.chain = "devnet", .messages = {message("more", "d", "ops")}, .at = 10});
    file.mark_failed(file.next("ops", 10)->id, "no", 60);
    CHECK_FALSE(file.next("ops", 10));
    REQUIRE(file.next("chat", 10));
    CHECK(file.next("chat", 10)->key == "elsewhere");
    // A clock that was set back does not make it rest for years.
    file.mark_failed(file.waiting().back().id, "no", 1'000'000);
    CHECK(file.next("ops", 10));
}

TEST_CASE("delivered messages are kept for a month", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write({.chain = "devnet", .messages = {message("k1", "a", "ops")}, .at = 10});
    file.mark_sent(file.next("ops", 10)->id, 10);
    const std::uint64_t later = 11 + WatchFile::kSentKeptS;
    file.write({.chain = "devnet", .messages = {message("k2", "b", "ops")}, .at = later});
    // Its key is free again: nothing of it is left.
    file.write({.chain = "devnet", .messages = {message("k1", "a", "ops")}, .at = later});
    CHECK(keys(file.waiting()) == Keys{"k2", "k1"});
}

TEST_CASE("one daemon at a time; others may look", "[watch_file]") {
    const test::TemporaryFolder folder;
    CHECK_THROWS_AS(WatchFile::open(folder.file("watch.db")), core::InputError);
    WatchFile daemon = WatchFile::open_or_create(folder.file("watch.db"));
    daemon.write({.chain = "devnet", .block = block(3)});
    CHECK_THROWS_WITH(WatchFile::open_or_create(folder.file("watch.db")),
                      Contains("another margrave watches with it"));
    CHECK(WatchFile::open(folder.file("watch.db")).last_block("devnet")->number == 3);
}

TEST_CASE("a file that is no watch's is refused", "[watch_file]") {
    const test::TemporaryFolder folder;
    {
        Database other(folder.file("watch.db"), Database::Mode::Create);
        other.execute("CREATE TABLE t (a INTEGER)");
    }
    CHECK_THROWS_WITH(WatchFile::open_or_create(folder.file("watch.db")),
                      Contains("no watch of margrave"));
}

}  // namespace margrave::store
