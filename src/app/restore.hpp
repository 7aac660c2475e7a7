#pragma once

#include <string>
#include <string_view>

#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// A snapshot file with its markets restored by their protocols' adapters. Throws InputError that
/// names the file.
[[nodiscard]] snapshot::Snapshot read_snapshot(const std::string& file);
/// The same for a text that came out of `file`.
[[nodiscard]] snapshot::Snapshot parse_snapshot(const std::string& file, std::string_view text);

}  // namespace margrave::app
