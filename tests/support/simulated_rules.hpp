#pragma once

#include <string>

#include "tests/support/watch_ledger.hpp"

namespace margrave::test {

/// The rules and channels of a simulated watch, for its configuration.
[[nodiscard]] const std::string& simulated_rules();

/// The same once more, for those who check it.
[[nodiscard]] WatchLedger::Terms simulated_terms();

}  // namespace margrave::test
