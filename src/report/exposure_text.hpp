#pragma once

#include <string>

#include "report/report.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {

/// What would liquidate one account: by factor, by all together, by time. "" where nothing is
/// known.
[[nodiscard]] std::string outlook_text(const Account& account,
                                       const exposure::Suppositions& suppositions,
                                       core::Timestamp block_time, const Layout& layout);

/// The exposure of all accounts and balances by factor, and what netting hides; "" without any.
[[nodiscard]] std::string exposure_text(const Report& report, const TextStyle& style);

}  // namespace margrave::report
