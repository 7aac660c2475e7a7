#pragma once

#include <string_view>

namespace margrave::snapshot {

/// What a snapshot file calls itself. A change that an old reader would misread raises the number.
inline constexpr std::string_view kSchema = "margrave.snapshot/1";

}  // namespace margrave::snapshot
