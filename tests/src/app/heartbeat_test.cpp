#include "app/heartbeat.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/fault_server.hpp"

namespace margrave::app {
namespace {

using test::FaultReply;
using test::http_response;

struct Ward {
    test::FakeWorld fake;
    test::FaultServer monitor;
    std::vector<std::string> wrong = {};
    Heartbeat heartbeat{fake.world,
                        {.url = channels::Secret(monitor.url("/s3cret")), .every_s = 60},
                        [this] { return wrong; }};

    Ward() {
        monitor.answer_with(
            [](const std::string&) { return FaultReply{.bytes = http_response(200, "")}; });
    }
    void beat_after(int seconds) {
        fake.clock.advance(std::chrono::seconds(seconds));
        heartbeat.beat();
    }
    [[nodiscard]] std::size_t beats() const { return monitor.requests().size(); }
    /// What was said since the last time.
    std::string said() {
        std::string out = fake.err.str();
        fake.err.str("");
        return out;
    }
};

std::optional<HeartbeatConfig> read(const std::string& text) {
    const auto nothing = [](const std::string&) { return std::nullopt; };
    return read_heartbeat(
        settings::load(settings::shipped_sources(), settings::Source{"my.toml", text}, nothing),
        nothing);
}

}  // namespace

TEST_CASE("a heart beats as often as it is to, and in silence", "[heartbeat]") {
    Ward ward;
    ward.beat_after(0);
    ward.beat_after(59);
    CHECK(ward.beats() == 1);
    ward.beat_after(1);
    CHECK(ward.beats() == 2);
    CHECK(ward.said().empty());
    CHECK(ward.monitor.requests()[0].head.starts_with("POST /s3cret HTTP"));
}

TEST_CASE("each kind of trouble is said once, however its seconds grow", "[heartbeat]") {
    Ward ward;
    for (int i = 31; i < 40; ++i) {
        ward.wrong = {"chain base: not read for " + std::to_string(i) + " s"};
        ward.beat_after(1);
    }
    CHECK(ward.beats() == 0);
    CHECK(ward.said() == "margrave: no heartbeat is sent: chain base: not read for 31 s\n");
    // Another kind, and the same of another chain, whatever figures are in its name.
    for (int i = 40; i < 50; ++i) {
        ward.wrong = {"chain base: not read for " + std::to_string(i) + " s",
                      "channel 7: an urgent message waits since " + std::to_string(i) + " s"};
        ward.beat_after(1);
    }
    CHECK(ward.said() ==
          "margrave: no heartbeat is sent: chain base: not read for 40 s; channel 7: an urgent "
          "message waits since 40 s\n");
    ward.wrong = {"channel 8: an urgent message waits since 2 s"};
    ward.beat_after(1);
    CHECK(ward.said() ==
          "margrave: no heartbeat is sent: channel 8: an urgent message waits since 2 s\n");
    // One of them is over, and comes back while another stands.
    ward.wrong = {"chain base: not read for 1 s"};
    ward.beat_after(1);
    CHECK(ward.said().empty());
    ward.wrong.clear();
    ward.beat_after(1);
    CHECK(ward.beats() == 1);
    CHECK(ward.said() == "margrave: heartbeats are sent again\n");
    ward.wrong = {"chain base: not read for 5 s"};
    ward.beat_after(60);
    CHECK(ward.said() == "margrave: no heartbeat is sent: chain base: not read for 5 s\n");
}

TEST_CASE("a monitor that does not take it is named once for each answer, without its key",
          "[heartbeat]") {
    Ward ward;
    const auto answer_with = [&](int status) {
        ward.monitor.answer({.bytes = http_response(status, "/s3cret")});
        ward.beat_after(60);
    };
    answer_with(500);
    answer_with(500);
    CHECK(ward.said() == "margrave: the heartbeat's receiver answers with HTTP status 500\n");
    answer_with(404);
    CHECK(ward.said() == "margrave: the heartbeat's receiver answers with HTTP status 404\n");
    for (int i = 0; i < 2; ++i) {  // the first of them ends a connection that was kept
        ward.monitor.answer({.bytes = "", .end = FaultReply::End::Reset});
    }
    ward.beat_after(60);
    const std::string broken = ward.said();
    CHECK(broken.starts_with("margrave: the heartbeat did not arrive: "));
    CHECK(broken.find("s3cret") == std::string::npos);
    ward.beat_after(60);
    CHECK(ward.said() == "margrave: heartbeats are sent again\n");
}

TEST_CASE("a heartbeat's configuration", "[heartbeat]") {
    CHECK_FALSE(read(""));
    CHECK(read("[heartbeat]\nurl = \"https://checks.example/x\"\n")->every_s == 60);
    for (const char* bad : {"every_s = 0", "every_s = 3601", "evry_s = 60"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(
            read(std::string("[heartbeat]\nurl = \"https://checks.example/x\"\n") + bad),
            core::ConfigError);
    }
    CHECK_THROWS_AS(read("[heartbeat]\nurl = \"http://checks.example/x\"\n"), core::ConfigError);
}

}  // namespace margrave::app
