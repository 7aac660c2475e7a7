#include "app/forget_old.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "alert/alert.hpp"
#include "app/alert_book.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {
namespace {

constexpr std::uint64_t kMonth = store::WatchFile::kNotesKeptS;

void keep(store::WatchFile& file, alert::Phase phase, std::uint64_t episode) {
    alert::State state;
    state.phase = phase;
    state.episode = state.told_episode = episode;
    file.write({.chain = "devnet",
                .alerts = {{.key = "a",
                            .rule = "r",
                            .subject = "{}",
                            .state = to_json(alert::to_archive(state))}}});
}

std::int64_t count(store::WatchFile& file, const std::string& table) {
    return file.database().integer("SELECT count(*) FROM " + table);
}

}  // namespace

TEST_CASE("a silence that is over is kept for a month", "[forget_old]") {
    auto file = store::WatchFile::in_memory();
    store::add_silence(file.database(), {.rule = "health", .until = 100});
    store::add_silence(file.database(), {.rule = "health", .until = 10 * kMonth});
    forget_old(file, 100 + kMonth);
    CHECK(count(file, "silences") == 2);
    forget_old(file, 101 + kMonth);
    CHECK(count(file, "silences") == 1);
    CHECK(store::read_silences(file.database(), 101 + kMonth).size() == 1);
    forget_old(file, 5);  // a clock that was set back drops nothing
    CHECK(count(file, "silences") == 1);
}

TEST_CASE("an acknowledgement is kept for a month, and longer while its episode lasts",
          "[forget_old]") {
    auto file = store::WatchFile::in_memory();
    keep(file, alert::Phase::Firing, 2);
    for (const std::uint64_t episode : {1U, 2U}) {
        store::acknowledge(file.database(), {.alert = "a", .episode = episode, .at = 100});
    }
    store::acknowledge(file.database(), {.alert = "nobody's", .episode = 2, .at = 100});
    forget_old(file, 100 + kMonth);
    CHECK(count(file, "acknowledgements") == 3);
    forget_old(file, 101 + kMonth);
    REQUIRE(count(file, "acknowledgements") == 1);
    CHECK(store::read_acknowledgements(file.database()).at("a").episode == 2);
    keep(file, alert::Phase::Recovering, 2);
    forget_old(file, 9 * kMonth);
    CHECK(count(file, "acknowledgements") == 1);
    keep(file, alert::Phase::Quiet, 2);
    forget_old(file, 9 * kMonth);
    CHECK(count(file, "acknowledgements") == 0);
}

TEST_CASE("a message that was given up is kept for a month, and longer while its alert stands",
          "[forget_old]") {
    auto file = store::WatchFile::in_memory();
    keep(file, alert::Phase::Firing, 2);
    file.write({.chain = "devnet",
                .messages = {{.id = 0,
                              .key = "k",
                              .alert = "a",
                              .channel = "ops",
                              .body = R"({"alert":"a","kind":"fire","episode":2})"},
                             {.id = 0, .key = "l", .alert = "b", .channel = "ops", .body = "{}"},
                             {.id = 0, .key = "m", .alert = "c", .channel = "ops", .body = "{}"}},
                .at = 50});
    file.mark_dead(1, "gone", 100);
    file.mark_dead(2, "gone", 100);
    forget_old(file, 100 + kMonth);
    CHECK(file.dead().size() == 2);
    forget_old(file, 101 + kMonth);
    REQUIRE(file.dead().size() == 1);
    CHECK(file.dead().front().key == "k");
    keep(file, alert::Phase::Quiet, 2);
    forget_old(file, 101 + kMonth);
    CHECK(file.dead().empty());
    CHECK(file.waiting().size() == 1);  // what waits is never forgotten
}

}  // namespace margrave::app
