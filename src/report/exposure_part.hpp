#pragma once

#include "report/report.hpp"

namespace margrave::report {

/// Adds what would liquidate each account of the report, and the exposure of all of it.
void add_exposure(const snapshot::Snapshot& snapshot, const Options& options, Report& report);

}  // namespace margrave::report
