#pragma once

#include <string_view>

#include "core/errors.hpp"

namespace margrave::report {

/// What a person can do about a part that could not be read, as a short imperative; docs/errors.md
/// says more.
[[nodiscard]] std::string_view advice(core::ErrorKind kind);

}  // namespace margrave::report
