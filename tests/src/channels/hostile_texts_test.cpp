// The same list of hostile names through every sink.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "channels/alert_text.hpp"
#include "channels/alertmanager.hpp"
#include "channels/discord.hpp"
#include "channels/email.hpp"
#include "channels/pagerduty.hpp"
#include "channels/slack.hpp"
#include "channels/telegram.hpp"
#include "tests/support/alerts.hpp"

namespace margrave::channels {
namespace {

using nlohmann::json;

/// Every text of a document, also names.
void collect(const json& value, std::vector<std::string>& out) {
    if (value.is_string()) {
        out.push_back(value.get<std::string>());
    }
    if (value.is_structured()) {
        for (const auto& [name, inner] : value.items()) {
            if (value.is_object()) {
                out.push_back(name);
            }
            collect(inner, out);
        }
    }
}

std::vector<std::string> texts_of(const std::string& body) {
    std::vector<std::string> out;
    collect(json::parse(body), out);
    for (const std::string& text : out) {
        CAPTURE(text);
        CHECK(test::is_shown_safely(text));
    }
    return out;
}

/// Whether "&" begins nothing but the three names that both Slack and Telegram know.
bool is_escaped(const std::string& text) {
    for (auto at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
        const auto rest = text.substr(at);
        if (!rest.starts_with("&amp;") && !rest.starts_with("&lt;") && !rest.starts_with("&gt;")) {
            return false;
        }
    }
    return text.find('<') == std::string::npos && text.find('>') == std::string::npos;
}

/// Whether a backslash stands before each sign that Discord could take for markup.
bool is_escaped_markdown(const std::string& text) {
    constexpr std::string_view kSigns = "`*_~|<>#[]@:";
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (kSigns.find(text[i]) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

template <class Check>
void for_each_hostile(const Check& check) {
    for (const std::string& text : test::hostile_texts()) {
        for (const char* kind : {"fire", "resolve", "unknown", "known", "escalate"}) {
            INFO("text: " << text.substr(0, 100) << ", kind: " << kind);
            check(read_alert(test::hostile_body(text, kind)));
        }
    }
}

}  // namespace

TEST_CASE("hostile names through Slack", "[channels][hostile]") {
    for_each_hostile([](const AlertText& alert) {
        for (const std::string& body : {slack_json(alert), slack_plain_json(alert)}) {
            const auto texts = texts_of(body);
            CHECK(std::all_of(texts.begin(), texts.end(), is_escaped));
            const json line = json::parse(body);
            CHECK(line["mrkdwn"] == false);
            CHECK(line["unfurl_links"] == false);
            CHECK(line["unfurl_media"] == false);
        }
        const json message = json::parse(slack_json(alert));
        CHECK(units(message["text"].get<std::string>()) <= 4000);
        CHECK(units(message["blocks"][0]["text"]["text"].get<std::string>()) <= 150);
        CHECK(units(message["blocks"][1]["text"]["text"].get<std::string>()) <= 3000);
        CHECK(message["blocks"][1]["text"]["type"] == "plain_text");
    });
}

TEST_CASE("hostile names through Telegram", "[channels][hostile]") {
    for_each_hostile([](const AlertText& alert) {
        texts_of(telegram_json(alert, "1", TelegramStyle::Html));
        texts_of(telegram_json(alert, "1", TelegramStyle::Plain));
        const json html = json::parse(telegram_json(alert, "1", TelegramStyle::Html));
        std::string text = html["text"];
        CHECK(units(text) <= 4096);
        REQUIRE(text.starts_with("<b>"));
        const std::string between = "</b>\n<pre>";
        const auto end = text.find(between);
        REQUIRE(end != std::string::npos);
        REQUIRE(text.ends_with("</pre>"));
        text.resize(text.size() - 6);
        // Nothing else is markup, and no link is found outside of <pre>.
        CHECK(is_escaped(text.substr(3, end - 3) + text.substr(end + between.size())));
        const json plain = json::parse(telegram_json(alert, "1", TelegramStyle::Plain));
        CHECK_FALSE(plain.contains("parse_mode"));
        CHECK(units(plain["text"].get<std::string>()) <= 4096);
    });
}

TEST_CASE("hostile names through Discord", "[channels][hostile]") {
    for_each_hostile([](const AlertText& alert) {
        for (const std::string& body : {discord_json(alert), discord_plain_json(alert)}) {
            texts_of(body);
            const json message = json::parse(body);
            CHECK(message["allowed_mentions"] == json{{"parse", json::array()}});
            CHECK(is_escaped_markdown(message["content"]));
            CHECK(units(message["content"].get<std::string>()) <= 2000);
        }
        const json embed = json::parse(discord_json(alert))["embeds"][0];
        CHECK(is_escaped_markdown(embed["title"]));
        std::size_t all = units(embed["title"].get<std::string>());
        CHECK(all <= 256);
        CHECK(embed["fields"].size() <= 25);
        for (const json& field : embed["fields"]) {
            const std::string name = field["name"];
            const std::string value = field["value"];
            CHECK(is_escaped_markdown(name));
            CHECK(is_escaped_markdown(value));
            CHECK_FALSE(name.empty());
            CHECK_FALSE(value.empty());
            CHECK(units(name) <= 256);
            CHECK(units(value) <= 1024);
            all += units(name) + units(value);
        }
        CHECK(all <= 6000);
    });
}

TEST_CASE("hostile names through PagerDuty", "[channels][hostile]") {
    for_each_hostile([](const AlertText& alert) {
        const std::string body = pagerduty_json(alert, dedup_keys(alert).at(0), Secret("r"));
        texts_of(body);
        CHECK(body.size() < 512 * 1024);
        const json event = json::parse(body);
        CHECK(units(event["payload"]["summary"].get<std::string>()) <= 1024);
        CHECK(event["dedup_key"].get<std::string>().size() <= 255);
        CHECK(event["payload"]["severity"] == "error");
        CHECK_FALSE(event["payload"]["source"].get<std::string>().empty());
    });
}

TEST_CASE("hostile names through Alertmanager", "[channels][hostile]") {
    for_each_hostile([](const AlertText& alert) {
        const std::string body = alertmanager_json(alert, {}, 1767323045);
        texts_of(body);
        const json one = json::parse(body);
        for (const char* part : {"labels", "annotations"}) {
            for (const auto& [name, text] : one[part].items()) {
                CAPTURE(name);
                CHECK(is_label_name(name));
                CHECK(text.is_string());
            }
        }
    });
}

TEST_CASE("hostile names through mail", "[channels][hostile]") {
    const EmailTarget target{.url = "smtps://mail.example",
                             .from = "margrave@fund.example",
                             .to = {"a@fund.example", "b@fund.example"}};
    for_each_hostile([&](const AlertText& alert) {
        const std::string mail = mail_of(alert, "k", target, 0);
        std::set<std::string> names;
        bool is_head = true;
        std::istringstream lines(mail);
        for (std::string line; std::getline(lines, line);) {
            CAPTURE(line);
            REQUIRE(line.ends_with('\r'));
            line.pop_back();
            CHECK(line.size() <= 78);
            CHECK(
                std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
            is_head = is_head && !line.empty();
            if (is_head && line.front() != ' ') {
                names.insert(line.substr(0, line.find(':')));
            }
        }
        CHECK(names == std::set<std::string>{"Date", "From", "To", "Message-ID", "References",
                                             "Subject", "Auto-Submitted", "X-Priority",
                                             "MIME-Version", "Content-Type",
                                             "Content-Transfer-Encoding"});
    });
}

}  // namespace margrave::channels
