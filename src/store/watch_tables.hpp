#pragma once

#include "store/tables.hpp"

namespace margrave::store {

/// Of what a watch must not forget (docs/watch.md).
[[nodiscard]] const Tables& watch_tables();

}  // namespace margrave::store
