#pragma once

#include <string>

#include "report/report.hpp"

namespace margrave::report {

/// Per wallet, its balances outside every protocol with the source of each price; "" when there are
/// none.
[[nodiscard]] std::string holdings_text(const Report& report, const TextStyle& style);

/// What each wallet is worth, with what the figure leaves out; "" when there is no wallet.
[[nodiscard]] std::string totals_text(const Report& report, const TextStyle& style);

}  // namespace margrave::report
