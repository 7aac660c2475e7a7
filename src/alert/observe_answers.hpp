#pragma once

#include "alert/alert.hpp"
#include "alert/rule.hpp"
#include "report/report.hpp"

namespace margrave::alert {

/// How old the oldest answer is that prices the account (OracleAge), or how many of them are
/// overdue (LateOracles), by whatever source. Where an asset of it has no answer with a time, and
/// what concerns everyone could not be read, it may be worse.
[[nodiscard]] Value of_answers(const report::Account& account, const report::Report& report,
                               Quantity quantity);

}  // namespace margrave::alert
