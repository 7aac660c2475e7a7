#pragma once

#include <string>

#include "settings/section.hpp"
#include "settings/settings.hpp"

namespace margrave::settings {

/// The URLs of key `rpc` with every "${NAME}" replaced. Throws ConfigError that names a variable
/// which is not set, or the entry that is not an http(s) URL; never shows a URL, because it may
/// hold a key.
[[nodiscard]] std::vector<std::string> read_rpc_urls(const Section& chain,
                                                     const Environment& environment);

}  // namespace margrave::settings
