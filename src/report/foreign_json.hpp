#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace margrave::report {

/// A JSON text that somebody else may have written. What is read of it is walked through by
/// recursion, so one that is nested deeper than 64 is refused; a text that is no JSON is a
/// discarded value. Names are looked up in a map: of an ordered object a million would take hours.
/// Throws core::InputError beginning with `name`.
[[nodiscard]] nlohmann::json parse_foreign_json(const std::string& name, const std::string& text);

}  // namespace margrave::report
