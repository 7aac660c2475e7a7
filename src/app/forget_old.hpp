#pragma once

#include <cstdint>

#include "store/watch_file.hpp"

namespace margrave::app {

/// Of what people said of alerts, and of messages that were given up, drops what is over and older
/// than WatchFile::kNotesKeptS. Throws InputError where the file cannot be used.
void forget_old(store::WatchFile& file, std::uint64_t now_s);

}  // namespace margrave::app
