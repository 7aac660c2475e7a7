#pragma once

#include "store/tables.hpp"

namespace margrave::store {

/// Of a whole market's borrowers (docs/index.md).
[[nodiscard]] const Tables& book_tables();

}  // namespace margrave::store
