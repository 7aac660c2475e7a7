#include "channels/http_post.hpp"

#include <catch2/catch.hpp>

#include "channels/discord.hpp"
#include "channels/slack.hpp"
#include "channels/telegram.hpp"
#include "channels/webhook.hpp"
#include "tests/support/alerts.hpp"
#include "tests/support/fault_server.hpp"

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;
using test::FaultReply;
using test::FaultServer;
using test::http_response;

const Message kMessage{.key = "0123", .body = test::alert_body()};

nlohmann::json body_of(const FaultServer& server, std::size_t i) {
    return nlohmann::json::parse(server.requests().at(i).body);
}

TEST_CASE("a post over one connection, again and again", "[channels][http_post]") {
    FaultServer server;
    HttpPost post(HttpPost::Keep::Body);
    server.answer({.bytes = http_response(200, "ok")});
    server.answer({.bytes = http_response(429, "slow", "Retry-After: 7\r\n")});
    const HttpAnswer first = post.post(server.url("/a"), "{}", {"x-own: 1"});
    CHECK(first.status == 200);
    CHECK(first.body == "ok");
    CHECK(first.is_whole);
    CHECK_FALSE(first.retry_after_s);
    const HttpAnswer second = post.post(server.url("/b"), "[1]");
    CHECK(second.status == 429);
    CHECK(second.retry_after_s == 7);
    CHECK(server.connections() == 1);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].head.starts_with("POST /a HTTP/1.1\r\n"));
    CHECK(requests[0].head.find("x-own: 1\r\n") != std::string::npos);
    CHECK(requests[0].head.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(requests[1].head.find("x-own") == std::string::npos);
    CHECK(requests[1].body == "[1]");
}

TEST_CASE("of an answer the beginning is kept, or nothing", "[channels][http_post]") {
    FaultServer server;
    const std::string large(HttpPost::kBodyKept + 1, 'x');
    server.answer_with(
        [&](const std::string&) { return FaultReply{.bytes = http_response(200, large)}; });
    const HttpAnswer kept = HttpPost(HttpPost::Keep::Body).post(server.url(), "{}");
    CHECK(kept.status == 200);
    CHECK(kept.body.size() == HttpPost::kBodyKept);
    CHECK_FALSE(kept.is_whole);
    CHECK(kept.is_too_long);
    CHECK(slack_verdict(kept).outcome == Outcome::Refused);
    const HttpAnswer none = HttpPost().post(server.url(), "{}");
    CHECK(none.status == 200);
    CHECK(none.body.empty());
    CHECK(none.is_whole);
}

TEST_CASE("no status is no answer, and what is said of it names no secret",
          "[channels][http_post]") {
    FaultServer server;
    HttpPost post(HttpPost::Keep::Body);
    server.answer({.bytes = "", .end = FaultReply::End::Reset});
    HttpAnswer came = post.post(server.url("/s3cret"), "{}");
    CHECK(came.status == 0);
    CHECK_FALSE(came.failure.empty());
    CHECK(came.failure.find("s3cret") == std::string::npos);
    server.answer({.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .end = FaultReply::End::Close});
    came = post.post(server.url("/s3cret"), "{}");
    CHECK(came.status == 0);
    CHECK_FALSE(came.failure.empty());
    // A body that is cut off stands behind a status that came.
    server.answer(
        {.bytes = http_response(200, "okay"), .cut_after = http_response(200, "okay").size() - 2});
    came = post.post(server.url("/s3cret"), "{}");
    CHECK(came.status == 200);
    CHECK(came.body == "ok");
    CHECK_FALSE(came.is_whole);
    CHECK_FALSE(came.is_too_long);
    CHECK(slack_verdict(came).outcome == Outcome::Later);
}

TEST_CASE("a redirect is an answer, not a place to go to", "[channels][http_post]") {
    FaultServer server;
    FaultServer other;
    server.answer({.bytes = http_response(302, "", "Location: " + other.url("/x") + "\r\n")});
    CHECK(HttpPost().post(server.url(), "{}").status == 302);
    CHECK(other.requests().empty());
}

TEST_CASE("what Slack does not understand is sent once more as a plain line", "[channels][slack]") {
    FaultServer server;
    const auto slack = make_slack(Secret(server.url("/services/T/B/k")));
    server.answer({.bytes = http_response(400, "invalid_blocks")});
    server.answer({.bytes = http_response(200, "ok")});
    CHECK(slack->send(kMessage, 0).outcome == Outcome::Delivered);
    REQUIRE(server.requests().size() == 2);
    CHECK(body_of(server, 0).contains("blocks"));
    CHECK(body_of(server, 1) == nlohmann::json{{"text", test::example_alert()["summary"]},
                                               {"mrkdwn", false},
                                               {"unfurl_links", false},
                                               {"unfurl_media", false}});
    // Refused as it is, it is refused: once more is enough.
    server.answer_with(
        [](const std::string&) { return FaultReply{.bytes = http_response(400, "no")}; });
    CHECK(slack->send(kMessage, 0).outcome == Outcome::Refused);
    CHECK(server.requests().size() == 4);
}

TEST_CASE("Discord is asked to wait for the message that it makes", "[channels][discord]") {
    FaultServer server;
    server.answer_with([](const std::string&) {
        return FaultReply{.bytes = http_response(200, R"({"id":"1"})")};
    });
    CHECK(make_discord(Secret(server.url("/api/webhooks/1/k")))->send(kMessage, 0).outcome ==
          Outcome::Delivered);
    CHECK(make_discord(Secret(server.url("/api/webhooks/1/k?thread_id=2")))
              ->send(kMessage, 0)
              .outcome == Outcome::Delivered);
    CHECK(server.requests()[0].head.starts_with("POST /api/webhooks/1/k?wait=true HTTP"));
    CHECK(
        server.requests()[1].head.starts_with("POST /api/webhooks/1/k?thread_id=2&wait=true HTTP"));
}

TEST_CASE("Telegram's chat that moved is followed, and markup that it refuses left out",
          "[channels][telegram]") {
    FaultServer server;
    const auto telegram =
        make_telegram({.api = server.url(""), .token = Secret("123:s3cret"), .chat_id = "-5"});
    server.answer(
        {.bytes = http_response(
             400, R"({"ok":false,"description":"x","parameters":{"migrate_to_chat_id":-100}})")});
    server.answer_with([](const std::string&) {
        return FaultReply{.bytes = http_response(200, R"({"ok":true})")};
    });
    CHECK(telegram->send(kMessage, 0).why == "the chat moved: its chat_id is now -100");
    CHECK(telegram->send(kMessage, 0).why.empty());
    REQUIRE(server.requests().size() == 3);
    CHECK(server.requests()[0].head.starts_with("POST /bot123:s3cret/sendMessage HTTP"));
    CHECK(body_of(server, 0)["chat_id"] == "-5");
    CHECK(body_of(server, 1)["chat_id"] == "-100");
    CHECK(body_of(server, 2)["chat_id"] == "-100");
    CHECK(body_of(server, 2)["parse_mode"] == "HTML");

    server.answer({.bytes = http_response(
                       400, R"({"ok":false,"description":"Bad Request: can't parse entities"})")});
    CHECK(telegram->send(kMessage, 0).outcome == Outcome::Delivered);
    REQUIRE(server.requests().size() == 5);
    CHECK(body_of(server, 3).contains("parse_mode"));
    CHECK_FALSE(body_of(server, 4).contains("parse_mode"));
}

TEST_CASE("no channel says its secret of a receiver that quotes it", "[channels][secret]") {
    FaultServer server;
    server.answer_with([](const std::string&) {
        return FaultReply{.bytes =
                              http_response(500, "no such hook: /s3cret", "X-Url: /s3cret\r\n")};
    });
    const Secret url(server.url("/s3cret"));
    for (const auto& channel :
         {make_slack(url).release(), make_discord(url).release(),
          make_webhook({.url = url, .secret = core::Bytes(24)}).release(),
          make_telegram({.api = server.url(""), .token = Secret("1:s3cret"), .chat_id = "1"})
              .release()}) {
        const std::unique_ptr<Channel> owned(channel);
        const Delivery came = owned->send(kMessage, 0);
        CHECK(came.outcome == Outcome::Later);
        CHECK(came.why == "the receiver answers with HTTP status 500");
    }
}

TEST_CASE("a webhook posts what its key signed, and the HMAC is of just that",
          "[channels][webhook]") {
    FaultServer server;
    server.answer_with(
        [](const std::string&) { return FaultReply{.bytes = http_response(204, "")}; });
    const core::Bytes secret(24, 7);
    const auto webhook = make_webhook(
        {.url = Secret(server.url()), .secret = secret, .sign = [](std::string_view json) {
             return std::string(json) + "signed";
         }});
    CHECK(webhook->send({.key = "k", .body = "{}"}, 1000).outcome == Outcome::Delivered);
    CHECK(webhook->send({.key = "k", .body = "{}"}, 1001).outcome == Outcome::Delivered);
    const auto requests = server.requests();
    CHECK(requests[0].body == "{}signed");
    CHECK(requests[1].body == "{}signed");
    CHECK(requests[0].head.find("webhook-signature: " +
                                webhook_signature(secret, "k", 1000, "{}signed")) !=
          std::string::npos);
    const auto unsignable = make_webhook(
        {.url = Secret(server.url()),
         .secret = secret,
         .sign = [](std::string_view) -> std::string { throw core::InputError("no report"); }});
    const Delivery came = unsignable->send({.key = "k", .body = "{}"}, 0);
    CHECK(came.outcome == Outcome::Never);
    CHECK(came.why == "it cannot be signed: no report");
    CHECK(server.requests().size() == 2);
}

}  // namespace
}  // namespace margrave::channels
