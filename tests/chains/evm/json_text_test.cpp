#include "chains/evm/json_text.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace margrave::chains::evm {

namespace {

bool is_object(const std::string& text) {
    JsonText json(text);
    return json.members(json.whole()).has_value();
}

}  // namespace

TEST_CASE("members are slices of the text, spelled as they came", "[evm][json]") {
    const std::string text =
        R"( {"a" : 115792089237316195423570985008687907853.10e3 ,"b":[1, {"c":"x\n"}],
        "a":"\u0041", "d" : null } )";
    JsonText json(text);
    const auto members = json.members(json.whole());
    REQUIRE(members);
    REQUIRE(members->size() == 4);
    CHECK((*members)[0].value == "115792089237316195423570985008687907853.10e3");
    CHECK((*members)[1].value == R"([1, {"c":"x\n"}])");
    CHECK((*members)[2].value == R"("\u0041")");
    CHECK(json.string((*members)[2].value) == "A");
    CHECK((*members)[3].value == "null");

    const auto elements = json.elements((*members)[1].value, 2);
    REQUIRE(elements);
    CHECK((*elements)[1] == R"({"c":"x\n"})");
    CHECK_FALSE(json.elements((*members)[1].value, 1));
}

TEST_CASE("a repeated key is seen, also behind an escape", "[evm][json]") {
    const std::string text = R"({"result":1,"re\u0073ult":2})";
    JsonText json(text);
    const auto members = json.members(json.whole());
    REQUIRE(members);
    CHECK(find_member(*members, "result").repeated);
    CHECK_FALSE(find_member(*members, "error").value);
}

TEST_CASE("what is not JSON is not taken apart", "[evm][json]") {
    const std::string broken = GENERATE(
        "", " ", "{", "}", "[]", "1", "null", R"("x")", R"({"a":1)", R"({"a":1}})", R"({"a":1} x)",
        R"({"a":1}{"b":2})", R"({"a":1,})", R"({,"a":1})", R"({"a"})", R"({"a":})", R"({"a" 1})",
        R"({a:1})", R"({'a':1})", R"({"a":01})", R"({"a":1.})", R"({"a":+1})", R"({"a":0x1})",
        R"({"a":tru})", R"({"a":nan})", R"({"a":[1,2})", R"({"a":[1}])", R"({"a":{"b":1]})",
        R"({"a":"x)", R"({"a":"\x"})", R"({"a":"\ud800"})", R"({"a":"\u12"})", "{\"a\":\"\x01\"}",
        "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}\xef\xbb\xbf");
    CAPTURE(broken);
    CHECK_FALSE(is_object(broken));
}

TEST_CASE("a number keeps its text or is refused, but is never rounded", "[evm][json][numbers]") {
    // 2^53 + 1, which a double cannot hold, -0, 1e21 and 2^64 - 1.
    for (const std::string number : {"9007199254740993", "-0", "1e21", "18446744073709551615"}) {
        const std::string text = "{\"a\":" + number + "}";
        JsonText json(text);
        const auto members = json.members(json.whole());
        REQUIRE(members);
        CHECK((*members)[0].value == number);
    }
    // 2^64 and 2^256-1: simdjson knows no larger integers, and endpoints send those as hex strings.
    CHECK_FALSE(is_object(R"({"a":18446744073709551616})"));
    CHECK_FALSE(is_object(
        R"({"a":115792089237316195423570985008687907853269984665640564039457584007913129639935})"));
    CHECK_FALSE(is_object(R"({"a":1E400})"));
}

TEST_CASE("deep nesting and floods of members are refused", "[evm][json][hostile]") {
    const std::size_t depth = GENERATE(2'000U, 1'000'000U);
    CHECK_FALSE(is_object("{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"));
    CHECK_FALSE(is_object("{\"a\":" + std::string(depth, '[') + "}"));
    CHECK_FALSE(is_object(std::string(depth, '{')));
    std::string flood = "{\"a\":1";
    for (std::size_t i = 0; i < depth; ++i) {
        flood += ",\"a\":1";
    }
    CHECK_FALSE(is_object(flood + "}"));
}

TEST_CASE("a text with and without spare capacity reads the same", "[evm][json]") {
    std::string tight = R"({"a":"some text that is longer than a small string","b":7})";
    tight.shrink_to_fit();
    std::string roomy = tight;
    roomy.reserve(roomy.size() + JsonText::kPadding);
    CHECK(is_object(tight));
    CHECK(is_object(roomy));
}

}  // namespace margrave::chains::evm
