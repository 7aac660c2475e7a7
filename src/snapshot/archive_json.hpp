#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/archive.hpp"

namespace margrave::snapshot {

/// What is refused before memory is spent on it.
struct JsonLimits {
    std::size_t bytes_max = std::size_t{256} << 20U;
    std::size_t depth_max = 64;  ///< of objects and lists within each other
};

/// The tree that a JSON text spells. Throws core::InputError that names the place: text that is not
/// JSON, over a limit, a name twice in one object, or a JSON number (readers that go through a
/// double would round it, so integers travel as decimal text).
[[nodiscard]] core::Archive parse_json(std::string_view text, const JsonLimits& limits);

/// Writes the tree as JSON in ASCII. What fits on a line stands on one, everything else one element
/// a line: a balance that changes is a line of a diff. Fields come in alphabetical order. Text that
/// is not UTF-8 keeps what is valid, with U+FFFD for the rest.
void append_json(const core::Archive& archive, std::size_t indent, std::string& out);

}  // namespace margrave::snapshot
