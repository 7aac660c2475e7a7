#pragma once

#include <cstdint>
#include <string>

#include "store/watch_file.hpp"

namespace margrave::app {

/// JSON "margrave.alerts/1" (docs/watch.md): what fires, the silences that are on at `now_s`, and
/// which messages are not delivered.
[[nodiscard]] std::string alerts_list_json(store::WatchFile& file, std::uint64_t now_s);

}  // namespace margrave::app
