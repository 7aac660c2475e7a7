#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/errors.hpp"
#include "store/watch_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::store {
namespace {

Outgoing message(const std::string& key, const std::string& channel, bool is_urgent) {
    return {.id = 0,
            .key = key,
            .alert = key,
            .channel = channel,
            .body = "{}",
            .is_urgent = is_urgent,
            .created_at = 0,
            .attempts = 0};
}

}  // namespace

TEST_CASE("the outbox in figures: what waits and what was given up, by channel and lane",
          "[watch_file]") {
    WatchFile file = WatchFile::in_memory();
    CHECK(file.outbox_counts().empty());
    file.write({.chain = "devnet",
                .messages = {message("k1", "ops", true), message("k2", "ops", true),
                             message("k3", "ops", false), message("k4", "chat", false)},
                .at = 10});
    file.write({.chain = "devnet", .messages = {message("k5", "ops", true)}, .at = 20});
    file.mark_sent(1, 30);
    file.mark_dead(4, "gone", 30);
    const auto counts = file.outbox_counts();
    REQUIRE(counts.size() == 3);
    CHECK(counts[0].channel == "chat");
    CHECK(counts[0].is_dead);
    CHECK(counts[0].count == 1);
    CHECK(counts[1].channel == "ops");
    CHECK_FALSE(counts[1].is_urgent);
    CHECK(counts[1].count == 1);
    CHECK(counts[2].is_urgent);
    CHECK(counts[2].count == 2);
    CHECK(counts[2].oldest == 10);
}

TEST_CASE("that somebody watches is seen at the lock, and nobody is kept from it by looking",
          "[watch_file]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("watch.db");
    CHECK_FALSE(WatchFile::is_watched(path));
    {
        WatchFile file = WatchFile::open_or_create(path);
        CHECK(WatchFile::is_watched(path));
        const auto before = std::filesystem::file_size(path + "-wal");
        file.check_writable();
        CHECK(std::filesystem::file_size(path + "-wal") > before);
        CHECK_THROWS_AS(WatchFile::open_or_create(path), core::InputError);
    }
    CHECK_FALSE(WatchFile::is_watched(path));
    CHECK_NOTHROW(WatchFile::open_or_create(path));
}

}  // namespace margrave::store
