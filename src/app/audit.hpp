#pragma once

#include <vector>

#include "app/cli.hpp"
#include "app/exit_codes.hpp"
#include "app/report_output.hpp"
#include "app/verdict.hpp"
#include "app/world.hpp"
#include "core/address.hpp"
#include "report/report.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// What the options of `margrave audit` mean, found out before anything is read.
struct AuditPlan {
    OutputOptions output;
    VerdictOptions verdict;
    report::Options report;
};

/// Audits from a saved snapshot: the given wallets, or all of it when there are none.
[[nodiscard]] ExitCode audit_file(World& world, const AuditOptions& options, const AuditPlan& plan,
                                  const std::vector<core::ChainAddress>& wallets);

/// Audits from endpoints or a recording, and saves what the options ask to save.
[[nodiscard]] ExitCode audit_chains(World& world, const AuditOptions& options,
                                    const settings::Settings& settings, const AuditPlan& plan,
                                    const std::vector<core::ChainAddress>& wallets);

/// Prints the report and judges it; `chain_unreadable` when the reading says so.
[[nodiscard]] ExitCode finish_audit(World& world, const report::Report& report,
                                    const AuditPlan& plan, bool chain_unreadable);

}  // namespace margrave::app
