#pragma once

#include <string>

#include "store/watch_file.hpp"

namespace margrave::app {

/// JSON "margrave.alerts/1" (docs/watch.md): what fires, and which messages are not delivered.
[[nodiscard]] std::string alerts_list_json(store::WatchFile& file);

}  // namespace margrave::app
