#pragma once

#include <string>
#include <string_view>

#include "settings/settings.hpp"

namespace margrave::settings {

/// The text with every "${NAME}" replaced by that environment variable, so that secrets need not
/// stand in files. Throws ConfigError, which begins with `where` and names the variable alone.
[[nodiscard]] std::string expand_variables(std::string_view text, const std::string& where,
                                           const Environment& environment);

}  // namespace margrave::settings
