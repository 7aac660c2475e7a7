#include "store/watch_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "store/compress.hpp"
#include "store/sqlite.hpp"
#include "store/watch_facts.hpp"
#include "store/watch_notes.hpp"
#include "store/watch_schedules.hpp"
#include "store/watch_series.hpp"
#include "store/watch_snapshots.hpp"
#include "tests/support/full_disk.hpp"
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

TEST_CASE("what another channel delivered is kept as long as what one gave up", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write({.chain = "devnet",
                .messages = {message("k1", "a", "ops"), message("k2", "a", "mail")},
                .at = 10});
    file.mark_sent(2, 10);
    file.mark_dead(1, "gone", 20, [] { return std::vector{message("k3", "a", "chat")}; });
    file.mark_sent(3, 20);
    const auto drop_old = [&] {
        file.write({.chain = "devnet", .block = block(7), .at = 100 + WatchFile::kSentKeptS});
    };
    drop_old();
    CHECK(file.is_delivered("k2"));
    CHECK(file.is_delivered("k3"));
    file.drop_dead(1);
    drop_old();
    CHECK_FALSE(file.is_delivered("k2"));
    CHECK_FALSE(file.is_delivered("k3"));
}

TEST_CASE("what waits for long is late once, each lane after its own time", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write({.chain = "devnet",
                .messages = {message("k1", "a", "ops", true), message("k2", "b", "ops"),
                             message("k3", "c", "mail", true)},
                .at = 100});
    const auto late = [&](std::uint64_t now) {
        return keys(file.late("ops", now, {.urgent_s = 10, .others_s = 50}));
    };
    CHECK(late(50).empty());
    CHECK(late(109).empty());
    CHECK(late(110) == Keys{"k1"});
    CHECK(late(150) == Keys{"k1", "k2"});
    file.mark_late(1, 110, {message("k4", "late ops a", "mail", true)});
    CHECK(late(150) == Keys{"k2"});
    CHECK(file.next("ops", 150)->key == "k1");  // it is tried on
    CHECK(file.next("ops", 150)->done_at == 110);
    CHECK(keys(file.waiting()) == Keys{"k1", "k2", "k3", "k4"});
    file.mark_needless("k4", 160);
    file.mark_needless("k9", 160);
    CHECK(keys(file.waiting()) == Keys{"k1", "k2", "k3"});
    file.mark_dead(2, "gone", 160);
    file.mark_needless("k2", 160);  // it does not wait
    CHECK(keys(file.dead()) == Keys{"k2"});
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

TEST_CASE("a file of the first version gains what it lacks, and loses nothing", "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    {
        WatchFile file = WatchFile::open_or_create(path);
        file.write({.chain = "devnet", .block = block(7), .messages = {message("k", "a", "ops")}});
        for (const char* table : {"silences", "acknowledgements", "series", "points", "snapshots",
                                  "facts", "schedules"}) {
            file.database().execute(("DROP TABLE " + std::string(table)).c_str());
        }
        file.database().execute("DROP INDEX written");
        file.database().execute("DROP TABLE passed");
        file.database().execute("PRAGMA user_version = 1");
    }
    // Who only looks does not change it.
    CHECK_THROWS_WITH(WatchFile::open(path), Contains("version 1"));
    WatchFile file = WatchFile::open_or_create(path);
    CHECK(file.last_block("devnet")->number == 7);
    CHECK(keys(file.waiting()) == Keys{"k"});
    CHECK(read_series(file.database()).empty());
    CHECK(read_silences(file.database(), 0).empty());
    CHECK(read_facts(file.database(), "devnet").empty());
}

TEST_CASE("a file of the second version gains what it lacks, and loses nothing", "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    const SeriesName health{.quantity = "health_factor", .chain = "devnet", .wallet = "0x1"};
    {
        WatchFile file = WatchFile::open_or_create(path);
        file.write({.chain = "devnet",
                    .block = block(7),
                    .points = {{health, {.block = 7, .time = 1'007, .value = "2"}}}});
        file.database().execute("DROP TABLE facts");
        file.database().execute("DROP TABLE schedules");
        file.database().execute("DROP INDEX written");
        file.database().execute("DROP TABLE passed");
        file.database().execute("PRAGMA user_version = 2");
    }
    CHECK_THROWS_WITH(WatchFile::open(path), Contains("version 2"));
    WatchFile file = WatchFile::open_or_create(path);
    CHECK(read_points(file.database(), health, 0).size() == 1);
    CHECK(read_facts(file.database(), "devnet").empty());
    file.write({.chain = "devnet", .facts = {{.name = "fee", .block = 8, .value = "1"}}});
    CHECK(read_facts(file.database(), "devnet").size() == 1);
}

TEST_CASE("a file of the third version gains what it lacks, and loses nothing", "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    const Schedule schedule{.far_every_s = 12, .wallets = 3, .near = {"0x1", "0x2"}};
    {
        WatchFile file = WatchFile::open_or_create(path);
        file.write({.chain = "devnet", .facts = {{.name = "fee", .block = 8, .value = "1"}}});
        file.database().execute("DROP TABLE schedules");
        file.database().execute("DROP INDEX written");
        file.database().execute("DROP TABLE passed");
        file.database().execute("PRAGMA user_version = 3");
    }
    WatchFile file = WatchFile::open_or_create(path);
    CHECK(read_facts(file.database(), "devnet").size() == 1);
    CHECK(read_schedules(file.database()).empty());
    file.write({.chain = "devnet", .schedule = Schedule{}});
    file.write({.chain = "devnet", .schedule = schedule});
    CHECK(read_schedules(file.database()) == std::map<std::string, Schedule>{{"devnet", schedule}});
}

TEST_CASE("the newest block that was passed over is kept, until it is reorganised away",
          "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    {
        WatchFile file = WatchFile::open_or_create(path);
        file.database().execute("DROP TABLE passed");
        file.database().execute("PRAGMA user_version = 4");
    }
    WatchFile file = WatchFile::open_or_create(path);
    CHECK_FALSE(read_passed(file.database(), "devnet"));
    file.write({.chain = "devnet", .passed = PassedBlock{.number = 7, .timestamp = 70}});
    file.write({.chain = "devnet", .passed = PassedBlock{.number = 9, .timestamp = 90}});
    file.write({.chain = "devnet", .forget_after = 9});
    REQUIRE(read_passed(file.database(), "devnet"));
    CHECK(read_passed(file.database(), "devnet")->timestamp == 90);
    CHECK_FALSE(read_passed(file.database(), "other"));
    file.write({.chain = "devnet", .forget_after = 8});
    CHECK_FALSE(read_passed(file.database(), "devnet"));
}

TEST_CASE("what was refused is in the way of its own alert alone, and a group of nobody",
          "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    file.write({.chain = "devnet",
                .messages = {message("a fires", "health devnet m a", "ops"),
                             message("a ends", "health devnet m a", "ops"),
                             message("b fires", "health devnet m b", "ops"),
                             message("both end", "health devnet +", "ops"),
                             message("b again", "health devnet m b", "ops"),
                             message("elsewhere", "health devnet2 m b", "ops"),
                             message("other rule", "healthy devnet m b", "ops")},
                .at = 10});
    const auto order = [&](const std::vector<std::int64_t>& resting) {
        Keys out;
        std::vector<std::int64_t> told = resting;
        while (const auto one = file.next("ops", 10, told)) {
            out.push_back(one->key);
            told.push_back(one->id);
        }
        return out;
    };
    // Resting, as those that were told in this test, they stay in the way of their alert.
    CHECK(order({}) == Keys{"a fires", "b fires", "elsewhere", "other rule"});
    file.mark_sent(1, 10);
    CHECK(order({}).front() == "a ends");
    file.mark_sent(2, 10);
    file.mark_sent(3, 10);
    CHECK(order({4}) == Keys{"b again", "elsewhere", "other rule"});
    const auto next = file.next("ops", 10);
    REQUIRE(next);
    CHECK(next->key == "both end");
    CHECK(file.next("ops", 10)->id == next->id);
}

TEST_CASE("a file that is taken away, or cannot grow, is no mistake of who asked", "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    WatchFile file = WatchFile::open_or_create(path);
    file.write({.chain = "devnet", .block = block(7)});
    {
        const test::FullDisk full(true);
        CHECK_THROWS_AS(file.write({.chain = "devnet", .block = block(8)}), StorageError);
    }
    file.write({.chain = "devnet", .block = block(8)});
    std::filesystem::rename(path, folder.file("moved.db"));
    CHECK_THROWS_WITH(file.write({.chain = "devnet", .block = block(9)}),
                      Contains("moved or deleted"));
}

TEST_CASE("the last blocks that were evaluated are kept, however far they are from each other",
          "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    for (std::uint64_t i = 1; i <= WatchFile::kBlocksKept + 5; ++i) {
        file.write({.chain = "devnet", .block = block(1'000 * i)});
    }
    const auto kept = file.blocks("devnet");
    REQUIRE(kept.size() == WatchFile::kBlocksKept);
    CHECK(kept.back().number == 6'000);
}

TEST_CASE("facts are kept by block, follow a reorganisation, and the one that holds stays",
          "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    const auto fact = [](const char* name, std::uint64_t number, std::uint64_t time,
                         std::optional<std::string> value) {
        return Fact{.protocol = "aave_v3",
                    .market = "core",
                    .part = "0xa",
                    .name = name,
                    .block = number,
                    .time = time,
                    .value = std::move(value),
                    .is_news = number > 1};
    };
    const auto kept = [&](const std::string& chain) {
        std::string out;
        for (const Fact& one : read_facts(file.database(), chain)) {
            out += one.name + std::to_string(one.block) + "=" + one.value.value_or("-") +
                   (one.is_news ? "! " : " ");
        }
        return out;
    };
    file.write({.chain = "devnet", .facts = {fact("b", 1, 10, "x"), fact("a", 1, 10, "x")}});
    file.write({.chain = "devnet", .facts = {fact("a", 2, 20, "y")}});
    file.write({.chain = "devnet", .facts = {fact("a", 3, 30, std::nullopt)}});
    file.write({.chain = "other", .facts = {fact("a", 3, 30, "z")}});
    CHECK(kept("devnet") == "a1=x a2=y! a3=-! b1=x ");
    file.write({.chain = "devnet", .forget_after = 2});
    CHECK(kept("devnet") == "a1=x a2=y! b1=x ");
    CHECK(kept("other") == "a3=z! ");
    // A row of the same block is written anew.
    file.write({.chain = "devnet", .facts = {fact("a", 2, 20, "w"), fact("a", 3, 30, "v")}});
    CHECK(kept("devnet") == "a1=x a2=w! a3=v! b1=x ");
    // What held at that time is what a reorganisation may lead back to.
    drop_facts(file.database(), "devnet", 30);
    CHECK(kept("devnet") == "a2=w! a3=v! b1=x ");
    drop_facts(file.database(), "devnet", 31);
    CHECK(kept("devnet") == "a3=v! b1=x ");
    // The file does so by itself, now and then.
    file.write({.chain = "devnet", .facts = {fact("a", 4, 40, "u"), fact("a", 5, 50, "t")}});
    file.write({.chain = "devnet",
                .block = WatchedBlock{
                    .number = 2'000, .hash = {}, .timestamp = WatchFile::kFactsKeptS + 51}});
    CHECK(kept("devnet") == "a5=t! b1=x ");
    CHECK(kept("other") == "a3=z! ");
}

TEST_CASE("silences end by themselves, or when somebody says so", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    Database& database = file.database();
    const auto first = add_silence(database, {.rule = "health", .author = "me", .until = 100});
    const auto second = add_silence(database, {.wallet = "0x1", .severity = "info", .until = 50});
    REQUIRE(read_silences(database, 49).size() == 2);
    REQUIRE(read_silences(database, 50).size() == 1);
    CHECK(read_silences(database, 50).front().rule == "health");
    CHECK(read_silences(database, 50).front().author == "me");
    CHECK_FALSE(end_silence(database, second, 60));  // it is over
    CHECK(end_silence(database, first, 60));
    CHECK_FALSE(end_silence(database, first, 60));
    CHECK(read_silences(database, 60).empty());
}

TEST_CASE("an episode is acknowledged once, by the first who does", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    Database& database = file.database();
    acknowledge(database, {.alert = "a", .episode = 9, .author = "me"});
    acknowledge(database, {.alert = "a", .episode = 9, .author = "you"});
    acknowledge(database, {.alert = "a", .episode = 10, .author = "they"});
    acknowledge(database, {.alert = "a", .episode = 2, .author = "late"});
    const auto found = read_acknowledgements(database);
    REQUIRE(found.size() == 1);
    CHECK(found.at("a").episode == 10);
    CHECK(found.at("a").author == "they");
}

TEST_CASE("series are kept by block, for a while, and follow a reorganisation", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    const SeriesName health{.quantity = "health_factor", .chain = "devnet", .wallet = "0x1"};
    SeriesName other = health;
    other.chain = "other";
    for (std::uint64_t number = 1; number <= 5; ++number) {
        file.write({.chain = "devnet",
                    .block = block(number),
                    .points = {{health, {.block = number, .time = number, .value = "1.5"}},
                               {other, {.block = number, .time = number}}}});
    }
    const auto count = [&](const SeriesName& series, std::uint64_t from) {
        return read_points(file.database(), series, from).size();
    };
    REQUIRE(read_series(file.database()).size() == 2);
    CHECK(count(health, 0) == 5);
    CHECK(count(health, 4) == 2);
    CHECK(read_points(file.database(), health, 0).front().value == "1.5");
    CHECK_FALSE(read_points(file.database(), other, 0).front().value);
    file.write({.chain = "devnet", .forget_after = 3});
    CHECK(count(health, 0) == 3);
    CHECK(count(other, 0) == 5);
    // Now and then what is old is dropped.
    WatchedBlock later = block(1000);
    later.timestamp = WatchFile::kPointsKeptS + 2;
    for (int i = 0; i < 1000; ++i) {
        file.write({.chain = "devnet", .block = later});
    }
    CHECK(count(health, 0) == 2);
    CHECK(count(other, 0) == 5);
}

TEST_CASE("readings are kept by hash, the newest only", "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    const auto snapshot = [](std::int64_t number) {
        return PackedSnapshot{.chain = "devnet",
                              .number = static_cast<std::uint64_t>(number),
                              .hash = "0x" + std::to_string(number),
                              .body = compress("text " + std::to_string(number))};
    };
    for (std::int64_t number = 1; number <= kSnapshotsKept + 2; ++number) {
        write_snapshot(file.database(), snapshot(number));
    }
    write_snapshot(file.database(), snapshot(5));  // it is there already
    CHECK_FALSE(has_snapshot(file.database(), "0x2"));
    CHECK_FALSE(read_snapshot(file.database(), "0x2"));
    CHECK(read_snapshot(file.database(), "0x3") == "text 3");
    CHECK(has_snapshot(file.database(), "0x3"));
}

TEST_CASE("readings are kept as far as there is room for them, the newest in any case",
          "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    constexpr std::int64_t kRoom = 100;
    const auto write = [&](std::uint64_t number, std::size_t bytes) {
        const PackedSnapshot snapshot{.chain = "devnet",
                                      .number = number,
                                      .hash = "0x" + std::to_string(number),
                                      .body = core::Bytes(bytes, 1)};
        write_snapshot(file.database(), snapshot, kRoom);
    };
    write(1, 40);
    write(2, 30);
    write(3, 30);
    CHECK(has_snapshot(file.database(), "0x1"));  // 100 bytes
    write(4, 1);
    CHECK_FALSE(has_snapshot(file.database(), "0x1"));
    CHECK(has_snapshot(file.database(), "0x2"));
    write(5, 101);
    CHECK_FALSE(has_snapshot(file.database(), "0x4"));
    CHECK(has_snapshot(file.database(), "0x5"));
}

TEST_CASE("a file that is damaged is refused, and what to do is said", "[watch_file][errors]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    {
        WatchFile file = WatchFile::open_or_create(path);
        for (std::uint64_t number = 1; number <= 200; ++number) {
            Outgoing one = message("k" + std::to_string(number), "a", "ops");
            one.body.append(1'000, ' ');
            file.write({.chain = "devnet", .block = block(number), .messages = {one}});
        }
    }
    const auto size = std::filesystem::file_size(path);
    REQUIRE(size > 100'000);
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(size / 2))
        .write(std::string(20'000, '\xa5').data(), 20'000);
    const auto says_what_to_do = [&](const auto& use) {
        CHECK_THROWS_WITH(
            use(), Contains(path + ": it is damaged; move it away") &&
                       Contains("put a backup there or begin anew (docs/operations.md, backup)") &&
                       !Contains("\n"));
    };
    says_what_to_do([&] { return WatchFile::open_or_create(path); });
    says_what_to_do([&] { return WatchFile::open(path); });
    // The same where it is found later.
    const Database database(path, Database::Mode::Existing);
    says_what_to_do(
        [&] { return database.integer("SELECT sum(length(body)) FROM outbox NOT INDEXED"); });
    // And of a file whose very beginning is another.
    std::ofstream(path, std::ios::binary) << std::string(5'000, 'x');
    CHECK_THROWS_WITH(WatchFile::open(path), Contains("another file, or damaged; move it away"));
}

TEST_CASE("what is compressed comes back, and what is damaged is refused", "[watch_file]") {
    const std::string text(100'000, 'x');
    auto packed = compress(text);
    CHECK(packed.size() < 1'000);
    CHECK(uncompress(packed) == text);
    CHECK(uncompress(compress("")).empty());
    packed[3] = 1;  // another length
    CHECK_THROWS_AS(uncompress(packed), core::InputError);
    packed = compress(text);
    packed.pop_back();
    CHECK_THROWS_AS(uncompress(packed), core::InputError);
    CHECK_THROWS_AS(uncompress(std::vector<std::uint8_t>{1, 2}), core::InputError);
    CHECK_THROWS_AS(uncompress(std::vector<std::uint8_t>(8, 255)), core::InputError);
}

}  // namespace margrave::store
