#include "app/standing.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <nlohmann/json.hpp>

#include "alert/alert.hpp"
#include "app/delivery.hpp"
#include "snapshot/archive_json.hpp"
#include "tests/support/fake_world.hpp"

namespace margrave::app {
namespace {

using channels::Delivery;
using channels::Message;
using Keys = std::vector<std::string>;

/// A receiver that forgets: what it is told once, and again.
class Forgetful : public channels::Channel {
  public:
    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        sent.push_back(message.key);
        if (clock != nullptr) {
            *clock += 15;
        }
        return {.outcome = is_down ? Delivery::Outcome::Later : Delivery::Outcome::Delivered,
                .why = is_down ? "down" : ""};
    }
    [[nodiscard]] std::optional<channels::Repeats> repeats() const override {
        return channels::Repeats{.every_s = 60, .ended_for_s = 900};
    }
    [[nodiscard]] Delivery repeat(std::span<const Message> messages,
                                  std::uint64_t /*now_s*/) override {
        Keys keys;
        for (const Message& message : messages) {
            keys.push_back(message.key);
        }
        repeated.push_back(keys);
        return {.outcome = is_down ? Delivery::Outcome::Later : Delivery::Outcome::Delivered,
                .why = is_down ? "down" : ""};
    }

    bool is_down = false;
    std::uint64_t* clock = nullptr;  ///< where each message takes its time
    Keys sent = {};
    std::vector<Keys> repeated = {};
};

std::string to_json(const alert::State& state) {
    std::string out;
    snapshot::append_json(alert::to_archive(state), 0, out);
    return out;
}

struct Office {
    test::FakeWorld fake;
    store::WatchFile file = store::WatchFile::in_memory();
    Forgetful receiver;
    std::unique_ptr<Courier> courier;
    std::uint64_t now_s = 1'000'000;

    Office() {
        fake.world.wall_s = [this] { return now_s; };
        restart();
    }
    void restart() { courier = std::make_unique<Courier>(fake.world, file, "am", receiver); }

    /// What an evaluation writes: the state after it, and what it tells.
    void write(const std::string& alert, alert::Phase phase, bool is_unknown,
               const std::string& kind) {
        alert::State state;
        state.phase = phase;
        state.is_unknown_told = is_unknown;
        store::WatchFile::Evaluation evaluation{.chain = "devnet", .at = now_s};
        evaluation.alerts.push_back(
            {.key = alert, .rule = "r", .subject = "{}", .state = to_json(state)});
        if (!kind.empty()) {
            evaluation.messages.push_back(
                {.id = 0,
                 .key = alert + " " + kind,
                 .alert = alert,
                 .channel = "am",
                 .body = nlohmann::json{{"kind", kind}, {"alert", alert}}.dump(),
                 .is_urgent = false,
                 .created_at = now_s,
                 .attempts = 0});
        }
        file.write(evaluation);
    }
    /// What is told again when this much time has passed.
    Keys after(std::uint64_t seconds) {
        now_s += seconds;
        receiver.repeated.clear();
        courier->deliver([] { return false; });
        return receiver.repeated.empty() ? Keys() : receiver.repeated.front();
    }
};

}  // namespace

TEST_CASE("what fires is told again every minute until it resolves, then for 15 minutes",
          "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    CHECK(office.after(59).empty());
    CHECK(office.after(1) == Keys{"a fire"});
    office.write("a", alert::Phase::Recovering, false, "");
    CHECK(office.after(60) == Keys{"a fire"});
    office.write("a", alert::Phase::Quiet, false, "resolve");
    CHECK(office.after(1).empty());
    CHECK(office.after(60) == Keys{"a resolve"});
    CHECK(office.after(839) == Keys{"a resolve"});  // 900 s after it was told
    CHECK(office.after(60).empty());
    CHECK(office.receiver.sent == Keys{"a fire", "a resolve"});
}

TEST_CASE("another margrave goes on telling what stands", "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    office.write("b", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});  // "b" is told for the first time behind it
    CHECK(office.receiver.sent == Keys{"a fire", "b fire"});
    CHECK(office.after(60) == Keys{"a fire", "b fire"});
    office.write("b", alert::Phase::Quiet, false, "resolve");
    CHECK(office.after(1).empty());
    office.restart();
    CHECK(office.after(1) == Keys{"a fire", "b resolve"});
    office.now_s += 3600;
    office.restart();
    CHECK(office.after(1) == Keys{"a fire"});
}

TEST_CASE("not knowing stands beside what fires, and neither ends the other",
          "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    office.write("a", alert::Phase::Firing, true, "unknown");
    CHECK(office.after(60) == Keys{"a fire", "a unknown"});
    office.write("a", alert::Phase::Firing, false, "known");
    CHECK(office.after(60) == Keys{"a fire", "a known"});
    // Further words about what fires take the place of the first; others say nothing of it.
    office.write("a", alert::Phase::Firing, false, "test");
    CHECK(office.after(60) == Keys{"a fire", "a known"});
    office.write("a", alert::Phase::Firing, false, "escalate");
    CHECK(office.after(60) == Keys{"a escalate", "a known"});
}

TEST_CASE("what nobody watches any more, or what ends but could not be told to, is not told again",
          "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    office.write("a", alert::Phase::Quiet, false, "");
    CHECK(office.after(60).empty());
    office.write("a", alert::Phase::Firing, false, "");
    CHECK(office.after(60) == Keys{"a fire"});
    office.receiver.is_down = true;
    office.write("a", alert::Phase::Quiet, false, "resolve");
    CHECK(office.after(60).empty());
    office.receiver.is_down = false;
    CHECK(office.after(60) == Keys{"a resolve"});
}

TEST_CASE("what stands is told again in time, however much waits to be delivered",
          "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    for (int i = 0; i < 20; ++i) {
        office.write("b" + std::to_string(i), alert::Phase::Quiet, false, "resolve");
    }
    office.receiver.clock = &office.now_s;  // each takes 15 s
    office.after(1);
    CHECK(office.receiver.repeated.size() == 5);
}

TEST_CASE("what fires for months outlives the messages' time", "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    for (int day = 0; day < 60; ++day) {
        CHECK(office.after(86'401) == Keys{"a fire"});
        office.write("b", alert::Phase::Quiet, false, "");  // which sweeps old messages out
    }
    office.restart();
    CHECK(office.after(60) == Keys{"a fire"});
}

TEST_CASE("a receiver that cannot be told again is named once", "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    office.receiver.is_down = true;
    for (int i = 0; i < 3; ++i) {
        CHECK(office.after(60) == Keys{"a fire"});
    }
    const std::string said = office.fake.err.str();
    const std::string line = "margrave: channel am: what stands could not be told again: down\n";
    CHECK(said == line);
    office.receiver.is_down = false;
    CHECK(office.after(60) == Keys{"a fire"});
    office.receiver.is_down = true;
    CHECK(office.after(60) == Keys{"a fire"});
    CHECK(office.fake.err.str() == line + line);
}

TEST_CASE("a clock that was set back stops no reminder", "[channels][standing]") {
    Office office;
    office.write("a", alert::Phase::Firing, false, "fire");
    CHECK(office.after(0) == Keys{"a fire"});
    office.now_s -= 900'000;
    CHECK(office.after(0) == Keys{"a fire"});
}

}  // namespace margrave::app
