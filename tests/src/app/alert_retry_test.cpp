#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "app/alert_book.hpp"
#include "app/cli.hpp"
#include "app/commands.hpp"
#include "store/watch_file.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::app {
namespace {

using Words = std::vector<std::string>;

/// A daemon's file, which it holds, and the command beside it.
struct Desk {
    test::TemporaryFolder folder;
    std::string path = folder.file("watch.db");
    store::WatchFile file = store::WatchFile::open_or_create(path);
    std::int64_t last = 0;

    /// A message of the alert, which is kept in this phase.
    std::int64_t write(const std::string& channel, const std::string& alert,
                       const std::string& kind, alert::Phase phase) {
        alert::State state;
        state.phase = phase;
        state.episode = state.told_episode = 1;
        const std::string body =
            R"({"alert":")" + alert + R"(","kind":")" + kind + R"(","episode":1})";
        file.write({.chain = "devnet",
                    .alerts = {{.key = alert,
                                .rule = "r",
                                .subject = "{}",
                                .state = to_json(alert::to_archive(state))}},
                    .messages = {{.id = 0,
                                  .key = channel + " " + alert + " " + kind,
                                  .alert = alert,
                                  .channel = channel,
                                  .body = body}},
                    .at = 50});
        return ++last;
    }
    void give_up(const std::string& channel, const std::string& alert) {
        file.mark_dead(write(channel, alert, "fire", alert::Phase::Firing), "gone", 60);
    }
    std::string retry(Words words = {}) {
        words.insert(words.begin(), {"alerts", "retry", "--store", path});
        test::FakeWorld fake;
        const auto options = std::get<AlertsRetryOptions>(parse_command_line(words));
        CHECK(run_alerts_retry(fake.world, options) == ExitCode::Fine);
        return fake.out.str();
    }
};

}  // namespace

TEST_CASE("what was given up waits again under its key, and it is said how many of which channel",
          "[alerts][retry]") {
    Desk desk;
    desk.give_up("ops", "a");
    desk.give_up("ops", "b");
    desk.give_up("mail", "a");
    CHECK(desk.retry({"--channel", "ops"}) == "channel ops: 2 messages to be delivered again\n");
    REQUIRE(desk.file.dead().size() == 1);
    CHECK(desk.file.dead().front().channel == "mail");
    const auto next = desk.file.next("ops", 60);
    REQUIRE(next);
    CHECK(next->key == "ops a fire");
    CHECK(next->attempts == 0);
    CHECK(desk.retry() == "channel mail: 1 message to be delivered again\n");
    CHECK(desk.file.waiting().size() == 3);
}

TEST_CASE("where nothing was given up that is said", "[alerts][retry]") {
    Desk desk;
    CHECK(desk.retry() == "No message was given up.\n");
    CHECK(desk.retry({"--channel", "ops"}) == "No message of channel ops was given up.\n");
}

TEST_CASE("nobody is told that an alert fires after it was told that it is over",
          "[alerts][retry]") {
    Desk desk;
    desk.give_up("ops", "a");
    const auto end = desk.write("ops", "a", "resolve", alert::Phase::Quiet);
    SECTION("the end is delivered") {
        desk.file.mark_sent(end, 70);
        CHECK(desk.retry() ==
              "channel ops: 1 message left, as it was told since that it is over\n");
        CHECK(desk.file.dead().size() == 1);
    }
    SECTION("the end waits behind it") {
        CHECK(desk.retry() == "channel ops: 1 message to be delivered again\n");
        CHECK(desk.file.next("ops", 70)->key == "ops a fire");
    }
    SECTION("it fires again") {
        desk.file.mark_sent(end, 70);
        desk.write("ops", "a", "unknown", alert::Phase::Firing);
        CHECK(desk.retry() == "channel ops: 1 message to be delivered again\n");
    }
}

}  // namespace margrave::app
