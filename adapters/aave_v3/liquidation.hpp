#pragma once

#include <cstdint>

#include "adapters/aave_v3/behaviour.hpp"
#include "core/fixed_point.hpp"
#include "core/u256.hpp"
#include "margin/arithmetic.hpp"

/// The arithmetic of Aave v3's liquidationCall at each generation, without its state. Every step
/// rounds and overflows as the contract's: what would revert there throws here. Sources:
/// LiquidationLogic of aave-v3-core@v1.19.3 (3.0) and of aave-v3-origin at the tags of
/// behaviour.cpp.
namespace margrave::adapters::aave_v3 {

/// Which of the rules that changed apply. Each holds from the named revision on.
struct LiquidationRules {
    explicit LiquidationRules(const Behaviour& behaviour)
        : weighs_whole_account(behaviour.has_deficit),
          flags_from_shares(behaviour.virtual_balance == VirtualBalance::Always),
          works_in_shares(behaviour.rounds_against_user),
          rounds_for_pool(behaviour.has_isolated_emodes) {}

    bool weighs_whole_account;  ///< 3.3: close factor of all debt, dust rule, deficits
    bool flags_from_shares;     ///< 3.4: the borrow flag falls with the last share
    bool works_in_shares;       ///< 3.5: shares round against the user, both reserves are updated
    bool rounds_for_pool;       ///< 3.7: bonus down, fee up, exhaustion told by shares
};

// LiquidationLogic: CLOSE_FACTOR_HF_THRESHOLD, DEFAULT_LIQUIDATION_CLOSE_FACTOR,
// MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD, MIN_LEFTOVER_BASE. The last two are base currency units,
// whatever those are worth.
[[nodiscard]] inline const core::U256& full_close_health() {
    static const core::U256 value = core::wad() / 100 * 95;
    return value;
}
inline constexpr std::uint64_t kDefaultCloseBps = 5000;
inline constexpr std::uint64_t kMinFullCloseBase = 200'000'000'000;
inline constexpr std::uint64_t kMinLeftoverBase = 100'000'000'000;

/// An amount of an asset is worth floor(amount * price / unit) in base currency, unless said
/// otherwise.
template <class A>
struct PricedAsset {
    typename A::Number price;  ///< base currency, for a whole token
    typename A::Number unit;   ///< 10^decimals
};

template <class A>
[[nodiscard]] typename A::Number value_down(const typename A::Number& amount,
                                            const PricedAsset<A>& asset) {
    return A::template mul_div<core::Rounding::Down>(amount, asset.price, asset.unit);
}

/// Down in 3.3 and 3.4, up since 3.5.
template <class A>
[[nodiscard]] typename A::Number debt_value(const LiquidationRules& rules,
                                            const typename A::Number& amount,
                                            const PricedAsset<A>& asset) {
    return rules.works_in_shares
               ? A::template mul_div<core::Rounding::Up>(amount, asset.price, asset.unit)
               : value_down<A>(amount, asset);
}

/// value * bps / 10^4.
template <class A, core::Rounding R>
[[nodiscard]] typename A::Number percent_of(const typename A::Number& value,
                                            const typename A::Number& bps) {
    return A::template mul_div<R>(value, bps, A::of(core::percentage_factor()));
}
/// value * 10^4 / bps.
template <class A, core::Rounding R>
[[nodiscard]] typename A::Number percent_undone(const typename A::Number& value,
                                                const typename A::Number& bps) {
    return A::template mul_div<R>(value, A::of(core::percentage_factor()), bps);
}

/// What decides how much of a debt one call may repay.
template <class A>
struct CloseInputs {
    typename A::Number reserve_debt;   ///< of the account in the debt asset, base units
    typename A::Number collateral;     ///< of the account in the collateral asset, base units
    typename A::Number total_debt;     ///< of the account, base currency
    typename A::Number health_factor;  ///< wad
};

/// Until 3.2 half of the reserve's debt above a health factor of 0.95, else all of it. Since 3.3
/// all, unless it is above 0.95 and both sides are worth 2000e8 or more: then at most half of the
/// account's whole debt, counted in the debt asset.
template <class A>
[[nodiscard]] typename A::Number liquidatable_debt(const LiquidationRules& rules,
                                                   const CloseInputs<A>& inputs,
                                                   const PricedAsset<A>& debt,
                                                   const PricedAsset<A>& collateral) {
    using enum core::Rounding;
    using Number = typename A::Number;
    const bool is_near = inputs.health_factor > A::of(full_close_health());
    if (!rules.weighs_whole_account) {
        return percent_of<A, HalfUp>(inputs.reserve_debt, is_near
                                                              ? Number(kDefaultCloseBps)
                                                              : A::of(core::percentage_factor()));
    }
    const Number reserve_value = debt_value<A>(rules, inputs.reserve_debt, debt);
    if (value_down<A>(inputs.collateral, collateral) < Number(kMinFullCloseBase) ||
        reserve_value < Number(kMinFullCloseBase) || !is_near) {
        return inputs.reserve_debt;
    }
    const Number half = percent_of<A, HalfUp>(inputs.total_debt, Number(kDefaultCloseBps));
    return reserve_value > half ? A::template mul_div<Down>(half, debt.unit, debt.price)
                                : inputs.reserve_debt;
}

/// The terms on which collateral is sold.
template <class A>
struct SeizureTerms {
    PricedAsset<A> debt;
    PricedAsset<A> collateral;
    typename A::Number bonus_bps;         ///< 10000 and the bonus
    typename A::Number protocol_fee_bps;  ///< of the bonus
};

/// Base units.
template <class A>
struct Seizure {
    typename A::Number repaid{};
    typename A::Number to_liquidator{};
    typename A::Number fee{};
    typename A::Number taken{};  ///< both together
};

/// What repaying `repay` takes from a collateral of `balance`; repays less where it does not
/// suffice. Source: _calculateAvailableCollateralToLiquidate; the products in its order, which
/// decides where they overflow.
template <class A>
[[nodiscard]] Seizure<A> seizure(const LiquidationRules& rules, const SeizureTerms<A>& terms,
                                 const typename A::Number& repay,
                                 const typename A::Number& balance) {
    using enum core::Rounding;
    using Number = typename A::Number;
    const auto& [debt, collateral, bonus, fee_bps] = terms;
    const Number base = A::quotient(Number(debt.price * repay * collateral.unit),
                                    Number(collateral.price * debt.unit));
    const Number wanted = rules.rounds_for_pool ? percent_of<A, Down>(base, bonus)
                                                : percent_of<A, HalfUp>(base, bonus);
    Seizure<A> out;
    out.repaid = repay;
    out.taken = wanted;
    if (wanted > balance) {
        out.taken = balance;
        const Number worth = A::quotient(Number(collateral.price * balance * debt.unit),
                                         Number(debt.price * collateral.unit));
        out.repaid = rules.works_in_shares ? percent_undone<A, Up>(worth, bonus)
                                           : percent_undone<A, HalfUp>(worth, bonus);
    }
    if (fee_bps != A::of(0)) {
        out.fee =
            rules.rounds_for_pool
                ? percent_of<A, Up>(Number(out.taken - percent_undone<A, Down>(out.taken, bonus)),
                                    fee_bps)
                : percent_of<A, HalfUp>(
                      Number(out.taken - percent_undone<A, HalfUp>(out.taken, bonus)), fee_bps);
    }
    out.to_liquidator = out.taken - out.fee;
    return out;
}

/// Whether debt and collateral are both left, one of them worth less than 1000e8. Since 3.3.
template <class A>
[[nodiscard]] bool leaves_dust(const LiquidationRules& rules, const SeizureTerms<A>& terms,
                               const typename A::Number& debt_left,
                               const typename A::Number& collateral_left) {
    using Number = typename A::Number;
    return rules.weighs_whole_account && debt_left != A::of(0) && collateral_left != A::of(0) &&
           (debt_value<A>(rules, debt_left, terms.debt) < Number(kMinLeftoverBase) ||
            value_down<A>(collateral_left, terms.collateral) < Number(kMinLeftoverBase));
}

/// What one call comes to, before any of it is booked.
template <class A>
struct Sized {
    Seizure<A> sale;
    bool leaves_dust = false;  ///< so the contract refuses it
};

/// `wished` of the debt, or as much as the close factor and the collateral let through.
/// Source: executeLiquidationCall.
template <class A>
[[nodiscard]] Sized<A> size_call(const LiquidationRules& rules, const SeizureTerms<A>& terms,
                                 const CloseInputs<A>& inputs, const typename A::Number& wished) {
    using Number = typename A::Number;
    const Number limit = liquidatable_debt<A>(rules, inputs, terms.debt, terms.collateral);
    Sized<A> out;
    out.sale = seizure<A>(rules, terms, wished > limit ? limit : wished, inputs.collateral);
    const Seizure<A>& sale = out.sale;
    out.leaves_dust = sale.repaid < inputs.reserve_debt && sale.taken < inputs.collateral &&
                      leaves_dust<A>(rules, terms, Number(inputs.reserve_debt - sale.repaid),
                                     Number(inputs.collateral - sale.taken));
    return out;
}

/// Whether `taken` is all that the account's collateral is worth: since 3.3 the rest of its debt is
/// then written off.
template <class A>
[[nodiscard]] bool exhausts(const LiquidationRules& rules, const typename A::Number& taken,
                            const PricedAsset<A>& collateral,
                            const typename A::Number& total_collateral) {
    return rules.weighs_whole_account &&
           total_collateral < value_down<A>(taken, collateral) + typename A::Number(1);
}

/// Shares of an amount of a supply that leaves the account: half-up, since 3.5 up.
[[nodiscard]] core::U256 supply_shares(const LiquidationRules& rules, const core::U256& amount,
                                       const core::U256& index);
/// Shares of an amount of a debt that is repaid: half-up, since 3.5 down.
[[nodiscard]] core::U256 debt_shares(const LiquidationRules& rules, const core::U256& amount,
                                     const core::U256& index);

}  // namespace margrave::adapters::aave_v3
