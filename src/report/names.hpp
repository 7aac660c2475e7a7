#pragma once

#include <string_view>

#include "margin/account.hpp"

namespace margrave::report {

/// The stable name in reports: "liquidatable", "at_risk", "healthy", "no_debt", "unknown".
[[nodiscard]] std::string_view to_string(margin::Status status);
/// "collateral", "supply", "debt".
[[nodiscard]] std::string_view to_string(margin::Side side);

}  // namespace margrave::report
