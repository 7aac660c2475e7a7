#include "channels/email.hpp"

#include <catch2/catch.hpp>

#include "channels/base64.hpp"
#include "core/errors.hpp"
#include "tests/support/alerts.hpp"

namespace margrave::channels {
namespace {

const EmailTarget kTarget{.url = "smtps://mail.example",
                          .from = "margrave@fund.example",
                          .to = {"ops@fund.example", "risk@fund.example"}};

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

TEST_CASE("mail goes over TLS, but to this machine", "[channels][email]") {
    const auto refusal = [](const std::string& url, bool allow_plain) -> std::string {
        try {
            check_mail_url(url, allow_plain);
        } catch (const core::ConfigError& error) {
            return error.what();
        }
        return "taken";
    };
    for (const char* url : {"smtps://mail.example", "smtps://mail.example:465/me.example",
                            "smtp://mail.example:587", "smtp://127.0.0.1:2525"}) {
        CHECK(refusal(url, false) == "taken");
    }
    for (const char* url : {"smtp://127.0.0.1:2525", "smtp://localhost", "smtp://[::1]:25"}) {
        CHECK(refusal(url, true) == "taken");
    }
    for (const char* url :
         {"smtp://mail.example", "smtp://128.0.0.1", "smtp://localhost.example"}) {
        CHECK(refusal(url, true).starts_with("allow_plain is for this machine alone"));
    }
    for (const char* url :
         {"", "mail.example", "https://mail.example", "smtp:/host", "smtp:///host", "smtps://"}) {
        CHECK(refusal(url, false) != "taken");
    }
    const std::string with_user = refusal("smtps://me:s3cret@mail.example", false);
    CHECK(with_user.find("username and password") != std::string::npos);
    CHECK(with_user.find("s3cret") == std::string::npos);
}

TEST_CASE("the answers to recipients are those before the one to DATA", "[channels][email]") {
    using Codes = std::vector<int>;
    // Greeting, EHLO, MAIL, two RCPT, DATA, the end.
    CHECK(recipient_codes({220, 250, 250, 250, 550, 354, 250}, 2) == Codes{250, 550});
    CHECK(recipient_codes({220, 250, 334, 235, 250, 450, 354, 250}, 1) == Codes{450});
    CHECK(recipient_codes({220, 250, 250, 550}, 1).empty());
    CHECK(recipient_codes({354}, 1).empty());
}

}  // namespace
}  // namespace margrave::channels
