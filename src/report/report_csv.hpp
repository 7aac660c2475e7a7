#pragma once

#include <string>

#include "report/report.hpp"

namespace margrave::report {

/// A row for every balance of an account, every holding and every gap (docs/report.md), with the
/// texts of the JSON; RFC 4180, lines end in CR LF. A text from a chain that a spreadsheet would
/// take for a formula begins with an apostrophe.
[[nodiscard]] std::string to_csv(const Report& report);

}  // namespace margrave::report
