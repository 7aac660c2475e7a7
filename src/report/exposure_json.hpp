#pragma once

#include "exposure/dollars.hpp"
#include "report/json_fields.hpp"
#include "report/report.hpp"

namespace margrave::report {

/// "-12.5"
[[nodiscard]] Json signed_dollars(const exposure::SignedUsd& value);
/// Multiplier - 1, "-0.2"; 1e18 is "0".
[[nodiscard]] Json distance_of(const core::U256& multiplier);

/// accounts[].liquidation_factors
[[nodiscard]] Json liquidation_factors_json(const exposure::Outlook& outlook);
/// accounts[].outlook
[[nodiscard]] Json outlook_json(const exposure::Outlook& outlook);
/// exposure
[[nodiscard]] Json exposure_json(const exposure::Exposure& exposure);
/// portfolio
[[nodiscard]] Json portfolio_json(const Report& report);

}  // namespace margrave::report
