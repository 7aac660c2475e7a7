#include "settings/section.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::settings {
namespace {

Section section(const std::string& text) {
    return {"[test]", parse_document({.name = "t.toml", .text = text})};
}

TEST_CASE("an optional key that is absent has no value", "[settings]") {
    const auto empty = section("");
    CHECK_FALSE(empty.has("key"));
    CHECK(empty.optional_text("key") == std::nullopt);
    CHECK(empty.optional_integer("key") == std::nullopt);
    CHECK(empty.optional_address("key") == std::nullopt);
    CHECK(empty.texts("key").empty());
    CHECK(empty.flag("key", true));
    CHECK_FALSE(empty.flag("key", false));
    CHECK(empty.table("key") == std::nullopt);
}

TEST_CASE("a required key that is absent is named with what it takes", "[settings][errors]") {
    const auto empty = section("");
    CHECK_THROWS_WITH(empty.address("pool"),
                      "t.toml:1: [test]: key `pool` is missing; it takes an address in quotes");
    CHECK_THROWS_WITH(empty.integer("n"),
                      "t.toml:1: [test]: key `n` is missing; it takes an integer");
}

TEST_CASE("a text that must not be empty is refused when it is", "[settings][errors]") {
    CHECK_THROWS_AS(section("name = \"\"").text("name"), core::ConfigError);
    CHECK(section("name = \"\"").optional_text("name") == "");
}

TEST_CASE("a flag is true or false, not a text", "[settings][errors]") {
    CHECK(section("on = true").flag("on", false));
    CHECK_THROWS_WITH(section("on = \"true\"").flag("on", false),
                      "t.toml:1: key `on`: expected true or false without quotes, got string");
}

TEST_CASE("the largest integer that TOML has is read", "[settings]") {
    CHECK(section("n = 9223372036854775807").integer("n") == 9223372036854775807ULL);
}

TEST_CASE("copies of a section know of each other's questions", "[settings]") {
    const auto original = section("a = 1\nb = 2");
    const auto copy = original;
    CHECK(copy.integer("a") == 1);
    CHECK(original.integer("b") == 2);
    CHECK_NOTHROW(copy.reject_unknown_keys());
}

TEST_CASE("control characters of a key do not reach the terminal", "[settings][errors]") {
    const auto odd = section("\"\\u001b[31m\" = 1");
    CHECK_THROWS_WITH(odd.reject_unknown_keys(), !Catch::Contains("\x1b"));
}

TEST_CASE("a place knows its line also after a text of several lines", "[settings]") {
    CHECK(section("a = \"\"\"\n\n\"\"\"\nb = 1").where("b") == "t.toml:4: key `b`");
}

TEST_CASE("bytes that are not UTF-8 are a mistake with a line", "[settings][errors]") {
    CHECK_THROWS_WITH(section("a = 1\nb = \"\xff\""), Catch::StartsWith("t.toml:2:"));
}

TEST_CASE("nesting without end is refused", "[settings][errors]") {
    CHECK_THROWS_AS(section("a = " + std::string(100'000, '[')), core::ConfigError);
}

}  // namespace
}  // namespace margrave::settings
