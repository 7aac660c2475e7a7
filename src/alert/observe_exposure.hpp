#pragma once

#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/rule.hpp"
#include "report/report.hpp"

namespace margrave::alert {

/// What all watched wallets own and owe on the chain: NetUsd, Leverage, Concentration, and of these
/// `factors`, or of all where there are none, FactorExposure. What could not be read may be a debt;
/// what nobody prices is in no sum, and named. With a debt that nobody prices it is not known; net
/// worth is at most, leverage at least the number then.
[[nodiscard]] Value of_exposure(const report::Report& report, Quantity quantity,
                                const std::vector<std::string>& factors);

}  // namespace margrave::alert
