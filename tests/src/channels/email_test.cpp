#include "channels/email.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "channels/base64.hpp"
#include "tests/support/alerts.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/mail_server.hpp"

namespace margrave::channels {
namespace {

const EmailTarget kTarget{.url = "smtps://mail.example",
                          .from = "margrave@fund.example",
                          .to = {"ops@fund.example", "risk@fund.example"}};

using Outcome = Delivery::Outcome;
using Taken = std::vector<std::vector<std::string>>;

/// A channel to two recipients, and their server.
struct Post {
    test::MailServer server;
    test::FakeClock clock;
    std::unique_ptr<Channel> channel = make_email({.url = server.url(),
                                                   .from = kTarget.from,
                                                   .to = kTarget.to,
                                                   .allow_plain = true,
                                                   .timeout_ms = 1'000},
                                                  clock);

    [[nodiscard]] Delivery send(const std::string& key) const {
        return channel->send({.key = key, .body = test::alert_body()}, 0);
    }
};

std::string header(const std::string& mail, const std::string& name) {
    const auto at = mail.find("\r\n" + name + ": ");
    REQUIRE(at != std::string::npos);
    const auto begin = at + 2 + name.size() + 2;
    return mail.substr(begin, mail.find("\r\n", begin) - begin);
}

std::string mail(const std::string& kind, int episode = 2) {
    auto alert = test::example_alert();
    alert["kind"] = kind;
    alert["episode"] = episode;
    return mail_of(read_alert(alert.dump()), "0123abcd", kTarget, 7);
}

TEST_CASE("a mail and its headers", "[channels][email]") {
    const std::string fire = mail("fire");
    CHECK(fire.starts_with("Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"));
    CHECK(header(fire, "From") == "margrave <margrave@fund.example>");
    CHECK(fire.find("\r\nTo: ops@fund.example,\r\n risk@fund.example\r\n") != std::string::npos);
    CHECK(header(fire, "Message-ID") == "<0123abcd@fund.example>");
    CHECK(header(fire, "Auto-Submitted") == "auto-generated");
    CHECK(header(fire, "X-Priority") == "1");
    // All of an episode stand together; another one apart.
    CHECK(header(mail("resolve"), "References") == header(fire, "References"));
    CHECK(header(mail("fire", 3), "References") != header(fire, "References"));
    // The same at every try.
    CHECK(mail_of(read_alert(test::alert_body()), "k", kTarget, 1) ==
          mail_of(read_alert(test::alert_body()), "k", kTarget, 2));
    const auto text = fire.substr(fire.find("\r\n\r\n") + 4);
    std::string digits;
    for (const char c : text) {
        digits += c == '\r' || c == '\n' ? "" : std::string(1, c);
    }
    const auto bytes = from_base64(digits);
    const std::string body(bytes.begin(), bytes.end());
    CHECK(
        body.starts_with("critical fire health: health_factor 1.05, fires below 1.1 (block 123)"
                         "\r\n\r\nchain: ethereum\r\n"));
}

TEST_CASE("a mail about several stands with what is told of each of them later",
          "[channels][email]") {
    const auto references = [](const nlohmann::json& alert) {
        const std::string text = mail_of(read_alert(alert.dump()), "k", kTarget, 0);
        const auto begin = text.find("\r\nReferences: ") + 14;
        return text.substr(begin, text.find("\r\nSubject", begin) - begin);
    };
    auto group = test::grouped_alert();
    const std::string all = references(group);
    CHECK(std::count(all.begin(), all.end(), '@') == 3);
    auto one = test::example_alert();
    one["kind"] = "resolve";
    CHECK(all.find(references(one)) == 0);
    one["alert"] = group["others"][1]["alert"];
    one["episode"] = 1;
    CHECK(all.find(references(one)) != std::string::npos);
    one["episode"] = 2;
    CHECK(all.find(references(one)) == std::string::npos);
    for (int i = 0; i < 40; ++i) {
        group["others"].push_back(group["others"][0]);
    }
    const std::string many = references(group);
    CHECK(std::count(many.begin(), many.end(), '@') == 20);
}

TEST_CASE("a subject that is no plain ASCII, or long, is encoded word by word",
          "[channels][email]") {
    auto alert = test::example_alert();
    alert["wallet"] = nullptr;
    alert["rule"] = "plain";
    const auto subject = [&] {
        return header(mail_of(read_alert(alert.dump()), "k", kTarget, 0), "Subject");
    };
    CHECK(subject() == "critical fire: plain ");
    alert["rule"] = "é";
    CHECK(subject() == "=?UTF-8?B?" + to_base64(std::string_view("critical fire: é ")) + "?=");
    alert["rule"] = "=?UTF-8?B?QmNj?=";
    CHECK(subject() ==
          "=?UTF-8?B?" + to_base64(std::string_view("critical fire: =?UTF-8?B?QmNj?= ")) + "?=");
    // 15 bytes come before; the 14th of the two-byte letters would be cut in half at 42.
    std::string letters;
    for (int i = 0; i < 30; ++i) {
        letters += "é";
    }
    alert["rule"] = letters;
    CHECK(subject() ==
          "=?UTF-8?B?" + to_base64(std::string_view("critical fire: ééééééééééééé")) + "?=");
}

TEST_CASE("addresses that could say more than an address are none", "[channels][email]") {
    for (const char* good : {"a@b", "ops+x@fund.example", "o'neil@x-y.example"}) {
        CHECK(is_mail_address(good));
    }
    for (const std::string& bad :
         {std::string(), std::string("a"), std::string("@b"), std::string("a@"),
          std::string("a@b@c"), std::string("a b@c"), std::string("a@b\r\nRCPT TO:<x@y>"),
          std::string("a@b\n"), std::string("a\0@b", 4), std::string("<a@b>"),
          std::string("a@b,c@d"), std::string("é@b"), std::string("a@[1.2.3.4]"),
          std::string(250, 'a') + "@b.example"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_mail_address(bad));
    }
}

TEST_CASE("who takes a mail gets it once, whatever another one is refused for",
          "[channels][email]") {
    Post post;
    post.server.answer("risk@fund.example", 450);
    const Delivery first = post.send("a");
    CHECK(first.outcome == Outcome::Later);
    CHECK(first.why == "1 of 2 recipients are not taken now: recipient 2 (450)");
    CHECK(first.is_alone);
    // Another message in between.
    CHECK(post.send("b").outcome == Outcome::Later);
    CHECK(post.send("a").outcome == Outcome::Later);
    post.server.answer("risk@fund.example", 250);
    CHECK(post.send("a").outcome == Outcome::Delivered);
    CHECK(post.send("b").why.empty());
    CHECK(post.server.taken() == Taken{{"ops@fund.example"},
                                       {"ops@fund.example"},
                                       {"risk@fund.example"},
                                       {"risk@fund.example"}});
}

TEST_CASE("a recipient that is put off for ten minutes holds nothing up any more",
          "[channels][email]") {
    Post post;
    post.server.answer("risk@fund.example", 451);
    CHECK(post.send("a").outcome == Outcome::Later);
    post.clock.advance(std::chrono::seconds(599));
    CHECK(post.send("a").outcome == Outcome::Later);
    post.clock.advance(std::chrono::seconds(1));
    const Delivery late = post.send("a");
    CHECK(late.outcome == Outcome::Delivered);
    CHECK(late.why == "1 of 2 recipients are not taken: recipient 2 (451)");
    // So it is with the next ones, which it is asked for all the same.
    CHECK(post.send("b").outcome == Outcome::Delivered);
    post.server.answer("risk@fund.example", 250);
    CHECK(post.send("c").why.empty());
    post.server.answer("risk@fund.example", 451);
    CHECK(post.send("d").outcome == Outcome::Later);
    // What was put off a day ago may be greylisted anew.
    post.clock.advance(std::chrono::hours(24));
    CHECK(post.send("e").outcome == Outcome::Later);
}

TEST_CASE("a mail that nobody takes now waits, and is delivered to nobody in silence",
          "[channels][email]") {
    Post post;
    post.server.answer("ops@fund.example", 451);
    post.server.answer("risk@fund.example", 550);
    for (int minute = 0; minute < 20; ++minute) {
        const Delivery came = post.send("a");
        CHECK(came.outcome == Outcome::Later);
        CHECK_FALSE(came.is_alone);
        post.clock.advance(std::chrono::minutes(1));
    }
    post.server.answer("ops@fund.example", 250);
    const Delivery came = post.send("a");
    CHECK(came.outcome == Outcome::Delivered);
    CHECK(came.why == "1 of 2 recipients are not taken: recipient 2 (550)");
    post.server.answer("ops@fund.example", 550);
    const Delivery none = post.send("b");
    CHECK(none.outcome == Outcome::Refused);
    CHECK(none.why == "2 of 2 recipients are not taken: recipient 1 (550), recipient 2 (550)");
    // While that is tried again, one of them may be known.
    post.server.answer("risk@fund.example", 250);
    CHECK(post.send("b").outcome == Outcome::Delivered);
}

TEST_CASE("what the server says of the mail is of no recipient, and silence is no refusal",
          "[channels][email]") {
    Post post;
    post.server.answer("risk@fund.example", 550);
    post.server.answer_end_with(0);  // the last that came before is 354, and 550 before that
    CHECK(post.send("a").outcome == Outcome::Later);
    post.server.answer_end_with(451);
    CHECK(post.send("a").why == "the mail server answers 451");
    post.server.answer_end_with(554);
    CHECK(post.send("a").outcome == Outcome::Refused);
    post.server.answer_mail_with(451);
    post.server.answer("ops@fund.example", 451);
    for (int minute = 0; minute < 12; ++minute) {
        CHECK(post.send("a").outcome == Outcome::Later);
        post.clock.advance(std::chrono::minutes(1));
    }
    post.server.answer_mail_with(250);
    CHECK(post.send("a").why == "1 of 2 recipients are not taken now: recipient 1 (451)");
    post.server.answer("ops@fund.example", 250);
    CHECK(post.send("a").why == "1 of 2 recipients are not taken: recipient 2 (550)");
    CHECK(post.server.taken() == Taken{{"ops@fund.example"}});
}

TEST_CASE("the answers to recipients are those behind the one to MAIL", "[channels][email]") {
    using Codes = std::vector<int>;
    // Greeting, EHLO, MAIL, two RCPT, DATA, the end.
    CHECK(recipient_codes({220, 250, 250, 250, 550, 354, 250}, 2) == Codes{250, 550});
    CHECK(recipient_codes({220, 250, 334, 235, 250, 450, 354, 250}, 1) == Codes{450});
    CHECK(recipient_codes({220, 250, 220, 250, 250, 550, 450, 221}, 2) == Codes{550, 450});
    CHECK(recipient_codes({220, 502, 250, 250, 250, 354, 250}, 1) == Codes{250});  // HELO
    CHECK(recipient_codes({220, 250, 250, 550}, 2) == Codes{550});                 // it broke off
    // It came to none: MAIL is refused, EHLO, the login.
    CHECK(recipient_codes({220, 250, 451}, 1).empty());
    CHECK(recipient_codes({220, 250, 235, 451}, 1).empty());
    CHECK(recipient_codes({220, 502, 502}, 1).empty());
    CHECK(recipient_codes({220, 250, 334, 535}, 1).empty());
    CHECK(recipient_codes({554}, 1).empty());
    CHECK(recipient_codes({}, 1).empty());
}

}  // namespace
}  // namespace margrave::channels
