#pragma once

#include <cstddef>
#include <vector>

#include "margin/market.hpp"
#include "report/report.hpp"

namespace margrave::report {

/// A row for each asset, enabled as collateral or owed, whose oracle alone could bring the account
/// down; the nearest first.
[[nodiscard]] std::vector<LiquidationPrice> liquidation_prices(const margin::Market& market,
                                                               std::size_t row);

}  // namespace margrave::report
