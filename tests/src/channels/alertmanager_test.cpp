#include "channels/alertmanager.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/alerts.hpp"
#include "tests/support/fault_server.hpp"

namespace margrave::channels {
namespace {

using nlohmann::json;
using test::FaultReply;
using test::FaultServer;
using test::http_response;
using Outcome = Delivery::Outcome;

constexpr std::uint64_t kNow = 1767323045;  // 2026-01-02 03:04:05 UTC, as the example's `at`

json alert_of(const json& alert, const AlertmanagerTarget& target = {}) {
    return json::parse(alertmanager_json(read_alert(alert.dump()), target, kNow + 60));
}

Message message(const std::string& kind, const std::string& name = "a") {
    auto alert = test::example_alert();
    alert["kind"] = kind;
    alert["alert"] = name;
    return {.key = name + kind, .body = alert.dump()};
}

void take_all(FaultServer& server) {
    server.answer_with(
        [](const std::string&) { return FaultReply{.bytes = http_response(200, "")}; });
}

TEST_CASE("labels are what an alert is known by, and nothing that changes while it fires",
          "[channels][alertmanager]") {
    const json fire = alert_of(test::example_alert());
    CHECK(fire["labels"] == json{{"alertname", "health"},
                                 {"chain", "ethereum"},
                                 {"protocol", "aave_v3"},
                                 {"market", "core"},
                                 {"wallet", "0x00000000000000000000000000000000000000Aa"}});
    CHECK(fire["annotations"]["severity"] == "critical");
    CHECK(fire["annotations"]["health_factor"] == "1.05");
    auto later = test::example_alert();
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, json>>{{"kind", "escalate"},
                                                             {"severity", "info"},
                                                             {"value", "1.01"},
                                                             {"summary", "worse"},
                                                             {"at", "1767329999"},
                                                             {"sequence", 6},
                                                             {"fired_at_block", "124"}}) {
        later[name] = value;
    }
    CHECK(alert_of(later)["labels"] == fire["labels"]);
    CHECK(alert_of(later)["startsAt"] == fire["startsAt"]);
    later["kind"] = "unknown";
    CHECK(alert_of(later)["labels"]["condition"] == "unknown");
    // What is told in another channel's place is not the alert itself, and does not end it.
    later["given_up"] = {{"channel", "pager"}, {"because", "gone"}};
    CHECK(alert_of(later)["labels"]["given_up"] == "pager");
    later["late"] = {{"channel", "mail"}, {"because", "busy"}};
    CHECK(alert_of(later)["labels"]["late"] == "mail");
    auto chain = test::example_alert();
    chain["protocol"] = chain["market"] = chain["wallet"] = nullptr;
    CHECK(alert_of(chain, {.urls = {}, .labels = {{"team", "treasury"}}})["labels"] ==
          json{{"alertname", "health"}, {"chain", "ethereum"}, {"team", "treasury"}});
}

TEST_CASE("what fires is held for 15 minutes, what ended has ended then",
          "[channels][alertmanager]") {
    const json fire = alert_of(test::example_alert());
    CHECK(fire["startsAt"] == "2026-01-02T03:04:05Z");
    CHECK(fire["endsAt"] == "2026-01-02T03:20:05Z");
    auto resolve = test::example_alert();
    resolve["kind"] = "resolve";
    resolve["at"] = "1767323105";
    CHECK(alert_of(resolve)["startsAt"] == "2026-01-02T03:04:05Z");
    CHECK(alert_of(resolve)["endsAt"] == "2026-01-02T03:05:05Z");
    // A clock that was set back: Alertmanager refuses an end before the beginning.
    resolve["fired_at"] = "1767324000";
    CHECK(alert_of(resolve)["endsAt"] == alert_of(resolve)["startsAt"]);
    // An end that says not when it began leaves that to Alertmanager, which knows it.
    resolve.erase("fired_at");
    CHECK_FALSE(alert_of(resolve).contains("startsAt"));
    CHECK(alert_of(resolve)["endsAt"] == "2026-01-02T03:05:05Z");
    auto unknown = test::example_alert();
    unknown["kind"] = "unknown";
    unknown["at"] = "1767323050";
    CHECK(alert_of(unknown)["startsAt"] == "2026-01-02T03:04:10Z");
    unknown["kind"] = "known";
    CHECK_FALSE(alert_of(unknown).contains("startsAt"));
}

TEST_CASE("every member is told, and one that takes it is enough", "[channels][alertmanager]") {
    FaultServer first;
    FaultServer second;
    const auto channel = make_alertmanager(
        {.urls = {Secret(first.url("")), Secret(second.url("/am"))}, .labels = {}});
    take_all(second);
    first.answer({.bytes = http_response(503, "s3cret")});
    const Delivery half = channel->send(message("fire"), kNow);
    CHECK(half.outcome == Outcome::Delivered);
    CHECK(half.why == "member 1 of 2: the receiver answers with HTTP status 503");
    CHECK(second.requests()[0].head.starts_with("POST /am/api/v2/alerts HTTP"));
    take_all(first);
    const Delivery whole = channel->send(message("fire"), kNow);
    CHECK(whole.outcome == Outcome::Delivered);
    CHECK(whole.why.empty());
    // Nobody: as the one says that gives most hope.
    first.answer({.bytes = http_response(404, "")});
    second.answer({.bytes = http_response(503, "")});
    CHECK(channel->send(message("fire"), kNow).outcome == Outcome::Later);
    first.answer({.bytes = http_response(404, "")});
    second.answer({.bytes = http_response(404, "")});
    CHECK(channel->send(message("fire"), kNow).outcome == Outcome::Refused);
}

TEST_CASE("a member that says nothing delays no message to the others",
          "[channels][alertmanager]") {
    FaultServer silent;
    FaultServer well;
    std::atomic<bool> is_silent = true;
    silent.answer_with([&](const std::string&) {
        return is_silent ? FaultReply{.bytes = "", .end = FaultReply::End::Hang}
                         : FaultReply{.bytes = http_response(200, "")};
    });
    take_all(well);
    const auto channel =
        make_alertmanager({.urls = {Secret(silent.url("")), Secret(well.url(""))}, .labels = {}});
    // Waited for to its end, each would come with libcurl's words of a timeout.
    const std::string why = "member 1 of 2: no answer came in time";
    for (int i = 0; i < 50; ++i) {
        const Delivery came = channel->send(message("fire", std::to_string(i)), kNow);
        CHECK(came.outcome == Outcome::Delivered);
        CHECK(came.why == why);
    }
    CHECK(channel->repeat(std::vector(100, message("fire")), kNow).why == why);
    CHECK(well.requests().size() == 52);
    // With the next list it is waited for as before.
    is_silent = false;
    CHECK(channel->repeat(std::vector(1, message("fire")), kNow).why.empty());
    CHECK(channel->send(message("fire"), kNow).why.empty());
}

TEST_CASE("a member that is slow is waited for where no other has taken it",
          "[channels][alertmanager]") {
    FaultServer slow;
    FaultServer broken;
    slow.answer_with([](const std::string&) {
        return FaultReply{.bytes = http_response(200, ""),
                          .pause_per_byte = std::chrono::milliseconds(10)};
    });
    broken.answer_with(
        [](const std::string&) { return FaultReply{.bytes = http_response(503, "")}; });
    const auto channel =
        make_alertmanager({.urls = {Secret(broken.url("")), Secret(slow.url(""))}, .labels = {}});
    CHECK(channel->send(message("fire"), kNow).outcome == Outcome::Delivered);
    CHECK(slow.requests().size() == 1);
}

TEST_CASE("what stands is told again in one list, of which one bad alert keeps no other",
          "[channels][alertmanager]") {
    FaultServer server;
    const auto channel = make_alertmanager({.urls = {Secret(server.url(""))}, .labels = {}});
    REQUIRE(channel->repeats());
    CHECK(channel->repeats()->every_s == 60);
    CHECK(channel->repeats()->ended_for_s == 900);
    std::vector<std::string> taken;
    server.answer_with([&](const std::string& body) {
        for (const json& one : json::parse(body)) {
            if (one["labels"]["chain"] == "bad") {
                return FaultReply{.bytes = http_response(400, "")};
            }
        }
        for (const json& one : json::parse(body)) {
            taken.push_back(one["labels"]["market"]);
        }
        return FaultReply{.bytes = http_response(200, "")};
    });
    std::vector<Message> messages;
    std::vector<std::string> good;
    for (int i = 0; i < 70; ++i) {  // more than one list
        auto alert = test::example_alert();
        alert["alert"] = alert["market"] = std::to_string(i);
        alert["chain"] = i == 33 ? "bad" : "good";
        messages.push_back({.key = std::to_string(i), .body = alert.dump()});
        if (i != 33) {
            good.push_back(std::to_string(i));
        }
    }
    const Delivery came = channel->repeat(messages, kNow);
    CHECK(came.outcome == Outcome::Refused);
    CHECK(taken == good);
}

TEST_CASE("names of labels", "[channels][alertmanager]") {
    for (const char* good : {"a", "_", "team_2", "A9"}) {
        CHECK(is_label_name(good));
    }
    for (const char* bad : {"", "2a", "a-b", "a b", "é", "a.b"}) {
        CHECK_FALSE(is_label_name(bad));
    }
}

}  // namespace
}  // namespace margrave::channels
