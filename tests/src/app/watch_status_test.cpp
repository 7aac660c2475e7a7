#include "app/watch_status.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "alert/alert.hpp"
#include "app/commands.hpp"
#include "snapshot/archive_json.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;

store::KeptAlert kept(const std::string& key, alert::Phase phase, bool is_unknown = false) {
    alert::State state;
    state.phase = phase;
    if (is_unknown) {
        state.unknown_since_s = 5;
    }
    std::string json;
    snapshot::append_json(alert::to_archive(state), 0, json);
    return {.key = key,
            .rule = "health",
            .subject = R"({"chain":"ethereum","protocol":"","market":""})",
            .state = json};
}

void fill(store::WatchFile& file) {
    file.write({.chain = "ethereum",
                .block = store::WatchedBlock{.number = 7, .hash = {}, .timestamp = 1'750'000'000},
                .alerts = {kept("a", alert::Phase::Firing), kept("b", alert::Phase::Firing, true),
                           kept("c", alert::Phase::Quiet), kept("d", alert::Phase::Recovering)},
                .messages = {{.id = 0,
                              .key = "k",
                              .alert = "a",
                              .channel = "ops",
                              .body = "{}",
                              .is_urgent = true,
                              .created_at = 0,
                              .attempts = 0}},
                .schedule = store::Schedule{.far_every_s = 12, .wallets = 40, .near = {"0xaa"}},
                .at = 1'750'000'010});
}

}  // namespace

TEST_CASE("status says how a watch stands, by its file alone", "[status]") {
    const test::TemporaryFolder folder;
    test::FakeWorld fake;
    fake.world.wall_s = [] { return std::uint64_t{1'750'000'075}; };
    const std::string store = folder.file("watch.db");
    {
        auto file = store::WatchFile::open_or_create(store);
        fill(file);
        CHECK(run_status(fake.world, {.store = store, .json = false}) == ExitCode::Fine);
        CHECK(fake.out.str() ==
              "A margrave watches with this file.\n"
              "ethereum: block 7 of 2025-06-15 15:06:40 UTC, 1m 15s ago\n"
              "  1 of 40 wallets with every block, others every 12 s\n"
              "    0xaa\n"
              "Alerts: 2 firing, 1 recovering, 0 pending, 1 not known now\n"
              "ops: 1 urgent not delivered yet, the oldest 1m 5s ago\n");
    }
    fake.out.str("");
    CHECK(run_status(fake.world, {.store = store, .json = true}) == ExitCode::Fine);
    CHECK_THAT(fake.out.str(), Contains("\"is_watched\": false") && Contains("\"age_s\": \"75\"") &&
                                   Contains("\"firing\": 2") && Contains("\"unknown\": 1"));
}

TEST_CASE("where nobody is far all are looked at with every block", "[status]") {
    auto file = store::WatchFile::in_memory();
    const auto line = [&](const store::Schedule& schedule) {
        file.write({.chain = "base", .block = store::WatchedBlock{}, .schedule = schedule});
        const std::string text = to_text(read_status(file, "/nowhere/watch.db", 5));
        return text.find("  all wallets (1) with every block\n") != std::string::npos;
    };
    CHECK(line({.far_every_s = 0, .wallets = 1, .near = {}}));
    CHECK_FALSE(line({.far_every_s = 12, .wallets = 1, .near = {}}));
    CHECK(line({.far_every_s = 12, .wallets = 1, .near = {"0xaa"}}));
}

TEST_CASE("of a file of a watch that has found nothing status says that", "[status]") {
    auto file = store::WatchFile::in_memory();
    CHECK(to_text(read_status(file, "/nowhere/watch.db", 5)) ==
          "Nobody watches with this file now.\n"
          "No block was evaluated yet.\n"
          "Alerts: 0 firing, 0 recovering, 0 pending, 0 not known now\n"
          "Every message is delivered.\n");
}

}  // namespace margrave::app
