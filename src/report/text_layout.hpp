#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace margrave::report {

/// Emphasis of a piece of text. It repeats what the words say: a report without colour loses
/// nothing.
enum class Ink { Plain, Bold, Dim, Red, Yellow, Green, Magenta };

/// `text` between the terminal's codes for `ink`, or as it is when `colour` is off.
[[nodiscard]] std::string painted(std::string_view text, Ink ink, bool colour);

/// How many columns a terminal gives the text: one a letter, none for a combining mark, two for
/// East Asian wide letters and emoji.
[[nodiscard]] std::size_t display_width(std::string_view utf8);

struct Layout {
    std::size_t indent = 0;
    std::size_t columns = 100;
    bool colour = false;
};

/// The pieces on lines of at most `columns`, `separator` between two on a line; a piece is never
/// broken. Ends in a newline; "" without pieces.
[[nodiscard]] std::string wrapped(const std::vector<std::string>& pieces,
                                  std::string_view separator, const Layout& layout);
/// The same for a sentence, broken at spaces.
[[nodiscard]] std::string wrapped_words(std::string_view sentence, const Layout& layout);

struct Cell {
    std::string text;
    Ink ink = Ink::Plain;
};

enum class Align { Left, Right };

struct Column {
    Align align = Align::Left;
    std::size_t width_min = 0;  ///< so that tables below each other line up too
};

/// Rows whose columns line up, each at least as wide as its widest cell.
class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// A cell for each column; `notes` are printed under the row, further in.
    void add(std::vector<Cell> cells, std::vector<std::string> notes = {});
    [[nodiscard]] std::string print(const Layout& layout) const;

  private:
    struct Row {
        std::vector<Cell> cells;
        std::vector<std::string> notes;
    };

    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

}  // namespace margrave::report
