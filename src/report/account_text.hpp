#pragma once

#include <string>

#include "report/report.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {

/// "aave_v3 core on ethereum", safe to print.
[[nodiscard]] std::string market_text(const margin::MarketName& market);

/// One account for a person: its heading, its figures, its legs. `block_time` is what ages of
/// prices are measured against, `suppositions` what its outlook rests on.
[[nodiscard]] std::string account_text(const Account& account,
                                       const exposure::Suppositions& suppositions,
                                       core::Timestamp block_time, const TextStyle& style);

}  // namespace margrave::report
