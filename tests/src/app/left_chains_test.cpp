#include "app/left_chains.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "app/alert_book.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::app {
namespace {

store::KeptAlert alert_of(const std::string& chain, alert::Phase phase) {
    core::Archive subject;
    subject.set("chain", chain);
    subject.set("protocol", std::string());
    subject.set("market", std::string());
    alert::State state;
    state.phase = phase;
    state.episode = 3;
    return {.key = "silence " + chain,
            .rule = "silence",
            .subject = to_json(subject),
            .state = to_json(alert::to_archive(state))};
}

}  // namespace

TEST_CASE("alerts of a chain that is watched no more are forgotten, and named", "[left_chains]") {
    auto file = store::WatchFile::in_memory();
    for (const char* const chain : {"here", "left"}) {
        file.write({.chain = chain, .alerts = {alert_of(chain, alert::Phase::Firing)}});
    }
    file.write({.chain = "calm", .alerts = {alert_of("calm", alert::Phase::Quiet)}});
    const auto notes = forget_left_chains(file, {"here"});
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == "not watched any more, and not resolved: silence left");
    const auto phase_of = [&](const std::string& chain) {
        const auto kept = file.alerts(chain);
        REQUIRE(kept.size() == 1);
        return alert::restore_state(snapshot::parse_json(kept[0].state, {}));
    };
    CHECK(phase_of("left").phase == alert::Phase::Quiet);
    CHECK(phase_of("left").episode == 3);  // of the next one there the receiver is told again
    CHECK(phase_of("here").phase == alert::Phase::Firing);
    CHECK(forget_left_chains(file, {"here"}).empty());
}

}  // namespace margrave::app
