#include "core/hex.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace margrave::core;

TEST_CASE("bytes are written as two lower-case digits each", "[core][hex]") {
    CHECK(to_hex({}) == "0x");
    CHECK(to_hex(Bytes{0x00, 0x0f, 0xa0, 0xff}) == "0x000fa0ff");
}

TEST_CASE("digits are appended without a prefix", "[core][hex]") {
    std::string out = "id=";
    append_hex(Bytes{0xbe, 0xef}, out);
    append_hex({}, out);
    CHECK(out == "id=beef");
}

TEST_CASE("hex digits of either case are read", "[core][hex][parsing]") {
    CHECK(parse_hex("0x") == Bytes{});
    CHECK(parse_hex("0x00") == Bytes{0});
    CHECK(parse_hex("0xDeAdbEEf") == Bytes{0xde, 0xad, 0xbe, 0xef});
}

TEST_CASE("what is not whole bytes of hex is refused", "[core][hex][parsing]") {
    const std::string text = GENERATE(as<std::string>{}, "", "0", "0X00", "00", "x00", "0x0",
                                      "0x0g", "0xg0", "0x 0", "0x00 ", " 0x00", "0x0x", "0x/0",
                                      "0x:0", "0x@0", "0xG0", "0x`0", "0x\xff\xff", "0x\n0");
    CAPTURE(text);
    CHECK(parse_hex(text) == std::nullopt);
    CHECK(parse_hex(std::string_view("0x0\0", 4)) == std::nullopt);
}

TEST_CASE("every byte survives being written and read", "[core][hex]") {
    Bytes bytes;
    for (unsigned byte = 0; byte < 256; ++byte) {
        bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    CHECK(parse_hex(to_hex(bytes)) == bytes);
}
