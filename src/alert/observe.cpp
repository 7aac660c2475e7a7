#include "alert/observe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "alert/names.hpp"
#include "alert/observe_answers.hpp"
#include "alert/observe_exposure.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"
#include "exposure/outlook.hpp"
#include "report/number_text.hpp"
#include "snapshot/claims.hpp"

namespace margrave::alert {
namespace {

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

/// "WETH at $1,800.00", the price at which it happens.
std::string at_price(const std::string& name, const std::optional<core::Usd>& price) {
    return named(name) + (price ? " at " + report::price_text(*price) : "");
}

/// Prices stand nearest first; nothing to watch where none liquidates it.
Value price_distance(const report::Account& account) {
    if (account.liquidation_prices.empty()) {
        return nothing_to_watch();
    }
    const report::LiquidationPrice& nearest = account.liquidation_prices.front();
    Value out = known(nearest.distance);
    out.about = at_price(nearest.symbol, nearest.price_usd);
    out.cause = named(nearest.symbol, nearest.asset);
    return out;
}

Value factor_distance(const report::Account& account) {
    const auto* const nearest = nearest_factor(account);
    if (nearest == nullptr) {
        return nothing_to_watch();
    }
    Value out = known(distance(*nearest));
    out.about = at_price(nearest->factor, nearest->price);
    out.cause = nearest->factor;
    return out;
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
        value.about = named(pool.capacity.symbol);
        value.cause = named(pool.capacity.symbol, pool.capacity.asset);
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
            worst.about = is_peg ? named(check.symbol) + ", by " + check.priced_by
                                 : named(check.symbol) + ", beside " + check.beside;
            worst.cause = named(check.symbol, check.asset);
        }
    }
    return out;
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
        case Quantity::FactorExposure:
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

using Gaps = std::vector<const snapshot::CoverageGap*>;

/// "aave_v3/core: HTTP 500", within so many bytes: what a market is called may be long.
std::string named(const snapshot::CoverageGap& gap, std::size_t bytes_max) {
    constexpr std::size_t kPlaceBytesMax = 24;
    const std::string place = gap.protocol + (gap.market.empty() ? "" : "/" + gap.market);
    const std::string where = place.empty() ? "" : core::printable(place, kPlaceBytesMax) + ": ";
    return where + core::printable(gap.detail, bytes_max - std::min(bytes_max, where.size()));
}

/// The first of them; all together as long as people are shown.
std::string named(const Gaps& gaps) {
    constexpr std::size_t kShown = 3;
    constexpr std::size_t kBytesMax = 174;
    const std::size_t shown = std::min(kShown, gaps.size());
    std::string out;
    for (std::size_t i = 0; i < shown; ++i) {
        out += (i == 0 ? "" : "; ") + named(*gaps[i], kBytesMax / shown);
    }
    return shown < gaps.size() ? out + fmt::format(" and {} more", gaps.size() - shown) : out;
}

/// Gaps that concern everyone are the chain's.
std::map<Subject, Value> count_gaps(const report::Report& report, const std::string& chain,
                                    const std::vector<core::Address>& wallets) {
    std::map<std::optional<core::Address>, Gaps> found{{std::nullopt, {}}};
    for (const core::Address& wallet : wallets) {
        found.emplace(wallet, Gaps{});
    }
    for (const auto& gap : report.gaps) {
        found[gap.wallet].push_back(&gap);
    }
    std::map<Subject, Value> out;
    for (const auto& [wallet, gaps] : found) {
        Value value = known(whole(gaps.size()));
        value.about = named(gaps);
        out.emplace(Subject{.chain = chain, .protocol = {}, .market = {}, .wallet = wallet},
                    std::move(value));
    }
    return out;
}

std::map<Subject, Value> observe_all(const report::Report& report, const std::string& chain,
                                     const std::vector<core::Address>& wallets, Quantity quantity,
                                     const std::vector<std::string>& factors) {
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
                    of_exposure(report, quantity, factors));
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
           quantity == Quantity::Concentration || quantity == Quantity::FactorExposure ||
           quantity == Quantity::BlockAge;
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
                                 const Scope& scope, Quantity quantity,
                                 const std::vector<std::string>& factors) {
    auto out = observe_all(report, chain, scope.wallets, quantity, factors);
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
