#include "app/watch_health.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "app/alert_book.hpp"
#include "app/given_up.hpp"
#include "app/watch_monitor.hpp"
#include "core/fixed_point.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::app {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Sentences = std::vector<std::string>;

alert::Rule old_above(std::uint64_t seconds) {
    alert::Rule rule;
    rule.name = "silence";
    rule.quantity = alert::Quantity::BlockAge;
    rule.fires_below = false;
    rule.fires = rule.clears = alert::whole(seconds);
    return rule;
}

/// A watch of one chain and one channel, at second 1,000 on the wall.
struct Watched {
    test::FakeWorld fake;
    std::uint64_t wall_s = 1'000;
    WatchMonitor monitor{fake.world,
                         {.chains = {"devnet"},
                          .channels = {"ops"},
                          .endpoints = {},
                          .started_at_s = 1'000,
                          .version = "1"}};
    store::WatchFile file = store::WatchFile::in_memory();
    WatchHealth health{monitor.progress, monitor.board, {old_above(300)}, 120s};

    Watched() {
        fake.world.wall_s = [this] { return wall_s; };
        monitor.progress.expect(chain_worker("devnet"), 90s);
        monitor.progress.expect(channel_worker("ops"), 60s);
    }
    void evaluate(std::uint64_t timestamp, const report::Report& report = {}) {
        monitor.evaluated("devnet", {.number = 7, .hash = {}, .timestamp = timestamp}, report, 1s);
        monitor.looked("devnet", true);
    }
    void pass(std::chrono::seconds time) {
        fake.clock.advance(time);
        wall_s += static_cast<std::uint64_t>(time.count());
    }
    void keep(const alert::State& state) {
        file.write({.chain = "devnet",
                    .alerts = {{.key = "a",
                                .rule = "r",
                                .subject = "{}",
                                .state = to_json(alert::to_archive(state))}}});
    }
    /// An urgent message of the alert "a", in this state; where `worst` is named it is a group's.
    alert::State give_up(const std::string& kind, alert::State state,
                         const std::string& worst = "a") {
        state.told_episode = state.episode;
        keep(state);
        const nlohmann::json told{{"alert", worst},
                                  {"kind", kind},
                                  {"episode", state.episode},
                                  {"sequence", 1},
                                  {"others", {{{"alert", "a"}, {"episode", state.episode}}}}};
        store::Outgoing message{.id = 0,
                                .key = "k",
                                .alert = worst,
                                .channel = "ops",
                                .body = told.dump(),
                                .is_urgent = true};
        file.write({.chain = "devnet", .messages = {message}, .at = wall_s});
        file.mark_dead(1, "gone", wall_s);
        return state;
    }
    [[nodiscard]] Sentences still() { return health.what_stands_still(fake.clock.now()); }
    [[nodiscard]] Sentences unready() {
        return health.what_is_unready(file, fake.clock.now(), wall_s);
    }
};

store::Outgoing message(const std::string& key, bool is_urgent) {
    return {.id = 0,
            .key = key,
            .alert = key,
            .channel = "ops",
            .body = "{}",
            .is_urgent = is_urgent,
            .created_at = 0,
            .attempts = 0};
}

}  // namespace

TEST_CASE("a watch is ready once every chain was read, and not before", "[health]") {
    Watched watched;
    CHECK(watched.still().empty());
    CHECK(watched.unready() == Sentences{"chain devnet: not read yet"});
    watched.evaluate(990);
    CHECK(watched.unready().empty());
}

TEST_CASE("a chain that cannot be read is alive, and not ready", "[health]") {
    Watched watched;
    watched.evaluate(990);
    for (int i = 0; i < 3; ++i) {
        watched.pass(50s);
        watched.monitor.looked("devnet", false);
        watched.monitor.rests("ops");
    }
    CHECK(watched.still().empty());
    CHECK(watched.unready() == Sentences{"chain devnet: not read for 150 s"});
    watched.monitor.looked("devnet", true);
    CHECK(watched.unready().empty());
}

TEST_CASE("a thread that stands still makes the process unhealthy", "[health]") {
    Watched watched;
    watched.evaluate(990);
    watched.pass(80s);
    CHECK(watched.still() == Sentences{"channel ops: no progress for 80 s"});
    watched.monitor.sent("ops", channels::Delivery::Outcome::Later, 1s);
    CHECK(watched.still().empty());
    watched.pass(11s);
    CHECK(watched.still() == Sentences{"chain devnet: no progress for 91 s"});
    watched.monitor.heard("devnet");
    CHECK(watched.still().empty());
}

TEST_CASE("a block with which nobody had to be looked at makes the last one no older", "[health]") {
    Watched watched;
    watched.evaluate(990);
    watched.pass(50s);
    watched.wall_s = 1'400;
    watched.monitor.looked("devnet", true);
    CHECK(watched.unready() == Sentences{"chain devnet: its last block is 410 s old"});
    watched.monitor.passed_over(
        "devnet",
        {.number = core::BlockNumber(9), .hash = {}, .timestamp = core::Timestamp(1'390)});
    CHECK(watched.unready().empty());
}

TEST_CASE("blocks are too old when a rule of block_age says so", "[health]") {
    Watched watched;
    watched.evaluate(700);
    CHECK(watched.unready().empty());
    watched.pass(1s);
    CHECK(watched.unready() == Sentences{"chain devnet: its last block is 301 s old"});
}

TEST_CASE("a block gets older by the clock that nobody sets, too", "[health]") {
    Watched watched;
    watched.evaluate(990);
    watched.fake.clock.advance(301s);
    watched.monitor.looked("devnet", true);
    watched.monitor.rests("ops");
    CHECK(watched.unready() == Sentences{"chain devnet: its last block is 301 s old"});
}

TEST_CASE("without a rule of block_age a head that stands still makes it unready", "[health]") {
    Watched watched;
    WatchHealth health(watched.monitor.progress, watched.monitor.board, {}, 120s);
    watched.evaluate(990);
    watched.pass(110s);
    watched.monitor.looked("devnet", true);
    watched.monitor.rests("ops");
    const auto unready = [&] {
        return health.what_is_unready(watched.file, watched.fake.clock.now(), watched.wall_s);
    };
    CHECK(unready().empty());
    watched.pass(1s);
    CHECK(unready() == Sentences{"chain devnet: its last block is 121 s old"});
}

TEST_CASE("a watch that knows nothing of any account is not ready", "[health]") {
    Watched watched;
    report::Report report;
    report::Account account;
    account.health.status = margin::Status::Unknown;
    report.accounts.assign(2, account);
    watched.evaluate(990, report);
    CHECK(watched.unready() ==
          Sentences{"chain devnet: nothing is known of any of its 2 accounts"});
    report.accounts[0].health.status = margin::Status::NoDebt;
    watched.evaluate(990, report);
    CHECK(watched.unready().empty());
}

TEST_CASE("an urgent message that waits for more than a minute makes it unready", "[health]") {
    Watched watched;
    watched.evaluate(990);
    watched.file.write(
        {.chain = "devnet", .messages = {message("a", true), message("b", false)}, .at = 1'000});
    watched.pass(60s);
    CHECK(watched.unready().empty());
    watched.monitor.rests("ops");
    watched.pass(1s);
    CHECK(watched.unready() == Sentences{"channel ops: an urgent message waits since 61 s"});
    watched.file.mark_dead(1, "gone", 1'060);
    CHECK(watched.unready().empty());  // it tells of nothing that stands
}

alert::State in_phase(alert::Phase phase) {
    alert::State state;
    state.phase = phase;
    state.episode = 2;
    return state;
}

alert::State not_known() {
    alert::State state;
    state.is_unknown_told = true;
    return state;
}

const Sentences kGivenUp{"channel ops: an urgent message was given up, and nobody else was told"};

TEST_CASE("an urgent message that was given up makes it unready while its alert stands",
          "[health][given_up]") {
    Watched watched;
    watched.evaluate(990);
    const auto state = watched.give_up("fire", in_phase(alert::Phase::Firing));
    CHECK(watched.unready() == kGivenUp);
    watched.file.mark_queued(1);  // `margrave alerts retry`
    CHECK(watched.unready().empty());
    watched.file.mark_dead(1, "gone", 1'000);
    CHECK(watched.unready() == kGivenUp);
    alert::State next = state;
    next.phase = alert::Phase::Quiet;
    watched.keep(next);
    CHECK(watched.unready().empty());
    next.phase = alert::Phase::Firing;
    next.episode = next.told_episode = 3;  // which is told of by another message
    watched.keep(next);
    CHECK(watched.unready().empty());
}

TEST_CASE("so does one of what is not known, and of a group", "[health][given_up]") {
    Watched watched;
    watched.evaluate(990);
    SECTION("not known") {
        alert::State state = watched.give_up("unknown", not_known());
        CHECK(watched.unready() == kGivenUp);
        state.is_unknown_told = false;
        watched.keep(state);
    }
    SECTION("a group") {
        alert::State state = watched.give_up("fire", in_phase(alert::Phase::Recovering), "b");
        CHECK(watched.unready() == kGivenUp);
        state.phase = alert::Phase::Quiet;
        watched.keep(state);
    }
    CHECK(watched.unready().empty());
}

TEST_CASE("what another channel delivered, its own or in the place, needs no second word",
          "[health][given_up]") {
    Watched watched;
    watched.evaluate(990);
    watched.give_up("fire", in_phase(alert::Phase::Firing));
    store::Outgoing lost = watched.file.dead().front();
    SECTION("its own") {
        store::Outgoing same = lost;
        same.key = "of mail";
        same.channel = "mail";
        watched.file.write({.chain = "devnet", .messages = {same}, .at = 1'000});
        CHECK(watched.unready() == kGivenUp);
        watched.file.mark_sent(2, 1'000);
    }
    SECTION("given up") {
        watched.file.mark_dead(1, "gone", 1'000, [&] {
            return tell_others(watched.file, lost, "gone", {"mail"}, 1'000);
        });
        CHECK(watched.unready() == kGivenUp);
        watched.file.mark_sent(2, 1'000);
    }
    SECTION("late") {
        watched.file.mark_queued(1);
        watched.file.mark_late(1, 1'000, tell_of_late(watched.file, lost, {"mail"}, 1'000));
        watched.file.mark_dead(1, "gone", 1'000);
        CHECK(watched.unready() == kGivenUp);
        watched.file.mark_sent(2, 1'000);
    }
    CHECK(watched.unready().empty());
}

TEST_CASE("what was found is told once it is written, and only then", "[health]") {
    Watched watched;
    const alert::Rule rule = old_above(1);
    AlertMessage message{.rule = rule,
                         .members = {},
                         .cause = {},
                         .chain_id = core::ChainId(1),
                         .block_time = core::Timestamp(7)};
    message.members.push_back(
        {.subject = {.chain = "devnet", .protocol = {}, .market = {}, .wallet = {}},
         .value = {},
         .state = {},
         .transition = {}});
    const auto box = std::make_shared<server::Mailbox>([] {});
    watched.monitor.events.listen(box, "");
    watched.monitor.found("devnet", message, "{\"schema\":\"margrave.alert/1\"}");
    CHECK(box->take().empty());
    watched.monitor.wrote("other");
    CHECK(box->take().empty());
    watched.monitor.wrote("devnet");
    CHECK_THAT(box->take(), Contains("event: alert\ndata: {\"schema\":\"margrave.alert/1\"}\n\n"));
    watched.monitor.wrote("devnet");
    CHECK(box->take().empty());
}

}  // namespace margrave::app
