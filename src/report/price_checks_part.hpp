#pragma once

#include "report/report.hpp"

namespace margrave::report {

/// Adds a check of every asset that an account of the report has in a market.
void add_price_checks(const snapshot::Snapshot& snapshot, const Options& options, Report& report);

}  // namespace margrave::report
