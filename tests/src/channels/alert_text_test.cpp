#include "channels/alert_text.hpp"

#include <catch2/catch.hpp>

#include "channels/base64.hpp"
#include "channels/discord.hpp"
#include "channels/email.hpp"
#include "channels/pagerduty.hpp"
#include "channels/slack.hpp"
#include "channels/telegram.hpp"
#include "tests/support/alerts.hpp"

namespace margrave::channels {
namespace {

std::string without(std::string text, std::string_view signs) {
    std::erase_if(text, [&](char c) { return signs.find(c) != std::string_view::npos; });
    return text;
}

TEST_CASE("what people are shown of an alert", "[channels][alert_text]") {
    const AlertText alert = read_alert(test::alert_body());
    CHECK(alert.title() == "critical fire: health");
    CHECK_FALSE(alert.is_end());
    CHECK(alert.at_s == 1767323045);
    CHECK(alert.fired_at_s == 1767323045);
    CHECK(alert.episode == 2);
    const auto facts = alert.facts();
    REQUIRE(facts.size() == 10);  // it is not unknown
    CHECK(facts[4] == std::pair<std::string, std::string>("health_factor", "1.05"));
    CHECK(facts[6] == std::pair<std::string, std::string>("fired", "2026-01-02 03:04:05 UTC"));
    CHECK(read_alert(test::alert_body("resolve")).is_end());
    CHECK(read_alert(test::alert_body("known")).is_end());
    CHECK(read_alert(test::alert_body("known")).is_about_data());
    CHECK(read_alert(test::alert_body("unknown")).is_about_data());
    CHECK_FALSE(read_alert(test::alert_body("escalate")).is_end());
    CHECK_FALSE(read_alert(test::alert_body("test")).is_about_data());
}

TEST_CASE("what an account has and owes is a line, of what is known", "[channels][alert_text]") {
    auto body = test::example_alert();
    body["inputs"] = {{"collateral_usd", "1800.256789"},
                      {"debt_usd", "1400"},
                      {"health_factor", "1.067142857142857142"}};
    CHECK(read_alert(body.dump())
              .lines()
              .find("\ninputs: collateral 1800.25 USD, debt 1400 USD, health factor 1.0671\n") !=
          std::string::npos);
    body["inputs"]["collateral_usd"] = nullptr;
    body["inputs"]["debt_usd"] = 7;
    CHECK(read_alert(body.dump()).inputs == "health factor 1.0671");
    body["inputs"]["health_factor"] = "\x1b[31m1\n.2";
    CHECK(test::is_shown_safely(read_alert(body.dump()).inputs));
    for (const nlohmann::json& none : {nlohmann::json(), nlohmann::json(7), nlohmann::json("x")}) {
        body["inputs"] = none;
        CHECK(read_alert(body.dump()).inputs.empty());
    }
}

TEST_CASE("a group shows its cause, its others, and how to see it again without a node",
          "[channels][alert_text]") {
    const AlertText alert = read_alert(test::grouped_alert().dump());
    const std::string lines = alert.lines();
    CAPTURE(lines);
    CHECK(lines.find("\ncause: eth\n") != std::string::npos);
    CHECK(lines.find("\nreproduce stored: margrave alerts snapshot 0xab --store watch.db\n") !=
          std::string::npos);
    CHECK(
        lines.ends_with("\nothers: 0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb aave_v3/core 1.07\n"
                        "0xcccccccccccccccccccccccccccccccccccccccc aave_v3/core not known\n"
                        "and 2 more\n"));
    // Why it is not known is said once.
    auto unknown = test::grouped_alert();
    unknown["unknown_because"] = unknown["cause"] = "the node is gone";
    const std::string text = read_alert(unknown.dump()).lines();
    CHECK(text.find("the node is gone") == text.rfind("the node is gone"));
}

TEST_CASE("what has changed is a line for each change, of the others', too",
          "[channels][alert_text]") {
    auto body = test::grouped_alert();
    body["changes"] = {{{"what", "WETH LTV"}, {"was", "1"}, {"is", "2"}, {"block", "12"}},
                       {{"what", "fee"}, {"was", "3"}, {"is", "4"}, {"block", "11"}}};
    body["others"][0]["changes"] = {
        {{"what", "account a/b"}, {"was", "closed"}, {"is", "open"}, {"block", "9"}}};
    const std::string lines = read_alert(body.dump()).lines();
    CAPTURE(lines);
    CHECK(lines.find("\nchanged: WETH LTV: 2, was 1 (block 12)\nfee: 4, was 3 (block 11)\n") !=
          std::string::npos);
    CHECK(lines.find("core 1.07; account a/b: open, was closed (block 9)\n") != std::string::npos);
    body["changes"] = "none";  // what is no list, and what is no change
    CHECK(read_alert(body.dump()).changes.empty());
    body["changes"] = {1, nullptr};
    CHECK(read_alert(body.dump()).changes.empty());
}

TEST_CASE("people are shown a group's cause and others, whatever the service",
          "[channels][alert_text]") {
    const std::string body = test::grouped_alert().dump();
    const AlertText alert = read_alert(body);
    std::string mail = mail_of(alert, "k", {.url = "", .from = "a@b", .to = {"c@d"}}, 0);
    const auto bytes = from_base64(without(mail.substr(mail.find("\r\n\r\n")), "\r\n"));
    mail.assign(bytes.begin(), bytes.end());
    for (const std::string& text :
         {slack_json(alert), telegram_json(alert, "1", TelegramStyle::Html),
          telegram_json(alert, "1", TelegramStyle::Plain),
          pagerduty_json(alert, "k", Secret("key")), without(discord_json(alert), "\\"), mail}) {
        CAPTURE(text);
        for (const char* what : {"eth", "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "1.07",
                                 "0xcccccccccccccccccccccccccccccccccccccccc", "and 2 more",
                                 "margrave alerts snapshot 0xab --store watch.db"}) {
            CHECK(text.find(what) != std::string::npos);
        }
    }
}

TEST_CASE("an alert that lacks something, or is none, is shown as far as it goes",
          "[channels][alert_text]") {
    const auto whole = test::example_alert();
    for (const auto& [name, value] : whole.items()) {
        CAPTURE(name);
        auto less = whole;
        less.erase(name);
        CHECK_FALSE(read_alert(less.dump()).summary.empty());
        for (const nlohmann::json& other :
             {nlohmann::json(), nlohmann::json(7), nlohmann::json(-7), nlohmann::json(1.5),
              nlohmann::json::array({1}), nlohmann::json::object(), nlohmann::json(true)}) {
            less[name] = other;
            CHECK_FALSE(read_alert(less.dump()).summary.empty());
        }
    }
    CHECK(read_alert("{}").title() == "alert message: margrave");
    CHECK(read_alert("the house\nburns").summary == "the house?burns");
    CHECK(read_alert("\xff\xfe{").summary == "??{");
    CHECK(read_alert("[1]").summary == "[1]");
}

TEST_CASE("a text that is one unit too long is cut and says by how much",
          "[channels][alert_text]") {
    CHECK(fit("0123456789", 10, Sink::Plain) == "0123456789");
    // The end has five units, so that five stay for what it follows.
    CHECK(fit("0123456789x", 10, Sink::Plain) == "01234…(+6)");
    // Escaping counts: five units each.
    CHECK(fit("&&", 10, Sink::Markup) == "&amp;&amp;");
    CHECK(fit("&&&", 14, Sink::Markup) == "&amp;…(+2)");
    CHECK(fit("**", 4, Sink::Markdown) == R"(\*\*)");
    // An explosion has two UTF-16 units and is not cut in half.
    CHECK(units("\U0001F4A5") == 2);
    CHECK(units("…é") == 2);
    CHECK(fit("\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5", 10, Sink::Plain) ==
          "\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5");
    CHECK(fit("\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5\U0001F4A5!", 10, Sink::Plain) ==
          "\U0001F4A5\U0001F4A5…(+4)");
    // An accent stays with its letter: eight units hold "abe" and the end, but not the accent.
    CHECK(fit("abe\u0301cdefgh", 8, Sink::Plain) == "ab…(+8)");
}

TEST_CASE("each sink escapes what it would take for markup, and nothing else",
          "[channels][alert_text]") {
    const std::string text = R"(<a> & *b* _c_ @d [e](f) `g` \ "h" 'i')";
    CHECK(fit(text, 1000, Sink::Plain) == text);
    CHECK(fit(text, 1000, Sink::Markup) == R"(&lt;a&gt; &amp; *b* _c_ @d [e](f) `g` \ "h" 'i')");
    CHECK(fit(text, 1000, Sink::Markdown) ==
          R"(\<a\> \& \*b\* \_c\_ \@d \[e\]\(f\) \`g\` \\ "h" 'i')");
}

}  // namespace
}  // namespace margrave::channels
