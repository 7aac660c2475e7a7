#include <fmt/format.h>

#include <set>

#include "app/audit.hpp"
#include "app/restore.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {
namespace {

using core::InputError;

/// Leaves out what other wallets hold.
void keep_wallets(report::Report& report, const std::set<core::Address>& wallets) {
    const auto is_other = [&](const core::Address& wallet) { return !wallets.contains(wallet); };
    std::erase_if(report.accounts, [&](const auto& account) { return is_other(account.wallet); });
    std::erase_if(report.holdings,
                  [&](const auto& holding) { return is_other(holding.holding.wallet); });
    std::erase_if(report.totals, [&](const auto& total) { return is_other(total.wallet); });
    std::erase_if(report.gaps,
                  [&](const auto& gap) { return gap.wallet && is_other(*gap.wallet); });
}

std::set<core::Address> wallets_in(const snapshot::Snapshot& snapshot, const std::string& file,
                                   const std::vector<core::ChainAddress>& wallets) {
    const std::set<core::Address> saved(snapshot.wallets.begin(), snapshot.wallets.end());
    std::set<core::Address> chosen;
    for (const auto& wallet : wallets) {
        if (wallet.chain_prefix || wallet.chain_id) {
            throw InputError(fmt::format(
                "{}: --snapshot is reported with all its chains; write the address without "
                "a chain in front",
                wallet.address.to_string()));
        }
        if (!saved.contains(wallet.address)) {
            throw InputError(fmt::format("{} is not among the wallets of {}",
                                         wallet.address.to_string(), core::printable(file)));
        }
        chosen.insert(wallet.address);
    }
    return chosen;
}

}  // namespace

ExitCode audit_file(World& world, const AuditOptions& options, const AuditPlan& plan,
                    const std::vector<core::ChainAddress>& wallets) {
    const auto& file = *options.snapshot;
    const auto snapshot = read_snapshot(file);
    const auto chosen = wallets_in(snapshot, file, wallets);
    auto report = report::make_report(snapshot, plan.report);
    if (!chosen.empty()) {
        keep_wallets(report, chosen);
    }
    return finish_audit(world, report, plan, false);
}

}  // namespace margrave::app
