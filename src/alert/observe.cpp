#include "alert/observe.hpp"

#include <algorithm>
#include <utility>

namespace margrave::alert {
namespace {

Value known(core::Wad number) { return {.number = number, .is_known = true, .because = {}}; }
Value nothing_to_watch() { return {.number = std::nullopt, .is_known = true, .because = {}}; }

bool contains(const std::vector<core::Address>& wallets, const core::Address& wallet) {
    return std::find(wallets.begin(), wallets.end(), wallet) != wallets.end();
}

/// Seconds until interest alone liquidates it; nothing to watch where it never does.
Value time_left(const report::Account& account, const report::Report& report) {
    if (!account.outlook.falls_at) {
        return nothing_to_watch();
    }
    const auto cut = std::find_if(report.chains.begin(), report.chains.end(), [&](const auto& one) {
        return one.chain_id == account.chain_id;
    });
    if (cut == report.chains.end()) {
        return unknown("the report has no block of the account's chain");
    }
    const std::uint64_t falls_at = account.outlook.falls_at->value();
    const std::uint64_t now = cut->timestamp.value();
    return known(whole(falls_at > now ? falls_at - now : 0));
}

Value of_account(const report::Account& account, const report::Report& report, Quantity quantity) {
    if (account.health.status == margin::Status::Unknown) {
        return unknown(account.health.unknown_because);
    }
    if (account.health.status == margin::Status::NoDebt) {
        return nothing_to_watch();
    }
    switch (quantity) {
        case Quantity::HealthFactor:
            return account.health.health_factor ? known(*account.health.health_factor)
                                                : unknown("the protocol gives no health factor");
        case Quantity::CollateralFall:
            return account.collateral_fall ? known(*account.collateral_fall)
                                           : unknown("there is no health to fall to 1");
        case Quantity::TimeToLiquidation:
            return time_left(account, report);
        case Quantity::CoverageGaps:
        case Quantity::BlockAge:
            break;
    }
    return nothing_to_watch();
}

/// Gaps that concern everyone are the chain's.
std::map<Subject, Value> count_gaps(const report::Report& report, const std::string& chain,
                                    const std::vector<core::Address>& wallets) {
    std::map<std::optional<core::Address>, std::uint64_t> counts{{std::nullopt, 0}};
    for (const core::Address& wallet : wallets) {
        counts.emplace(wallet, 0);
    }
    for (const auto& gap : report.gaps) {
        ++counts[gap.wallet];
    }
    std::map<Subject, Value> out;
    for (const auto& [wallet, count] : counts) {
        out.emplace(Subject{.chain = chain, .protocol = {}, .market = {}, .wallet = wallet},
                    known(whole(count)));
    }
    return out;
}

}  // namespace

std::string Subject::to_string() const {
    std::string out = chain;
    if (!protocol.empty()) {
        out += " " + protocol + "/" + market;
    }
    if (wallet) {
        out += " " + wallet->to_string();
    }
    return out;
}

std::map<Subject, Value> observe(const report::Report& report, const std::string& chain,
                                 const std::vector<core::Address>& wallets, Quantity quantity) {
    if (quantity == Quantity::CoverageGaps) {
        return count_gaps(report, chain, wallets);
    }
    std::map<Subject, Value> out;
    if (quantity == Quantity::BlockAge) {
        return out;
    }
    for (const auto& account : report.accounts) {
        out.emplace(Subject{.chain = chain,
                            .protocol = account.market.protocol,
                            .market = account.market.name,
                            .wallet = account.wallet},
                    of_account(account, report, quantity));
    }
    return out;
}

Value value_of_absent(const report::Report& report, const Subject& subject,
                      const std::vector<core::Address>& wallets) {
    const bool is_behind = subject.wallet && !contains(wallets, *subject.wallet);
    const auto gap = std::find_if(report.gaps.begin(), report.gaps.end(), [&](const auto& one) {
        const bool is_of_it = !one.wallet || one.wallet == subject.wallet;
        return one.protocol.empty() ? is_of_it || is_behind
                                    : is_of_it && one.protocol == subject.protocol;
    });
    return gap == report.gaps.end() ? nothing_to_watch() : unknown(gap->detail);
}

bool is_watched(const report::Report& report, const Subject& subject,
                const std::vector<core::Address>& wallets) {
    return !subject.wallet || contains(wallets, *subject.wallet) ||
           std::any_of(report.smart_accounts.begin(), report.smart_accounts.end(),
                       [&](const auto& one) { return one.address == *subject.wallet; });
}

}  // namespace margrave::alert
