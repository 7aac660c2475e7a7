#pragma once

#include <string>
#include <string_view>

#include "settings/settings.hpp"

namespace margrave::settings {

/// The text with every "${NAME}" replaced by that environment variable, "${file:PATH}" by what that
/// file of its own holds, and "${credential:NAME}" by that credential of systemd, so that secrets
/// need not stand in the configuration. Throws ConfigError, which begins with `where` and names the
/// variable or file alone.
[[nodiscard]] std::string expand_variables(std::string_view text, const std::string& where,
                                           const Environment& environment);

}  // namespace margrave::settings
