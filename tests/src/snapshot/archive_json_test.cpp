#include "snapshot/archive_json.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::snapshot {
namespace {

using Catch::Matchers::Contains;
using core::Archive;

Archive parse(std::string_view text) { return parse_json(text, JsonLimits{}); }

std::string written(const Archive& archive) {
    std::string out;
    append_json(archive, 0, out);
    return out;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("an archive read from JSON and written again is the same text", "[snapshot][json]") {
    const std::string text = GENERATE(
        as<std::string>{}, "null", "true", "\"\"", "[]", "{}", R"({"a": [], "b": {}, "c": null})",
        R"(["1", ["2", "3"], {"deep": {"deeper": false}}])", R"(["\u20ac \" \\ \n \u001b"])");
    CHECK(written(parse(text)) == text);
}

TEST_CASE("what does not fit on a line is written one element a line", "[snapshot][json]") {
    Archive::List rows;
    for (const char digit : {'1', '2'}) {
        Archive row;
        row.set("amount", std::string(70, digit));
        rows.push_back(row);
    }
    CHECK(written(rows) == "[\n  {\"amount\": \"" + std::string(70, '1') +
                               "\"},\n  {\"amount\": \"" + std::string(70, '2') + "\"}\n]");
}

TEST_CASE("a line holds at most 120 characters unless one text is longer", "[snapshot][json]") {
    // Two brackets, two quotes: a text of 116 fits, one of 117 goes onto a line of its own.
    CHECK(written(Archive::List{std::string(116, 'x')}).find('\n') == std::string::npos);
    CHECK(written(Archive::List{std::string(117, 'x')}).find('\n') != std::string::npos);
}

TEST_CASE("text that is not UTF-8 is written as the replacement character", "[snapshot][json]") {
    CHECK(written(std::string("a\xff")) == R"("a\ufffd")");
}

TEST_CASE("64 levels of nesting are read and 65 are refused", "[snapshot][json]") {
    CHECK_NOTHROW(parse(nested(64)));
    CHECK_THROWS_WITH(parse(nested(65)), Contains("deeper than 64 levels"));
    CHECK_THROWS_AS(parse(std::string(1'000'000, '[')), core::InputError);
}

TEST_CASE("the deepest tree that is read can be written", "[snapshot][json]") {
    const std::string text = written(parse(nested(64)));
    CHECK(written(parse(text)) == text);
}

TEST_CASE("a text over the size limit is refused before it is parsed", "[snapshot][json]") {
    const JsonLimits limits{.bytes_max = 4, .depth_max = 64};
    CHECK_NOTHROW(parse_json("null", limits));
    CHECK_THROWS_WITH(parse_json("null ", limits), Contains("larger than 4 bytes"));
}

TEST_CASE("a name that stands twice in an object is refused with its path", "[snapshot][json]") {
    CHECK_THROWS_WITH(parse(R"({"a": [{}, {"b": "1", "b": "2"}]})"),
                      Contains("a[1].b") && Contains("twice"));
    CHECK_NOTHROW(parse(R"({"a": {"b": "1"}, "b": "2"})"));
}

TEST_CASE("a JSON number is refused with its path, whatever its form", "[snapshot][json]") {
    const std::string number =
        GENERATE(as<std::string>{}, "1", "-1", "1.5", "1e3", "123456789012345678901234567890");
    CHECK_THROWS_WITH(parse(R"({"a": {"b": )" + number + "}}"),
                      Contains("a.b") && Contains("decimal digits in quotes"));
}

TEST_CASE("text that is not JSON is refused with the place", "[snapshot][json]") {
    const std::string text = GENERATE(as<std::string>{}, "", "{", "[1", "{\"a\":}", "nul", "[] []",
                                      "{\"a\": \"\xff\"}", "// no\n[]", "[1e999]");
    CHECK_THROWS_AS(parse(text), core::InputError);
    CHECK_THROWS_WITH(parse(R"({"wallets": ["0x1", oops]})"), Contains("near wallets[1]"));
}

}  // namespace
}  // namespace margrave::snapshot
