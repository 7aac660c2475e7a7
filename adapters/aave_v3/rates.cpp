#include "adapters/aave_v3/rates.hpp"

#include <stdexcept>

#include "adapters/aave_v3/rules.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using core::ray;
using core::ray_div;
using core::ray_mul;
using core::Rounding;
using core::U256;
using margin::Exact;

/// SafeCast.toUint128, in which the contract stores indexes, rates and the treasury's share.
U256 to_uint128(const U256& value) {
    if ((value >> 128) != 0) {
        throw std::overflow_error("a value does not fit the 128 bits it is stored in");
    }
    return value;
}

ReserveTotals& totals_of(Reserve& reserve) {
    core::ensure(reserve.totals.has_value(), "a reserve moves only when its totals are known");
    return *reserve.totals;
}
const ReserveTotals& totals_of(const Reserve& reserve) {
    core::ensure(reserve.totals.has_value(), "a reserve moves only when its totals are known");
    return *reserve.totals;
}

U256 borrow_rate(const RateParameters& parameters, const U256& usage) {
    const U256& optimum = parameters.optimal_usage;
    if (usage > optimum) {
        const U256 excess = ray_div<Rounding::HalfUp>(usage - optimum, ray() - optimum);
        return parameters.base_variable_rate + parameters.variable_slope1 +
               ray_mul<Rounding::HalfUp>(parameters.variable_slope2, excess);
    }
    return parameters.base_variable_rate +
           ray_div<Rounding::HalfUp>(ray_mul<Rounding::HalfUp>(parameters.variable_slope1, usage),
                                     optimum);
}

/// The mean of the rates that borrowers pay, weighted by debt; amounts are taken as wad and scaled
/// to ray. Source: _getOverallBorrowRate.
U256 overall_borrow_rate(const RateInputs& inputs, const U256& variable_rate) {
    const U256 wad_to_ray = 1'000'000'000;
    const U256 variable =
        ray_mul<Rounding::HalfUp>(inputs.variable_debt * wad_to_ray, variable_rate);
    const U256 stable =
        ray_mul<Rounding::HalfUp>(inputs.stable_debt * wad_to_ray, inputs.average_stable_rate);
    return ray_div<Rounding::HalfUp>(variable + stable,
                                     (inputs.variable_debt + inputs.stable_debt) * wad_to_ray);
}

std::uint64_t seconds_between(core::Timestamp from, core::Timestamp to) {
    return core::checked_difference(to.value(), from.value());
}

/// Stable debt compounded from its own last update to `until`.
U256 stable_debt_at(const Behaviour& behaviour, const StableTotals& stable, core::Timestamp until) {
    if (stable.principal == 0) {
        return 0;
    }
    const U256 growth = compound_growth<Exact>(behaviour.debt_growth, stable.average_rate,
                                               seconds_between(stable.last_update, until));
    return ray_mul<Rounding::HalfUp>(stable.principal, growth);
}

/// Interest of all borrowers between two borrow indexes. Until 3.4 the difference of two rounded
/// balances; since 3.5 of the indexes, rounded down.
U256 accrued_interest(const Behaviour& behaviour, const Reserve& before, const Reserve& after,
                      core::Timestamp now) {
    const ReserveTotals& totals = *before.totals;
    if (behaviour.rounds_against_user) {
        return ray_mul<Rounding::Down>(totals.scaled_debt,
                                       after.borrow_index - before.borrow_index);
    }
    const U256 stable_before =
        totals.stable ? stable_debt_at(behaviour, *totals.stable, before.last_update) : U256(0);
    return total_variable_debt(behaviour, after) + total_stable_debt(behaviour, before, now) -
           total_variable_debt(behaviour, before) - stable_before;
}

/// The treasury's part of that interest, as a share of the supply.
U256 treasury_share(const Behaviour& behaviour, const U256& interest,
                    std::uint64_t reserve_factor_bps, const U256& liquidity_index) {
    const U256 amount = core::percent_mul<Rounding::HalfUp>(interest, reserve_factor_bps);
    return behaviour.rounds_against_user ? ray_div<Rounding::Down>(amount, liquidity_index)
                                         : ray_div<Rounding::HalfUp>(amount, liquidity_index);
}

}  // namespace

Rates interest_rates(const Behaviour& behaviour, const RateParameters& parameters,
                     const RateInputs& inputs) {
    const U256 debt = inputs.variable_debt + inputs.stable_debt;
    if (debt == 0) {
        // 3.0 goes through the formula with a usage of 0, to the same end.
        return {.liquidity = 0, .variable_borrow = parameters.base_variable_rate};
    }
    const U256 all = inputs.liquidity + debt;
    const U256 usage = ray_div<Rounding::HalfUp>(debt, all);
    const U256 supply_usage = ray_div<Rounding::HalfUp>(debt, all + inputs.unbacked);
    const U256 variable = borrow_rate(parameters, usage);
    const U256 paid = behaviour.has_stable_debt ? overall_borrow_rate(inputs, variable) : variable;
    const U256 kept_bps = core::percentage_factor() - inputs.reserve_factor_bps;
    return {.liquidity = core::percent_mul<Rounding::HalfUp>(
                ray_mul<Rounding::HalfUp>(paid, supply_usage), kept_bps),
            .variable_borrow = variable};
}

U256 total_variable_debt(const Behaviour& behaviour, const Reserve& reserve) {
    return debt_balance<Exact>(behaviour, totals_of(reserve).scaled_debt, reserve.borrow_index);
}

U256 total_stable_debt(const Behaviour& behaviour, const Reserve& reserve, core::Timestamp now) {
    const auto& stable = totals_of(reserve).stable;
    return stable ? stable_debt_at(behaviour, *stable, now) : U256(0);
}

U256 total_supply(const Behaviour& behaviour, const Reserve& reserve) {
    return supply_balance<Exact>(behaviour, totals_of(reserve).scaled_supply,
                                 reserve.liquidity_index);
}

U256 free_liquidity(const Reserve& reserve) {
    const ReserveTotals& totals = totals_of(reserve);
    return totals.virtual_balance ? *totals.virtual_balance
                                  : totals.a_token_holding.value_or(U256(0));
}

void update_state(const Behaviour& behaviour, Reserve& reserve, core::Timestamp now) {
    if (reserve.last_update == now) {
        return;
    }
    const Reserve before = reserve;
    const std::uint64_t seconds = seconds_between(before.last_update, now);
    if (before.liquidity_rate != 0) {
        reserve.liquidity_index = to_uint128(
            grown_liquidity_index<Exact>(before.liquidity_index, before.liquidity_rate, seconds));
    }
    if (totals_of(before).scaled_debt != 0) {
        reserve.borrow_index = to_uint128(grown_borrow_index<Exact>(
            behaviour.debt_growth, before.borrow_index, before.borrow_rate, seconds));
    }
    const std::uint64_t factor_bps = reserve.configuration.reserve_factor_bps();
    if (factor_bps != 0) {
        const U256 interest = accrued_interest(behaviour, before, reserve, now);
        reserve.accrued_to_treasury =
            to_uint128(before.accrued_to_treasury +
                       treasury_share(behaviour, interest, factor_bps, reserve.liquidity_index));
    }
    reserve.last_update = now;
}

void update_rates(const Behaviour& behaviour, Reserve& reserve, core::Timestamp now,
                  const Flow& flow) {
    ReserveTotals& totals = totals_of(reserve);
    const U256 liquidity = free_liquidity(reserve) + flow.added - flow.taken;
    if (totals.rates) {
        const bool is_priced_by_use =
            behaviour.virtual_balance == VirtualBalance::None || totals.virtual_balance.has_value();
        const RateInputs inputs{
            .liquidity = liquidity,
            .variable_debt = total_variable_debt(behaviour, reserve),
            .stable_debt = total_stable_debt(behaviour, reserve, now),
            .average_stable_rate = totals.stable ? totals.stable->average_rate : U256(0),
            .unbacked = reserve.unbacked + totals.deficit,
            .reserve_factor_bps = reserve.configuration.reserve_factor_bps()};
        // From 3.1 to 3.3 a reserve that the pool does not count (GHO) has its base rate always.
        const Rates next =
            is_priced_by_use
                ? interest_rates(behaviour, *totals.rates, inputs)
                : Rates{.liquidity = 0, .variable_borrow = totals.rates->base_variable_rate};
        reserve.liquidity_rate = to_uint128(next.liquidity);
        reserve.borrow_rate = to_uint128(next.variable_borrow);
    }
    if (totals.virtual_balance) {
        totals.virtual_balance = to_uint128(liquidity);
    }
    if (totals.a_token_holding) {
        totals.a_token_holding = *totals.a_token_holding + flow.added - flow.taken;
    }
}

}  // namespace margrave::adapters::aave_v3
