#include "channels/pagerduty.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/alerts.hpp"
#include "tests/support/fault_server.hpp"

namespace margrave::channels {
namespace {

nlohmann::json event_of(const nlohmann::json& alert) {
    const AlertText text = read_alert(alert.dump());
    return nlohmann::json::parse(pagerduty_json(text, dedup_keys(text).at(0), Secret("key")));
}

nlohmann::json event_of_kind(const std::string& kind, int episode = 2) {
    auto alert = test::example_alert();
    alert["kind"] = kind;
    alert["episode"] = episode;
    return event_of(alert);
}

TEST_CASE("what begins triggers, what ends resolves the same", "[channels][pagerduty]") {
    const auto fire = event_of_kind("fire");
    CHECK(fire["routing_key"] == "key");
    CHECK(fire["event_action"] == "trigger");
    CHECK(fire["payload"]["severity"] == "critical");
    CHECK(fire["payload"]["timestamp"] == "2026-01-02T03:04:05Z");
    CHECK(fire["payload"]["source"] ==
          "0x00000000000000000000000000000000000000Aa/core/aave_v3/ethereum");
    const auto resolve = event_of_kind("resolve");
    CHECK(resolve["event_action"] == "resolve");
    CHECK(resolve["dedup_key"] == fire["dedup_key"]);
    CHECK(event_of_kind("escalate")["event_action"] == "trigger");
    // Another episode pages anew.
    CHECK(event_of_kind("fire", 3)["dedup_key"] != fire["dedup_key"]);
    // Not knowing has a line of its own, whatever fires meanwhile.
    const auto unknown = event_of_kind("unknown");
    CHECK(unknown["event_action"] == "trigger");
    CHECK(unknown["dedup_key"] != fire["dedup_key"]);
    CHECK(event_of_kind("known", 3)["event_action"] == "resolve");
    CHECK(event_of_kind("known", 3)["dedup_key"] == unknown["dedup_key"]);
}

TEST_CASE("an escalation is an incident of its own, which ends with the alert",
          "[channels][pagerduty]") {
    test::FaultServer server;
    server.answer_with(
        [](const std::string&) { return test::FaultReply{.bytes = test::http_response(202, "")}; });
    const auto channel = make_pagerduty({.url = server.url(), .routing_key = Secret("key")});
    auto alert = test::example_alert();
    for (const char* kind : {"fire", "escalate", "resolve"}) {
        alert["kind"] = kind;
        alert["escalated"] = alert["kind"] != "fire";
        CHECK(channel->send({.key = kind, .body = alert.dump()}, 0).outcome ==
              Delivery::Outcome::Delivered);
    }
    std::vector<std::pair<std::string, std::string>> events;
    for (const auto& request : server.requests()) {
        const auto event = nlohmann::json::parse(request.body);
        events.emplace_back(event["event_action"], event["dedup_key"]);
    }
    REQUIRE(events.size() == 4);
    CHECK(events[0].first == "trigger");
    CHECK(events[1].first == "trigger");
    CHECK(events[1].second != events[0].second);  // or nobody is paged
    CHECK(events[2] == std::pair<std::string, std::string>("resolve", events[0].second));
    CHECK(events[3] == std::pair<std::string, std::string>("resolve", events[1].second));
    // One that was not escalated has one incident; a resolve that is half taken is sent again.
    alert["escalated"] = false;
    CHECK(dedup_keys(read_alert(alert.dump())).size() == 1);
    alert["escalated"] = true;
    server.answer({.bytes = test::http_response(202, "")});
    server.answer({.bytes = test::http_response(500, "")});
    CHECK(channel->send({.key = "k", .body = alert.dump()}, 0).outcome == Delivery::Outcome::Later);
}

TEST_CASE("every test is an incident that is seen", "[channels][pagerduty]") {
    auto test = test::example_alert();
    test["kind"] = "test";
    test["episode"] = 0;
    const auto first = event_of(test)["dedup_key"];
    CHECK(event_of(test)["dedup_key"] == first);
    test["sequence"] = 1767323046;
    CHECK(event_of(test)["dedup_key"] != first);
}

TEST_CASE("a severity that PagerDuty does not know is an error", "[channels][pagerduty]") {
    auto alert = test::example_alert();
    for (const char* severity : {"info", "warning", "critical"}) {
        alert["severity"] = severity;
        CHECK(event_of(alert)["payload"]["severity"] == severity);
    }
    alert["severity"] = "emergency";
    CHECK(event_of(alert)["payload"]["severity"] == "error");
}

TEST_CASE("a summary has 1024 characters at most", "[channels][pagerduty]") {
    auto alert = test::example_alert();
    alert["summary"] = std::string(1024, 's');
    CHECK(event_of(alert)["payload"]["summary"] == std::string(1024, 's'));
    alert["summary"] = std::string(1025, 's');
    CHECK(event_of(alert)["payload"]["summary"] == std::string(1019, 's') + "…(+6)");
}

TEST_CASE("an event that PagerDuty calls invalid is not sent again", "[channels][pagerduty]") {
    test::FaultServer server;
    const auto channel = make_pagerduty({.url = server.url(), .routing_key = Secret("key")});
    const Message message{.key = "k", .body = test::alert_body()};
    server.answer({.bytes = test::http_response(202, R"({"status":"success"})")});
    CHECK(channel->send(message, 0).outcome == Delivery::Outcome::Delivered);
    server.answer({.bytes = test::http_response(400, R"({"status":"invalid event"})")});
    CHECK(channel->send(message, 0).outcome == Delivery::Outcome::Never);
    server.answer({.bytes = test::http_response(429, "", "Retry-After: 120\r\n")});
    const Delivery busy = channel->send(message, 0);
    CHECK(busy.outcome == Delivery::Outcome::Later);
    CHECK(busy.retry_after_s == 120);
}

}  // namespace
}  // namespace margrave::channels
