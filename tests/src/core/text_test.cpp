#include "core/text.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace margrave::core;

TEST_CASE("plain text and valid UTF-8 stay as they are", "[core][text]") {
    const std::string text = GENERATE(as<std::string>{}, "", "USD Coin (bridged)", "Ünïcödé €",
                                      "测试代币", "₿🚀", "a?b");
    CHECK(printable(text) == text);
}

TEST_CASE("an escape sequence cannot reach the terminal", "[core][text][hostile]") {
    CHECK(printable("\x1b[31mred\x1b[0m") == "?[31mred?[0m");
    CHECK(printable("\x1b]0;title\x07") == "?]0;title?");
    CHECK(printable("\xc2\x9b"
                    "31m") == "?31m");  // U+009B begins a sequence by itself.
    CHECK(printable("a\tb\r\nc\x7f") == "a?b??c?");
    CHECK(printable(std::string_view("a\0b", 3)) == "a?b");
}

TEST_CASE("text cannot be reordered or hidden", "[core][text][hostile]") {
    CHECK(printable("user\u202Etxt.exe") == "user?txt.exe");
    CHECK(printable("\u2066a\u2069") == "?a?");
    CHECK(printable("a\u200Eb\u200Fc\u061Cd") == "a?b?c?d");
    CHECK(printable("US\u200BDC") == "US?DC");
    CHECK(printable("\uFEFFUSDC") == "?USDC");
    CHECK(printable("a\u2028b") == "a?b");
    CHECK(printable("a\U000E0041b") == "a?b");
}

TEST_CASE("every byte that is no UTF-8 becomes a question mark", "[core][text][hostile]") {
    CHECK(printable("\xff\xfe") == "??");
    CHECK(printable("\x80") == "?");
    CHECK(printable("\xc3") == "?");                 // cut short
    CHECK(printable("\xe2\x82") == "??");            // cut short
    CHECK(printable("\xc3(") == "?(");               // no continuation
    CHECK(printable("\xc0\xaf") == "??");            // overlong '/'
    CHECK(printable("\xe0\x80\xaf") == "???");       // overlong '/'
    CHECK(printable("\xf0\x80\x80\xaf") == "????");  // overlong '/'
    CHECK(printable("\xed\xa0\x80") == "???");       // a surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "????");  // above U+10FFFF
    CHECK(printable("\xf5\x80\x80\x80") == "????");
    CHECK(printable("\xf4\x8f\xbf\xbd") == "\xf4\x8f\xbf\xbd");
    CHECK(printable("\xee\x80\x80") == "\xee\x80\x80");
}

TEST_CASE("a text of just the length is whole and one byte more is cut", "[core][text]") {
    CHECK(printable("abcdefgh", 8) == "abcdefgh");
    CHECK(printable("abcdefghi", 8) == "abcde…");
    CHECK(printable(std::string(200, 'a')) == std::string(200, 'a'));
    CHECK(printable(std::string(201, 'a')) == std::string(197, 'a') + "…");
    CHECK(printable(std::string(1'000'000, 'a')).size() == 200);
}

TEST_CASE("a cut does not fall inside a character", "[core][text]") {
    CHECK(printable("ab€€€€", 8) == "ab€…");
    CHECK(printable("abc€€€€", 8) == "abc…");
    CHECK(printable("🚀🚀🚀", 10) == "🚀…");
}

TEST_CASE("what is replaced counts by its replacement", "[core][text]") {
    CHECK(printable("\u202E\u202E\u202E\u202E", 4) == "????");
}

TEST_CASE("a limit too small for anything leaves the ellipsis", "[core][text]") {
    CHECK(printable("abc", 2) == "…");
    CHECK(printable("abcd", 0) == "…");
    CHECK(printable("", 0).empty());
}

TEST_CASE("printable text is unchanged by another pass", "[core][text]") {
    const std::string once = printable("\x1b[31m" + std::string(300, 'x') + "\xff", 50);
    CHECK(printable(once, 50) == once);
}

TEST_CASE("the nearest name is suggested for a typing error", "[core][text]") {
    const std::vector<std::string> names{"aave_v3", "compound_v3", "spark", "morpho_blue"};
    CHECK(nearest("aave_v3", names) == "aave_v3");
    CHECK(nearest("aave_v2", names) == "aave_v3");
    CHECK(nearest("aavev3", names) == "aave_v3");
    CHECK(nearest("Spark", names) == "spark");
    CHECK(nearest("SPARK", names) == "spark");
    CHECK(nearest("sprak", names) == "spark");  // one swap
    CHECK(nearest("compuond_v3", names) == "compound_v3");
}

TEST_CASE("nothing is suggested for a word unlike all names", "[core][text]") {
    const std::vector<std::string> names{"aave_v3", "spark"};
    CHECK(nearest("uniswap", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest("spark", {}).empty());
    CHECK(nearest(std::string(1'000'000, 's'), names).empty());
}

TEST_CASE("a third of the letters may differ and no more", "[core][text]") {
    const std::vector<std::string> names{"abcdef"};
    CHECK(nearest("abcdxx", names) == "abcdef");
    CHECK(nearest("abcxxx", names).empty());
    CHECK(nearest("abcd", names) == "abcdef");
    CHECK(nearest("abc", names).empty());
}

TEST_CASE("of several near names the nearest wins, and of equals the first", "[core][text]") {
    const std::vector<std::string> names{"timeout_s", "timeout_ms", "timeout_us"};
    CHECK(nearest("timeout_ms", names) == "timeout_ms");
    CHECK(nearest("timeout_xs", names) == "timeout_s");
    CHECK(nearest("", std::vector<std::string>{""}).empty());
}
