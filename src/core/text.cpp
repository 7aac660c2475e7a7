#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "core/utf8.hpp"

namespace margrave::core {

namespace {

/// What moves the cursor, starts an escape sequence, reorders the line or cannot be seen.
bool is_deceptive(char32_t code_point) {
    struct Range {
        char32_t first;
        char32_t last;
    };
    constexpr std::array<Range, 11> kRanges{{
        {0x0000, 0x001f},  // C0 controls with escape, newline and tab
        {0x007f, 0x009f},  // delete, C1 controls with the one-character escape sequence
        {0x00ad, 0x00ad},  // soft hyphen
        {0x061c, 0x061c},  // Arabic letter mark
        {0x180e, 0x180e},  // Mongolian vowel separator
        {0x200b, 0x200f},  // zero width, left-to-right and right-to-left marks
        {0x2028, 0x202e},  // line and paragraph separators, bidirectional embeddings and overrides
        {0x2060, 0x206f},  // word joiner, invisible operators, bidirectional isolates
        {0xfeff, 0xfeff},  // byte order mark
        {0xfff9, 0xfffb},  // interlinear annotation
        {0xe0000, 0xe007f},  // tags
    }};
    return std::any_of(kRanges.begin(), kRanges.end(), [code_point](const Range& range) {
        return code_point >= range.first && code_point <= range.last;
    });
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_letter(char a, char b) { return lower(a) == lower(b); }

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_above(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(above.begin(), above.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
            const bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                                 same_letter(a[i - 2], b[j - 1]);
            if (swapped) {
                row[j] = std::min(row[j], two_above[j - 2] + 1);
            }
        }
        std::swap(two_above, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
    constexpr std::string_view kEllipsis = "…";
    std::string safe;
    std::size_t cut = 0;  // Where a too long result is cut to leave room for the ellipsis.
    while (!text.empty()) {
        const CodePoint next = decode_utf8(text);
        const bool kept = next.bytes != 0 && !is_deceptive(next.value);
        const std::size_t consumed = std::max<std::size_t>(next.bytes, 1);
        safe += kept ? text.substr(0, consumed) : "?";
        text.remove_prefix(consumed);
        if (safe.size() > bytes_max) {
            safe.resize(cut);
            return safe.append(kEllipsis);
        }
        if (safe.size() + kEllipsis.size() <= bytes_max) {
            cut = safe.size();
        }
    }
    return safe;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    std::string_view best;
    std::size_t distance_min = 0;
    for (const std::string& candidate : candidates) {
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t shorter = std::min(word.size(), candidate.size());
        // The lengths alone decide most pairs, and a hostile long word never reaches the quadratic
        // part.
        if (longer == 0 || 3 * (longer - shorter) > longer) {
            continue;
        }
        const std::size_t distance = edit_distance(word, candidate);
        if (3 * distance <= longer && (best.empty() || distance < distance_min)) {
            best = candidate;
            distance_min = distance;
        }
    }
    return std::string(best);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& letter : out) {
        letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return out;
}

}  // namespace margrave::core
