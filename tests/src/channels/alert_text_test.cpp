#include "channels/alert_text.hpp"

#include <catch2/catch.hpp>

#include "tests/support/alerts.hpp"

namespace margrave::channels {
namespace {

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
