#include <fmt/format.h>

#include <memory>
#include <set>

#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/factor_map.hpp"
#include "app/gather.hpp"
#include "app/report_output.hpp"
#include "app/verdict.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "evidence/key_file.hpp"
#include "report/report.hpp"

namespace margrave::app {
namespace {

using core::InputError;

core::Wad parse_health_factor(const std::string& text) {
    const auto health_factor = settings::parse_wad(text);
    if (!health_factor) {
        throw InputError(
            fmt::format("--fail-below: \"{}\" is no health factor; write it as in 1.25",
                        core::printable(text)));
    }
    return *health_factor;
}

/// What the options of `margrave audit` mean, found out before anything is read.
struct AuditPlan {
    OutputOptions output;
    VerdictOptions verdict;
    report::Options report;
    std::unique_ptr<const evidence::SecretKey> signer;  ///< null: the report is not signed
};

AuditPlan make_plan(const AuditOptions& options, const settings::Settings& settings) {
    if (options.csv && (options.json || options.sign)) {
        throw InputError(fmt::format(
            "--csv and {} exclude each other: {}", options.json ? "--json" : "--sign",
            options.json ? "both are the whole answer" : "a table has no place for a signature"));
    }
    AuditPlan plan{.output = {.json = options.json,
                              .csv = options.csv,
                              .verbose = options.verbose,
                              .no_color = options.no_color},
                   .verdict = {.fail_below = std::nullopt, .verify = options.verify},
                   .report = {.at = std::nullopt,
                              .at_risk_below = settings.at_risk_below,
                              .factors = make_factor_map(settings),
                              .wallets = {},
                              .suppositions = make_suppositions(settings),
                              .feeds = make_feed_rules(settings)},
                   .signer = nullptr};
    if (options.fail_below) {
        plan.verdict.fail_below = parse_health_factor(*options.fail_below);
    }
    if (options.at) {
        plan.report.at = parse_moment(*options.at);
    }
    if (options.sign) {
        plan.signer = evidence::load_key_file(*options.sign, evidence::system_entropy());
    }
    return plan;
}

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

/// A reporting key controls no funds: one whose address is watched as a wallet is the wrong key.
void reject_wallet_key(const AuditPlan& plan, const std::set<core::Address>& wallets) {
    if (plan.signer && wallets.contains(plan.signer->address())) {
        throw InputError(
            fmt::format("--sign: {} is one of the wallets; a reporting key controls no funds: make "
                        "another with `margrave sign-key FILE`",
                        plan.signer->address().to_string()));
    }
}

ExitCode finish_audit(World& world, const report::Report& report, const AuditPlan& plan,
                      bool chain_unreadable) {
    write_result(world, plan.signer ? render_signed(world, report, plan.output, *plan.signer)
                                    : render(world, report, plan.output));
    if (plan.verdict.verify) {
        const auto count = count_verified(report);
        say(world,
            fmt::format(
                "verify: {} accounts agree with the protocols' own view, {} differ, {} could not "
                "be verified",
                count.agree, count.differ, count.unverified));
    }
    auto findings = judge(report, plan.verdict);
    findings.unreadable |= chain_unreadable;
    return exit_code(findings);
}

}  // namespace

ExitCode run_audit(World& world, const AuditOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    auto plan = make_plan(options, settings);
    const auto gathered = gather(world, options, settings,
                                 {.verify = options.verify, .asks_all = plan.signer != nullptr});
    reject_wallet_key(plan, gathered.wallets);
    plan.report.wallets.assign(gathered.wallets.begin(), gathered.wallets.end());
    auto report = report::make_report(gathered.snapshot, plan.report);
    if (gathered.wallets.size() < gathered.snapshot.wallets.size()) {
        keep_wallets(report, gathered.wallets);
    }
    return finish_audit(world, report, plan, gathered.chain_unreadable);
}

}  // namespace margrave::app
