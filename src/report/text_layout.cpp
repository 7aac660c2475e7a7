#include "report/text_layout.hpp"

#include <algorithm>
#include <array>

#include "core/errors.hpp"

namespace margrave::report {

namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kBetweenNotes = "   ";
constexpr std::size_t kNoteIndent = 4;

struct Range {
    char32_t first;
    char32_t last;
};

/// Marks that stand on the letter before them (Unicode categories Mn and Me of the common blocks).
constexpr std::array<Range, 8> kNoWidth{{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x064b, 0x065f},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
}};

/// East Asian Width W and F (UAX #11), by block.
constexpr std::array<Range, 9> kTwoColumns{{
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x3fffd},
}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t letter) {
    return std::any_of(ranges.begin(), ranges.end(), [letter](const Range& range) {
        return letter >= range.first && letter <= range.last;
    });
}

std::size_t width_of(char32_t letter) {
    if (contains(kNoWidth, letter)) {
        return 0;
    }
    return contains(kTwoColumns, letter) ? 2 : 1;
}

std::string_view code_of(Ink ink) {
    switch (ink) {
        case Ink::Plain:
            return "";
        case Ink::Bold:
            return "\x1b[1m";
        case Ink::Dim:
            return "\x1b[2m";
        case Ink::Red:
            return "\x1b[1;31m";
        case Ink::Yellow:
            return "\x1b[1;33m";
        case Ink::Green:
            return "\x1b[32m";
        case Ink::Magenta:
            return "\x1b[1;35m";
    }
    throw core::InvariantError("an Ink is one of the list");
}

std::string spaces(std::size_t count) { return std::string().append(count, ' '); }

std::string padded(const Cell& cell, Align align, std::size_t width, bool colour) {
    const std::string padding = spaces(width - display_width(cell.text));
    const std::string text = painted(cell.text, cell.ink, colour);
    return align == Align::Left ? text + padding : padding + text;
}

}  // namespace

std::string painted(std::string_view text, Ink ink, bool colour) {
    constexpr std::string_view kReset = "\x1b[0m";
    if (!colour || ink == Ink::Plain || text.empty()) {
        return std::string(text);
    }
    return std::string(code_of(ink)).append(text).append(kReset);
}

std::size_t display_width(std::string_view utf8) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < utf8.size();) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        const std::size_t bytes = lead < 0xc0 ? 1 : (lead < 0xe0 ? 2 : (lead < 0xf0 ? 3 : 4));
        char32_t letter = bytes == 1 ? lead : (lead & (0xffU >> (bytes + 1)));
        // What is printed went through core::printable, so sequences are whole; a cut one still
        // ends here.
        for (std::size_t next = i + 1; next < i + bytes && next < utf8.size(); ++next) {
            letter = letter << 6U | (static_cast<unsigned char>(utf8[next]) & 0x3fU);
        }
        width += width_of(letter);
        i += bytes;
    }
    return width;
}

std::string wrapped(const std::vector<std::string>& pieces, std::string_view separator,
                    const Layout& layout) {
    std::string out;
    std::size_t used = 0;
    for (const std::string& piece : pieces) {
        const std::size_t width = display_width(piece);
        const bool fits = used + separator.size() + width <= layout.columns;
        if (out.empty() || !fits) {
            out += (out.empty() ? "" : "\n") + spaces(layout.indent) + piece;
            used = layout.indent + width;
        } else {
            out.append(separator).append(piece);
            used += separator.size() + width;
        }
    }
    return out.empty() ? out : out + '\n';
}

std::string wrapped_words(std::string_view sentence, const Layout& layout) {
    std::vector<std::string> words;
    while (!sentence.empty()) {
        const std::size_t end = std::min(sentence.find(' '), sentence.size());
        if (end != 0) {
            words.emplace_back(sentence.substr(0, end));
        }
        sentence.remove_prefix(std::min(end + 1, sentence.size()));
    }
    return wrapped(words, " ", layout);
}

void Table::add(std::vector<Cell> cells, std::vector<std::string> notes) {
    core::ensure(cells.size() == columns_.size(), "a row has a cell for each column");
    rows_.push_back({.cells = std::move(cells), .notes = std::move(notes)});
}

std::string Table::print(const Layout& layout) const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) {
        widths.push_back(column.width_min);
    }
    for (const Row& row : rows_) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row.cells[i].text));
        }
    }
    std::string out;
    for (const Row& row : rows_) {
        std::string line = spaces(layout.indent);
        for (std::size_t i = 0; i < widths.size(); ++i) {
            line += padded(row.cells[i], columns_[i].align, widths[i], layout.colour);
            line += i + 1 == widths.size() ? "" : kGap;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
        Layout further_in = layout;
        further_in.indent += kNoteIndent;
        out += wrapped(row.notes, kBetweenNotes, further_in);
    }
    return out;
}

}  // namespace margrave::report
