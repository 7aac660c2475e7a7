#pragma once

#include "report/json_fields.hpp"
#include "report/report.hpp"

namespace margrave::report {

/// Adds the price sources, and to every account the warnings of those that its legs are priced by.
void add_oracles(const snapshot::Snapshot& snapshot, const Options& options, Report& report);

/// oracles
[[nodiscard]] Json oracle_chain_json(const OracleChain& chain);
/// The sources that the shown accounts are priced by; "" without any.
[[nodiscard]] std::string oracles_text(const Report& report, const TextStyle& style);

}  // namespace margrave::report
