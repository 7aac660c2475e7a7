#include "app/verdict.hpp"

#include <algorithm>

namespace margrave::app {
namespace {

bool is_below(const report::Account& account, const core::Wad& threshold) {
    return account.health.health_factor && *account.health.health_factor < threshold;
}

/// A chain that gaps speak of but that has no block was not read at all.
bool has_unread_chain(const report::Report& report) {
    const auto was_read = [&](const std::string& name) {
        return std::any_of(report.chains.begin(), report.chains.end(),
                           [&](const snapshot::ChainCut& cut) { return cut.chain == name; });
    };
    return std::any_of(report.gaps.begin(), report.gaps.end(),
                       [&](const snapshot::CoverageGap& gap) { return !was_read(gap.chain); });
}

}  // namespace

Findings judge(const report::Report& report, const VerdictOptions& options) {
    Findings findings;
    findings.unreadable = has_unread_chain(report);
    findings.gaps = !report.gaps.empty();
    for (const auto& account : report.accounts) {
        findings.gaps |= account.health.status == margin::Status::Unknown;
        findings.hit |= options.fail_below && is_below(account, *options.fail_below);
        findings.hit |= options.verify && !account.differences.empty();
        findings.gaps |= options.verify && !account.verified;
    }
    return findings;
}

VerifyCount count_verified(const report::Report& report) {
    VerifyCount count;
    for (const auto& account : report.accounts) {
        if (!account.verified) {
            ++count.unverified;
        } else if (account.differences.empty()) {
            ++count.agree;
        } else {
            ++count.differ;
        }
    }
    return count;
}

}  // namespace margrave::app
