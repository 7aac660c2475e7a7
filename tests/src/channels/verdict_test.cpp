#include "channels/verdict.hpp"

#include <catch2/catch.hpp>

#include "channels/discord.hpp"
#include "channels/slack.hpp"
#include "channels/telegram.hpp"

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;

HttpAnswer answer(long status, const std::string& body = "") {
    HttpAnswer out;
    out.status = status;
    out.body = body;
    out.is_whole = true;
    return out;
}

TEST_CASE("each kind of receiver's statuses", "[channels][verdict]") {
    struct Row {
        Receiver receiver;
        long status;
        Outcome outcome;
    };
    const auto row = GENERATE(values<Row>({
        {Receiver::Webhook, 200, Outcome::Delivered},
        {Receiver::Webhook, 204, Outcome::Delivered},
        {Receiver::Webhook, 299, Outcome::Delivered},
        {Receiver::Webhook, 300, Outcome::Refused},
        {Receiver::Webhook, 302, Outcome::Refused},
        {Receiver::Webhook, 400, Outcome::Refused},
        {Receiver::Webhook, 404, Outcome::Refused},
        {Receiver::Webhook, 408, Outcome::Later},
        {Receiver::Webhook, 410, Outcome::Never},
        {Receiver::Webhook, 425, Outcome::Later},
        {Receiver::Webhook, 429, Outcome::Later},
        {Receiver::Webhook, 499, Outcome::Refused},
        {Receiver::Webhook, 500, Outcome::Later},
        {Receiver::Webhook, 503, Outcome::Later},
        {Receiver::Slack, 200, Outcome::Delivered},
        {Receiver::Slack, 204, Outcome::Refused},
        {Receiver::Slack, 302, Outcome::Refused},
        {Receiver::Slack, 400, Outcome::Refused},
        {Receiver::Slack, 403, Outcome::Never},
        {Receiver::Slack, 404, Outcome::Never},
        {Receiver::Slack, 410, Outcome::Never},
        {Receiver::Slack, 429, Outcome::Later},
        {Receiver::Slack, 500, Outcome::Later},
        {Receiver::Discord, 200, Outcome::Delivered},
        {Receiver::Discord, 204, Outcome::Delivered},
        {Receiver::Discord, 400, Outcome::Refused},
        {Receiver::Discord, 401, Outcome::Never},
        {Receiver::Discord, 403, Outcome::Refused},
        {Receiver::Discord, 404, Outcome::Never},
        {Receiver::Discord, 429, Outcome::Later},
        {Receiver::Discord, 502, Outcome::Later},
        {Receiver::Telegram, 200, Outcome::Delivered},
        {Receiver::Telegram, 202, Outcome::Refused},
        {Receiver::Telegram, 400, Outcome::Refused},
        {Receiver::Telegram, 401, Outcome::Refused},
        {Receiver::Telegram, 403, Outcome::Never},
        {Receiver::Telegram, 429, Outcome::Later},
        {Receiver::PagerDuty, 200, Outcome::Refused},
        {Receiver::PagerDuty, 202, Outcome::Delivered},
        {Receiver::PagerDuty, 400, Outcome::Never},
        {Receiver::PagerDuty, 403, Outcome::Refused},
        {Receiver::PagerDuty, 429, Outcome::Later},
        {Receiver::PagerDuty, 500, Outcome::Later},
        {Receiver::Alertmanager, 200, Outcome::Delivered},
        {Receiver::Alertmanager, 202, Outcome::Refused},
        {Receiver::Alertmanager, 400, Outcome::Refused},
        {Receiver::Alertmanager, 503, Outcome::Later},
    }));
    CAPTURE(static_cast<int>(row.receiver), row.status);
    const Delivery came = judge(row.receiver, answer(row.status));
    CHECK(came.outcome == row.outcome);
    CHECK(came.why.empty() == (row.outcome == Outcome::Delivered));
}

TEST_CASE("what did not come through is tried again, whoever it was for", "[channels][verdict]") {
    const auto receiver = GENERATE(Receiver::Webhook, Receiver::Slack, Receiver::Discord,
                                   Receiver::Telegram, Receiver::PagerDuty, Receiver::Alertmanager);
    HttpAnswer none;
    none.failure = "Couldn't connect to server";
    CHECK(judge(receiver, none).outcome == Outcome::Later);
    CHECK(judge(receiver, none).why == "Couldn't connect to server");
    HttpAnswer busy = answer(429);
    busy.retry_after_s = 7;
    CHECK(judge(receiver, busy).retry_after_s == 7);
    busy.status = 404;  // who refuses asks for nothing
    CHECK_FALSE(judge(receiver, busy).retry_after_s);
}

TEST_CASE("Slack has taken what it answers with ok, and only that", "[channels][slack]") {
    CHECK(slack_verdict(answer(200, "ok")).outcome == Outcome::Delivered);
    for (const char* body : {"", "OK", "ok\n", "no_text", "<html>ok</html>", R"({"ok":true})"}) {
        CAPTURE(body);
        CHECK(slack_verdict(answer(200, body)).outcome == Outcome::Refused);
    }
    HttpAnswer cut = answer(200, "o");
    cut.is_whole = false;
    CHECK(slack_verdict(cut).outcome == Outcome::Later);
    // By margrave, which would do so again and again.
    cut.is_too_long = true;
    CHECK(slack_verdict(cut).outcome == Outcome::Refused);
    CHECK(slack_verdict(cut).why ==
          "the receiver answers with HTTP status 200, but the answer is too long");
    CHECK(slack_verdict(answer(404, "no_service")).outcome == Outcome::Never);
    CHECK(slack_verdict(answer(500, "ok")).outcome == Outcome::Later);
}

TEST_CASE("Discord names the message that it has taken, and says how long to wait",
          "[channels][discord]") {
    CHECK(discord_verdict(answer(200, R"({"id":"1"})")).outcome == Outcome::Delivered);
    CHECK(discord_verdict(answer(204)).outcome == Outcome::Delivered);
    CHECK(discord_verdict(answer(200, "")).outcome == Outcome::Refused);
    CHECK(discord_verdict(answer(200, "[]")).outcome == Outcome::Refused);
    const auto wait = [](const std::string& body) {
        return discord_verdict(answer(429, body)).retry_after_s;
    };
    CHECK(wait(R"({"message":"slow","retry_after":0.25,"global":false})") == 1);
    CHECK(wait(R"({"retry_after":64.57})") == 65);
    CHECK(wait(R"({"retry_after":3})") == 3);
    CHECK_FALSE(wait(R"({"retry_after":-1})"));
    CHECK_FALSE(wait(R"({"retry_after":1e300})"));
    CHECK_FALSE(wait(R"({"retry_after":"3"})"));
    CHECK_FALSE(wait("<html>"));
    HttpAnswer header = answer(429);
    header.retry_after_s = 9;
    CHECK(discord_verdict(header).retry_after_s == 9);
}

TEST_CASE("Telegram has taken what it answers with ok: true, and only that",
          "[channels][telegram]") {
    const auto outcome = [](const std::string& body) {
        return telegram_verdict(answer(200, body)).delivery.outcome;
    };
    CHECK(outcome(R"({"ok":true,"result":{"message_id":1}})") == Outcome::Delivered);
    CHECK(outcome(R"({"ok":false,"error_code":400,"description":"x"})") == Outcome::Refused);
    CHECK(outcome(R"({"ok":"true"})") == Outcome::Refused);
    CHECK(outcome(R"({"ok":1})") == Outcome::Refused);
    CHECK(outcome("ok") == Outcome::Refused);
    CHECK(outcome("") == Outcome::Refused);

    const auto busy = telegram_verdict(answer(
        429, R"({"ok":false,"error_code":429,"description":"s","parameters":{"retry_after":34}})"));
    CHECK(busy.delivery.outcome == Outcome::Later);
    CHECK(busy.delivery.retry_after_s == 34);
    const auto moved = telegram_verdict(
        answer(400, R"({"ok":false,"description":"Bad Request: group chat was upgraded",)"
                    R"("parameters":{"migrate_to_chat_id":-1001234567890123}})"));
    CHECK(moved.new_chat_id == "-1001234567890123");
    CHECK_FALSE(moved.is_markup_refused);
    CHECK(telegram_verdict(
              answer(400, R"({"ok":false,"description":"Bad Request: can't parse entities: x"})"))
              .is_markup_refused);
    CHECK_FALSE(telegram_verdict(answer(500, R"({"description":"can't parse entities"})"))
                    .is_markup_refused);
    CHECK(telegram_verdict(answer(403, R"({"ok":false,"description":"bot was blocked"})"))
              .delivery.outcome == Outcome::Never);
}

}  // namespace
}  // namespace margrave::channels
