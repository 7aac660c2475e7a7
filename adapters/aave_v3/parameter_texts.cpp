#include <fmt/format.h>

#include <set>
#include <utility>

#include "adapters/aave_v3/market.hpp"
#include "core/u256.hpp"

/// What governance, risk stewards and guardians set, as texts.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::ParameterGroup;

std::string bps(std::uint64_t value) { return fmt::format("{} bps", value); }
std::string flag(bool value) { return value ? "yes" : "no"; }

/// The contracts keep 10000 and the bonus, and 0 for what is no collateral.
std::string bonus(std::uint64_t stored) {
    constexpr std::uint64_t kWhole = 10'000;
    return bps(stored > kWhole ? stored - kWhole : 0);
}

std::string cap(std::uint64_t whole_tokens) {
    return whole_tokens == 0 ? "none" : std::to_string(whole_tokens);
}

std::string ceiling(std::uint64_t hundredths) {
    constexpr unsigned kDecimals = 2;
    return hundredths == 0 ? "none" : core::format_fixed(U256(hundredths), kDecimals, kDecimals);
}

/// A rate a year.
std::string percent(const U256& ray) {
    constexpr unsigned kRayOfAPercent = 25;
    return core::format_fixed(ray, kRayOfAPercent, kRayOfAPercent) + " %";
}

void add_flags(const ReserveConfiguration& set, ParameterGroup& out) {
    out.values.emplace_back("active", flag(set.is_active()));
    out.values.emplace_back("frozen", flag(set.is_frozen()));
    out.values.emplace_back("paused", flag(set.is_paused()));
    out.values.emplace_back("borrowing", flag(set.is_borrowing_enabled()));
    out.values.emplace_back("stable borrowing", flag(set.is_stable_borrowing_enabled()));
    out.values.emplace_back("borrowable in isolation", flag(set.is_borrowable_in_isolation()));
    out.values.emplace_back("siloed borrowing", flag(set.is_siloed()));
}

void add_rates(const RateParameters& rates, ParameterGroup& out) {
    out.values.emplace_back("optimal usage", percent(rates.optimal_usage));
    out.values.emplace_back("base rate", percent(rates.base_variable_rate));
    out.values.emplace_back("rate slope 1", percent(rates.variable_slope1));
    out.values.emplace_back("rate slope 2", percent(rates.variable_slope2));
}

/// "1, 3"; "none".
template <class Test>
std::string ids_of(const ById<std::uint64_t, EmodeCategory>& emodes, const Test& test) {
    std::string out;
    for (const auto& [id, emode] : emodes) {
        if (test(emode)) {
            out += (out.empty() ? "" : ", ") + std::to_string(id);
        }
    }
    return out.empty() ? "none" : out;
}

ParameterGroup parameters_of(const EmodeCategory& emode) {
    const std::string name = fmt::format("e-mode {}", emode.id);
    ParameterGroup out{.of = name, .label = name, .values = {}, .price_sources = {}};
    out.values.emplace_back("LTV", bps(emode.ltv_bps));
    out.values.emplace_back("liquidation threshold", bps(emode.liquidation_threshold_bps));
    if (emode.liquidation_bonus_bps) {
        out.values.emplace_back("liquidation bonus", bonus(*emode.liquidation_bonus_bps));
    }
    if (emode.price && !emode.price->source.is_zero()) {
        out.values.emplace_back("oracle", emode.price->source.to_string());
        out.price_sources.push_back(emode.price->source);
    }
    return out;
}

}  // namespace

ParameterGroup AaveMarket::parameters_of(const Reserve& reserve) const {
    const ReserveConfiguration& set = reserve.configuration;
    ParameterGroup out{.of = reserve.asset.to_string(),
                       .label = reserve.symbol,
                       .values = {},
                       .price_sources = {}};
    out.values.emplace_back("LTV", bps(set.ltv_bps()));
    out.values.emplace_back("liquidation threshold", bps(set.liquidation_threshold_bps()));
    out.values.emplace_back("liquidation bonus", bonus(set.liquidation_bonus_bps()));
    out.values.emplace_back("liquidation protocol fee", bps(set.liquidation_protocol_fee_bps()));
    out.values.emplace_back("reserve factor", bps(set.reserve_factor_bps()));
    out.values.emplace_back("supply cap", cap(set.supply_cap()));
    out.values.emplace_back("borrow cap", cap(set.borrow_cap()));
    out.values.emplace_back("debt ceiling", ceiling(set.debt_ceiling()));
    add_flags(set, out);
    if (state_.behaviour->emode == EmodeKind::OnePerAsset) {
        out.values.emplace_back("e-mode", std::to_string(set.emode_category()));
    } else if (state_.emodes_asked > 0 && state_.unread_emodes.empty()) {
        const unsigned id = reserve.id;
        const auto& emodes = state_.emodes;
        out.values.emplace_back(
            "e-modes as collateral",
            ids_of(emodes, [&](const EmodeCategory& one) { return one.collateral.test(id); }));
        out.values.emplace_back("e-modes as debt", ids_of(emodes, [&](const EmodeCategory& one) {
                                    return one.borrowable.test(id);
                                }));
        out.values.emplace_back("e-modes with LTV 0", ids_of(emodes, [&](const EmodeCategory& one) {
                                    return one.zero_ltv.test(id);
                                }));
    }
    if (reserve.price && !reserve.price->source.is_zero()) {
        out.values.emplace_back("oracle", reserve.price->source.to_string());
        out.price_sources.push_back(reserve.price->source);
    }
    out.values.emplace_back("rate strategy", reserve.interest_rate_strategy.to_string());
    if (reserve.totals && reserve.totals->rates) {
        add_rates(*reserve.totals->rates, out);
    }
    return out;
}

std::vector<ParameterGroup> AaveMarket::parameters() const {
    std::set<unsigned> used;
    std::set<std::uint64_t> emodes;
    for (const Account& account : state_.accounts) {
        for (const Balance& balance : account.balances) {
            used.insert(balance.reserve_id);
        }
        emodes.insert(account.emode_category);
    }
    std::vector<ParameterGroup> out;
    out.push_back({.of = "",
                   .label = "",
                   .values = {{"pool revision", std::to_string(state_.pool_revision)},
                              {"oracle", state_.oracle.to_string()}},
                   .price_sources = {}});
    for (const auto& [id, reserve] : state_.reserves) {
        if (used.contains(id)) {
            out.push_back(parameters_of(reserve));
        }
    }
    for (const auto& [id, emode] : state_.emodes) {
        if (emodes.contains(id)) {
            out.push_back(aave_v3::parameters_of(emode));
        }
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
