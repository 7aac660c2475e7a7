#include "evidence/canonical_json.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"

namespace margrave::evidence {
namespace {

using Catch::Equals;

std::string canonical(std::string_view text) { return canonical_json(read_strict_json(text)); }

std::string refusal(std::string_view text) {
    try {
        return "accepted as " + canonical(text);
    } catch (const core::InputError& error) {
        return error.what();
    }
}

struct Number {
    std::uint64_t bits;
    const char* text;
};

// Source: RFC 8785, Appendix B.
TEST_CASE("numbers are written as ECMAScript writes them", "[evidence][canonical_json]") {
    const auto number = GENERATE(
        Number{0x0000000000000000, "0"}, Number{0x8000000000000000, "0"},
        Number{0x0000000000000001, "5e-324"}, Number{0x8000000000000001, "-5e-324"},
        Number{0x7fefffffffffffff, "1.7976931348623157e+308"},
        Number{0xffefffffffffffff, "-1.7976931348623157e+308"},
        Number{0x4340000000000000, "9007199254740992"},
        Number{0xc340000000000000, "-9007199254740992"},
        Number{0x4430000000000000, "295147905179352830000"},
        Number{0x44b52d02c7e14af5, "9.999999999999997e+22"}, Number{0x44b52d02c7e14af6, "1e+23"},
        Number{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        Number{0x444b1ae4d6e2ef4e, "999999999999999700000"},
        Number{0x444b1ae4d6e2ef4f, "999999999999999900000"}, Number{0x444b1ae4d6e2ef50, "1e+21"},
        Number{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"}, Number{0x3eb0c6f7a0b5ed8d, "0.000001"},
        Number{0x41b3de4355555553, "333333333.3333332"},
        Number{0x41b3de4355555554, "333333333.33333325"},
        Number{0x41b3de4355555555, "333333333.3333333"},
        Number{0x41b3de4355555556, "333333333.3333334"},
        Number{0x41b3de4355555557, "333333333.33333343"},
        Number{0xbecbf647612f3696, "-0.0000033333333333333333"},
        Number{0x43143ff3c1cb0959, "1424953923781206.2"});
    CHECK(canonical_number(std::bit_cast<double>(number.bits)) == number.text);
}

// Source: the same table.
TEST_CASE("what is not a finite number has no text", "[evidence][canonical_json][errors]") {
    const auto bits = GENERATE(0x7fffffffffffffffULL, 0x7ff0000000000000ULL, 0xfff0000000000000ULL);
    CHECK_THROWS_AS(canonical_number(std::bit_cast<double>(bits)), core::InputError);
}

// Source: RFC 8785, 3.2.2 and 3.2.3.
TEST_CASE("strings, numbers and literals of the standard's example", "[evidence][canonical_json]") {
    CHECK_THAT(canonical(R"({
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
})"),
               Equals(R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,)"
                      R"(0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"})"));
}

// Source: RFC 8785, 3.2.3: by bytes of UTF-8 the emoji would stand last.
TEST_CASE("names are sorted by their UTF-16 code units", "[evidence][canonical_json]") {
    CHECK_THAT(canonical(R"({"\u20ac": "Euro Sign", "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"})"),
               Equals("{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
                      "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
                      "\"😀\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With "
                      "Dagesh\"}"));
}

TEST_CASE("the last unit before surrogates and the first after them stand around the emoji",
          "[evidence][canonical_json]") {
    CHECK(canonical("{\"\xee\x80\x80\":1,\"\xf4\x8f\xbf\xbf\":2,\"\xf0\x90\x80\x80\":3,"
                    "\"\xed\x9f\xbf\":4,\"a\":5,\"\":6}") ==
          "{\"\":6,\"a\":5,\"\xed\x9f\xbf\":4,\"\xf0\x90\x80\x80\":3,\"\xf4\x8f\xbf\xbf\":2,"
          "\"\xee\x80\x80\":1}");
}

TEST_CASE("every control character has its escape, and only those have one",
          "[evidence][canonical_json]") {
    CHECK_THAT(canonical(R"("\u0000\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u001f\u007f\u2028")"),
               Equals("\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\u2028\""));
}

TEST_CASE("one document has one text however it is written", "[evidence][canonical_json]") {
    CHECK(canonical(" { } ") == "{}");
    CHECK(canonical("[\t[\n] , { } ]") == "[[],{}]");
    CHECK(canonical(R"({"b":[1.0,10e-1,0.1e1,1],"a":-0})") == R"({"a":0,"b":[1,1,1,1]})");
    CHECK(canonical("-0.0") == "0");
    CHECK(canonical("9007199254740993.5") == "9007199254740994");  // a fraction is its double
}

TEST_CASE("whole numbers that a double changes are refused and not rounded",
          "[evidence][canonical_json][errors]") {
    CHECK(canonical("9007199254740991") == "9007199254740991");
    CHECK(canonical("-9007199254740992") == "-9007199254740992");
    CHECK(canonical("18446744073709552000") == "18446744073709552000");
    for (const auto* text :
         {"9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551616",
          "9007199254740993.0", "9007199254740993e0", "90071992547409930e-1"}) {
        INFO(text);
        CHECK_THAT(refusal(std::string("{\"amounts\":[1,") + text + "]}"),
                   Equals("amounts[1]: the number " + std::string(text) +
                          " is none that a double holds exactly; write it as a string"));
    }
    CHECK_THAT(refusal("[1e400]"), Equals("a number beyond every double at byte 6, near [0]"));
    CHECK_THAT(refusal("[1e99999999999999999999]"),
               Catch::StartsWith("a number beyond every double"));
    CHECK(canonical("0e99999999999999999999") == "0");
}

struct Refused {
    std::string text;
    const char* why;
};

TEST_CASE("what readers of JSON understand differently is refused with its place",
          "[evidence][canonical_json][errors]") {
    const auto refused = GENERATE(
        Refused{R"({"a":{"b":1,"\u0062":2}})", "a.b: this name stands twice in one object"},
        Refused{R"({"a":["\ud800"]})", "not JSON at byte 14, near a[0]"},
        Refused{"[\"\xc0\x80\"]", "not JSON at byte 3, near [0]"},
        Refused{"[\"\xed\xa0\x80\"]", "not JSON at byte 4, near [0]"},
        Refused{"\xef\xbb\xbf{}", "it begins with a byte order mark, which JSON does not have"},
        Refused{std::string("{}\0{", 4), "not JSON at byte 3: NUL"},
        Refused{"{} {}", "not JSON at byte 4"},
        Refused{"{\"a\":1", "not JSON at byte 7, near the top"}, Refused{"", "not JSON at byte 1"},
        Refused{"NaN", "not JSON at byte 1"}, Refused{"[1,]", "not JSON at byte 4, near [1]"},
        Refused{"{\"a\":01}", "not JSON at byte 7, near the top"});
    CHECK_THAT(refusal(refused.text), Equals(refused.why));
}

TEST_CASE("nesting is bounded, and the bound itself is read",
          "[evidence][canonical_json][errors]") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(canonical(nested(kReportDepthMax)) == nested(kReportDepthMax));
    CHECK_THAT(refusal(nested(kReportDepthMax + 1)),
               Catch::EndsWith(": nested deeper than 64 levels"));
}

}  // namespace
}  // namespace margrave::evidence
