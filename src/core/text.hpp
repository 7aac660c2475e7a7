#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace margrave::core {

/// `text` made safe for a terminal or a log: control characters (newlines too), invalid UTF-8,
/// bidirectional overrides and invisible characters become '?'; longer than `bytes_max` it is cut
/// there, ending in "…". For everything that came from a chain, an endpoint or a file.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);

/// The candidate with the smallest edit distance to `word`, or "" when none is near (at most a
/// third of its letters differ). Case does not count, a swap of two neighbours counts once. For
/// "did you mean".
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// ASCII letters in lower case, all else as it is.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace margrave::core
