#include "report/text_layout.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::report {
namespace {

TEST_CASE("the width of a text counts columns, not bytes", "[report][text]") {
    CHECK(display_width("") == 0);
    CHECK(display_width("WETH") == 4);
    CHECK(display_width("USD₮0") == 5);
    CHECK(display_width("0x1234…abcd") == 11);
    CHECK(display_width("e\u0301") == 1);  // a letter and its combining accent
    CHECK(display_width("日本") == 4);
    CHECK(display_width("🦄") == 2);
    CHECK(display_width("\xe2\x82") == 1);  // cut in the middle: one place, no read past the end
}

TEST_CASE("columns line up whatever letters stand in them", "[report][text]") {
    Table table({{.align = Align::Left}, {.align = Align::Right}});
    table.add({{"日本"}, {"1"}});
    table.add({{"WETH"}, {"22"}});
    table.add({{"₮"}, {"333"}});
    CHECK(table.print({.indent = 2}) == "  日本    1\n  WETH   22\n  ₮     333\n");
}

TEST_CASE("a column keeps its smallest width, and a line ends without spaces", "[report][text]") {
    Table table({{.align = Align::Left, .width_min = 4}, {.align = Align::Left, .width_min = 4}});
    table.add({{"a"}, {"b"}}, {"c", "d"});
    CHECK(table.print({}) == "a     b\n    c   d\n");
}

TEST_CASE("colour changes no column", "[report][text]") {
    Table table({{.align = Align::Right}, {.align = Align::Left}});
    table.add({{"12", Ink::Red}, {"x"}});
    table.add({{"3"}, {"y"}});
    CHECK(table.print({.colour = true}) == "\x1b[1;31m12\x1b[0m  x\n 3  y\n");
    CHECK(table.print({.colour = false}) == "12  x\n 3  y\n");
}

TEST_CASE("a row with another number of cells than the table is a defect", "[report][text]") {
    Table table({{.align = Align::Left}});
    CHECK_THROWS_AS(table.add({{"a"}, {"b"}}), core::InvariantError);
}

TEST_CASE("pieces are wrapped whole at the last column", "[report][text][boundary]") {
    const std::vector<std::string> pieces{"aa bb", "cc"};
    CHECK(wrapped(pieces, "   ", {.indent = 1, .columns = 11}) == " aa bb   cc\n");
    CHECK(wrapped(pieces, "   ", {.indent = 1, .columns = 10}) == " aa bb\n cc\n");
    CHECK(wrapped(pieces, "   ", {.indent = 1, .columns = 0}) == " aa bb\n cc\n");
    CHECK(wrapped({}, "   ", {}).empty());
}

TEST_CASE("a sentence is wrapped at its spaces", "[report][text]") {
    CHECK(wrapped_words("one two  three ", {.indent = 2, .columns = 9}) == "  one two\n  three\n");
    CHECK(wrapped_words("   ", {}).empty());
}

TEST_CASE("text is painted only where colour is wanted", "[report][text]") {
    CHECK(painted("x", Ink::Green, true) == "\x1b[32mx\x1b[0m");
    CHECK(painted("x", Ink::Green, false) == "x");
    CHECK(painted("x", Ink::Plain, true) == "x");
    CHECK(painted("", Ink::Red, true).empty());
}

}  // namespace
}  // namespace margrave::report
