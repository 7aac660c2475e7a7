#pragma once

#include <string>

namespace margrave::report {

/// A DOT string: quotes and backslashes escaped, and nothing that printable() would not show. Ids
/// go through it too: a Morpho account's has 140 bytes, and cut short two would be one.
[[nodiscard]] std::string dot_quoted(const std::string& text);

}  // namespace margrave::report
