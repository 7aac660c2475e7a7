#include "alert/observe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/u256.hpp"
#include "exposure/aggregate.hpp"
#include "exposure/outlook.hpp"
#include "snapshot/claims.hpp"

namespace margrave::alert {
namespace {

Value known(core::Wad number) { return {.number = number, .is_known = true, .because = {}}; }
Value nothing_to_watch() { return {.number = std::nullopt, .is_known = true, .because = {}}; }

bool contains(const std::vector<core::Address>& wallets, const core::Address& wallet) {
    return std::find(wallets.begin(), wallets.end(), wallet) != wallets.end();
}

bool is_smart_account(const report::Report& report, const core::Address& wallet) {
    return std::any_of(report.smart_accounts.begin(), report.smart_accounts.end(),
                       [&](const auto& one) { return one.address == wallet; });
}

/// As outlooks() leaves times out where more accounts owe.
bool has_times(const report::Report& report, const margin::MarketName& market) {
    const auto owing = std::count_if(
        report.accounts.begin(), report.accounts.end(), [&](const report::Account& one) {
            return one.market == market && exposure::has_outlook(one.health.status);
        });
    return static_cast<std::size_t>(owing) <= exposure::kTimedAccountsMax;
}

/// Seconds until interest alone liquidates it; nothing to watch where it never does.
Value time_left(const report::Account& account, const report::Report& report) {
    if (!account.outlook.falls_at) {
        return has_times(report, account.market)
                   ? nothing_to_watch()
                   : unknown(
                         fmt::format("of more than {} accounts that owe in one market times are "
                                     "not found",
                                     exposure::kTimedAccountsMax));
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

/// How far it is from today, 1e18 is one.
core::Wad distance(const exposure::FactorLimit& limit) {
    const core::U256 today = whole(1).value();
    return core::Wad(limit.multiplier < today ? today - limit.multiplier
                                              : limit.multiplier - today);
}

/// Prices stand nearest first; nothing to watch where none liquidates it.
Value price_distance(const report::Account& account) {
    const auto& prices = account.liquidation_prices;
    return prices.empty() ? nothing_to_watch() : known(prices.front().distance);
}

Value factor_distance(const report::Account& account) {
    const auto* const nearest = nearest_factor(account);
    return nearest == nullptr ? nothing_to_watch() : known(distance(*nearest));
}

/// What the report says of the answers that price the account's legs.
struct AnswersOf {
    std::uint64_t oldest_s = 0;
    bool has_time = false;
    std::uint64_t late = 0;
};

AnswersOf answers_of(const report::Account& account, const report::OracleChain& oracles) {
    AnswersOf out;
    for (const report::OracleRow& row : oracles.rows) {
        const bool is_used = std::any_of(
            row.used_for.begin(), row.used_for.end(), [&](const report::OracleUse& use) {
                return use.market == account.market &&
                       std::any_of(
                           account.legs.begin(), account.legs.end(),
                           [&](const report::Leg& leg) { return leg.leg.asset == use.asset; });
            });
        if (!is_used) {
            continue;
        }
        out.late += row.is_stale == true ? 1 : 0;
        if (row.updated_at) {
            const std::uint64_t now = oracles.block_time.value();
            const std::uint64_t then = row.updated_at->value();
            out.oldest_s = std::max(out.oldest_s, now > then ? now - then : 0);
            out.has_time = true;
        }
    }
    return out;
}

Value of_answers(const report::Account& account, const report::Report& report, Quantity quantity) {
    const auto oracles =
        std::find_if(report.oracles.begin(), report.oracles.end(),
                     [&](const auto& one) { return one.chain == account.market.chain; });
    if (oracles == report.oracles.end()) {
        return unknown("the report says nothing of price sources");
    }
    const AnswersOf answers = answers_of(account, *oracles);
    if (quantity == Quantity::LateOracles) {
        return known(whole(answers.late));
    }
    return answers.has_time ? known(whole(answers.oldest_s)) : nothing_to_watch();
}

/// part / whole in 1e18, rounded down; at most a million.
core::Wad share(const core::U256& part, const core::U256& whole_amount) {
    constexpr std::uint64_t kMax = 1'000'000;
    if (part / whole_amount >= core::U256(kMax)) {
        return whole(kMax);
    }
    return core::Wad(
        core::mul_div_wide<core::Rounding::Down>(part, whole(1).value(), whole_amount));
}

/// It may be why an account behind a wallet was not found, of whatever protocol.
bool may_hide_accounts(const snapshot::CoverageGap& gap) {
    return gap.protocol.empty() || snapshot::parse_smart_account_kind(gap.protocol).has_value();
}

/// What could not be read and may be more of ours in the protocol's markets; nullptr: all was.
const snapshot::CoverageGap* gap_of(const report::Report& report, const std::string& protocol) {
    const auto gap = std::find_if(report.gaps.begin(), report.gaps.end(), [&](const auto& one) {
        return may_hide_accounts(one) || one.protocol == protocol;
    });
    return gap == report.gaps.end() ? nullptr : &*gap;
}

/// Pools of the markets that the watched wallets are in. Those of a market that could not be read
/// are not there, and count as not known where they were seen before. Where we may have supplied
/// more, less of that is free.
std::map<Subject, Value> of_pools(const report::Report& report, const std::string& chain,
                                  Quantity quantity) {
    std::map<Subject, Value> out;
    for (const exposure::PoolShare& pool : report.exposure.pools) {
        const bool lends = pool.supplied != core::U256(0);
        const bool counts =
            quantity == Quantity::Utilisation ? lends || pool.borrowed != core::U256(0) : lends;
        const core::U256& supplied = pool.capacity.supplied;
        if (!counts || supplied == core::U256(0)) {
            continue;
        }
        Value value =
            known(quantity == Quantity::Utilisation ? share(pool.capacity.borrowed, supplied)
                                                    : share(pool.capacity.liquid, pool.supplied));
        const auto* const gap = gap_of(report, pool.market.protocol);
        if (quantity == Quantity::FreeLiquidity && gap != nullptr) {
            value.is_known = false;
            value.because = gap->detail;
        }
        const auto found = out.emplace(Subject{.chain = chain,
                                               .protocol = pool.market.protocol,
                                               .market = pool.market.name,
                                               .wallet = std::nullopt},
                                       value);
        const bool is_worse = quantity == Quantity::Utilisation
                                  ? *found.first->second.number < *value.number
                                  : *value.number < *found.first->second.number;
        if (is_worse) {
            found.first->second = value;
        }
    }
    return out;
}

/// The first that concerns every wallet; nullptr where none does.
const snapshot::CoverageGap* gap_of_everyone(const report::Report& report) {
    const auto gap = std::find_if(report.gaps.begin(), report.gaps.end(),
                                  [](const auto& one) { return !one.wallet; });
    return gap == report.gaps.end() ? nullptr : &*gap;
}

/// Why it is not known what a check says; "" where it is. Where something that concerns everyone
/// could not be read it may be what an answer would be held against.
std::string why_unknown(const report::PriceCheck& check, const report::Report& report,
                        Quantity quantity) {
    if (quantity == Quantity::PegDistance) {
        return check.peg_unknown_because;
    }
    if (!check.unknown_because.empty() || check.divergence) {
        return check.unknown_because;
    }
    const auto* const gap = gap_of_everyone(report);
    return gap == nullptr ? "" : gap->detail;
}

/// The farthest of each market; where one of them is not known it is at least as far.
std::map<Subject, Value> of_checks(const report::Report& report, const std::string& chain,
                                   Quantity quantity) {
    const bool is_peg = quantity == Quantity::PegDistance;
    std::map<Subject, Value> out;
    for (const report::PriceCheck& check : report.price_checks) {
        const auto& number = is_peg ? check.peg_distance : check.divergence;
        const std::string why = why_unknown(check, report, quantity);
        if (check.market.chain != chain || (!number && why.empty())) {
            continue;
        }
        Value& worst = out[{.chain = chain,
                            .protocol = check.market.protocol,
                            .market = check.market.name,
                            .wallet = std::nullopt}];
        if (worst.is_known && !why.empty()) {
            worst.is_known = false;
            worst.because = why;
        }
        if (number && (!worst.number || *worst.number < *number)) {
            worst.number = number;
            worst.about = is_peg ? check.symbol + ", by " + check.priced_by
                                 : check.symbol + ", beside " + check.beside;
        }
    }
    return out;
}

/// What all watched wallets own and owe on the chain. What could not be read may be a debt.
Value of_chain(const report::Report& report, Quantity quantity) {
    if (!report.gaps.empty()) {
        return unknown("parts of the report could not be read: " + report.gaps.front().detail);
    }
    if (quantity == Quantity::NetUsd) {
        const auto net = report.exposure.net();
        return known(core::Wad(net.negative ? core::U256(0) : net.magnitude.value()));
    }
    if (quantity == Quantity::Concentration) {
        const auto found = exposure::concentration(report.exposure);
        return found ? known(found->largest_share) : nothing_to_watch();
    }
    const bool owns_nothing = report.exposure.assets.value() == core::U256(0) &&
                              report.exposure.debt.value() == core::U256(0);
    if (owns_nothing) {
        return nothing_to_watch();
    }
    // Whoever owes all that it owns has more leverage than any number.
    constexpr std::uint64_t kBeyondAll = 1'000'000'000'000;
    return known(exposure::leverage(report.exposure).value_or(whole(kBeyondAll)));
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
        case Quantity::LiquidationDistance:
            return price_distance(account);
        case Quantity::FactorDistance:
            return factor_distance(account);
        case Quantity::OracleAge:
        case Quantity::LateOracles:
            return of_answers(account, report, quantity);
        case Quantity::CascadeDistance:
        case Quantity::Utilisation:
        case Quantity::FreeLiquidity:
        case Quantity::OracleDivergence:
        case Quantity::PegDistance:
        case Quantity::ParameterChanges:
        case Quantity::AccountChanges:
        case Quantity::CoverageGaps:
        case Quantity::NetUsd:
        case Quantity::Leverage:
        case Quantity::Concentration:
        case Quantity::BlockAge:
            break;
    }
    return nothing_to_watch();
}

std::map<Subject, Value> of_falls(const report::Report& report, const std::string& chain) {
    std::map<Subject, Value> out;
    for (const report::CascadeFall& fall : report.cascade_falls) {
        Value value{.number = fall.distance,
                    .is_known = fall.unknown_because.empty(),
                    .because = fall.unknown_because};
        out.emplace(Subject{.chain = chain,
                            .protocol = fall.market.protocol,
                            .market = fall.market.name,
                            .wallet = fall.wallet},
                    std::move(value));
    }
    return out;
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

std::map<Subject, Value> observe_all(const report::Report& report, const std::string& chain,
                                     const std::vector<core::Address>& wallets, Quantity quantity) {
    if (quantity == Quantity::CoverageGaps) {
        return count_gaps(report, chain, wallets);
    }
    std::map<Subject, Value> out;
    if (quantity == Quantity::BlockAge || counts_changes(quantity)) {
        return out;
    }
    if (quantity == Quantity::Utilisation || quantity == Quantity::FreeLiquidity) {
        return of_pools(report, chain, quantity);
    }
    if (quantity == Quantity::CascadeDistance) {
        return of_falls(report, chain);
    }
    if (compares_prices(quantity)) {
        return of_checks(report, chain, quantity);
    }
    if (is_of_chain(quantity)) {
        out.emplace(Subject{.chain = chain, .protocol = {}, .market = {}, .wallet = {}},
                    of_chain(report, quantity));
        return out;
    }
    for (const auto& account : report.accounts) {
        out.emplace(subject_of(chain, account), of_account(account, report, quantity));
    }
    return out;
}

}  // namespace

Depth depth_of(Quantity quantity) {
    if (quantity == Quantity::CascadeDistance) {
        return Depth::Cascade;
    }
    const bool is_of_health = quantity == Quantity::HealthFactor ||
                              quantity == Quantity::CollateralFall ||
                              quantity == Quantity::CoverageGaps || counts_changes(quantity);
    return is_of_health ? Depth::Health : Depth::Whole;
}

bool compares_prices(Quantity quantity) {
    return quantity == Quantity::OracleDivergence || quantity == Quantity::PegDistance;
}

bool counts_changes(Quantity quantity) {
    return quantity == Quantity::ParameterChanges || quantity == Quantity::AccountChanges;
}

bool is_of_chain(Quantity quantity) {
    return quantity == Quantity::NetUsd || quantity == Quantity::Leverage ||
           quantity == Quantity::Concentration || quantity == Quantity::BlockAge;
}

bool may_be_of(Quantity quantity, const Subject& subject) {
    const bool has_market = !subject.protocol.empty();
    const bool has_wallet = subject.wallet.has_value();
    if (is_of_chain(quantity)) {
        return !has_market && !has_wallet;
    }
    if (quantity == Quantity::CoverageGaps) {
        return !has_market;
    }
    if (quantity == Quantity::AccountChanges) {
        return !has_market && has_wallet;
    }
    const bool is_of_market = quantity == Quantity::Utilisation ||
                              quantity == Quantity::FreeLiquidity || compares_prices(quantity) ||
                              quantity == Quantity::ParameterChanges;
    return has_market && has_wallet != is_of_market;
}

Subject subject_of(const std::string& chain, const report::Account& account) {
    return {.chain = chain,
            .protocol = account.market.protocol,
            .market = account.market.name,
            .wallet = account.wallet};
}

core::Archive to_archive(const Subject& subject) {
    core::Archive out;
    out.set("chain", subject.chain);
    out.set("protocol", subject.protocol);
    out.set("market", subject.market);
    out.set_optional("wallet", subject.wallet);
    return out;
}

Subject restore_subject(const core::Archive& archive) {
    Subject out{.chain = archive.text("chain"),
                .protocol = archive.text("protocol"),
                .market = archive.text("market"),
                .wallet = std::nullopt};
    if (archive.has("wallet")) {
        out.wallet = archive.address("wallet");
    }
    return out;
}

const exposure::FactorLimit* nearest_factor(const report::Account& account) {
    const auto& factors = account.outlook.factors;
    const auto found =
        std::min_element(factors.begin(), factors.end(),
                         [](const auto& a, const auto& b) { return distance(a) < distance(b); });
    return found == factors.end() ? nullptr : &*found;
}

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
                                 const Scope& scope, Quantity quantity) {
    auto out = observe_all(report, chain, scope.wallets, quantity);
    if (!scope.is_of_all) {
        std::erase_if(out, [](const auto& one) { return !one.first.wallet; });
    }
    return out;
}

bool speaks_of(const report::Report& report, const Scope& scope, const Subject& subject) {
    return scope.is_of_all || (subject.wallet && (contains(scope.wallets, *subject.wallet) ||
                                                  is_smart_account(report, *subject.wallet)));
}

std::set<Subject> subjects_of(const report::Report& health, const std::string& chain,
                              Quantity quantity) {
    const bool is_of_market = quantity == Quantity::Utilisation ||
                              quantity == Quantity::FreeLiquidity || compares_prices(quantity);
    std::set<Subject> out;
    if (is_of_chain(quantity)) {
        out.insert({.chain = chain, .protocol = {}, .market = {}, .wallet = std::nullopt});
        return out;
    }
    for (const report::Account& account : health.accounts) {
        Subject subject = subject_of(chain, account);
        if (is_of_market) {
            subject.wallet.reset();
        }
        out.insert(std::move(subject));
    }
    return out;
}

Value value_of_absent(const report::Report& report, const Subject& subject,
                      const std::vector<core::Address>& wallets) {
    if (!subject.wallet) {  // in a market anybody may be
        const auto* const gap = gap_of(report, subject.protocol);
        return gap == nullptr ? nothing_to_watch() : unknown(gap->detail);
    }
    const bool is_behind = !contains(wallets, *subject.wallet);
    const auto gap = std::find_if(report.gaps.begin(), report.gaps.end(), [&](const auto& one) {
        const bool is_of_it = !one.wallet || one.wallet == subject.wallet;
        return (is_behind && may_hide_accounts(one)) ||
               (is_of_it && (one.protocol.empty() || one.protocol == subject.protocol));
    });
    return gap == report.gaps.end() ? nothing_to_watch() : unknown(gap->detail);
}

Value value_of_absent(const report::Report& report, const Subject& subject,
                      const std::vector<core::Address>& wallets, Quantity quantity) {
    const auto* const gap = gap_of_everyone(report);
    return compares_prices(quantity) && gap != nullptr ? unknown(gap->detail)
                                                       : value_of_absent(report, subject, wallets);
}

bool is_watched(const report::Report& report, const Subject& subject,
                const std::vector<core::Address>& wallets) {
    return !subject.wallet || contains(wallets, *subject.wallet) ||
           is_smart_account(report, *subject.wallet) ||
           !value_of_absent(report, subject, wallets).is_known;
}

}  // namespace margrave::alert
