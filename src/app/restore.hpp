#pragma once

#include <string>

#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// A snapshot file with its markets restored by their protocols' adapters. Throws InputError that
/// names the file.
[[nodiscard]] snapshot::Snapshot read_snapshot(const std::string& file);

}  // namespace margrave::app
