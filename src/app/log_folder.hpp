#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chains/evm/log_cache.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// The folder that scans keep their events in: `given` by --cache, else $XDG_CACHE_HOME/margrave,
/// else ~/.cache/margrave; nullopt where there is no home either: nothing is kept then.
[[nodiscard]] std::optional<std::string> cache_folder(const std::optional<std::string>& given,
                                                      const settings::Environment& environment);

/// Files in `folder`, which is made when the first is saved (docs/log-cache.md).
[[nodiscard]] std::unique_ptr<chains::evm::LogStore> make_log_folder(std::string folder);

}  // namespace margrave::app
