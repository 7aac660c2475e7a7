#pragma once

#include <cstdint>

#include "adapters/aave_v3/behaviour.hpp"
#include "core/fixed_point.hpp"
#include "margin/arithmetic.hpp"

/// The solvency arithmetic of Aave v3, each rule once over an exact or a fast arithmetic A. Sources
/// are named at the formulas; tags as in behaviour.cpp.
namespace margrave::adapters::aave_v3 {

using core::Rounding;

inline constexpr std::uint64_t kSecondsPerYear = 31'536'000;

/// index * (1e27 + floor(rate * seconds / year)) / 1e27, half-up; `rate` and `index` in ray.
/// Source: MathUtils.calculateLinearInterest and ReserveLogic.getNormalizedIncome, the same at
/// every tag.
template <class A>
[[nodiscard]] typename A::Number grown_liquidity_index(const typename A::Number& index,
                                                       const typename A::Number& rate,
                                                       std::uint64_t seconds) {
    if (seconds == 0) {
        return index;
    }
    const typename A::Number ray = A::of(core::ray());
    const typename A::Number interest =
        A::template mul_div<Rounding::Down>(rate, A::of(seconds), A::of(kSecondsPerYear));
    return A::template mul_div<Rounding::HalfUp>(ray + interest, index, ray);
}

/// Growth of a debt over `seconds` at `rate` (ray), as a factor in ray.
/// Source: MathUtils.calculateCompoundedInterest, until 3.3: 1 + n x + n (n-1)/2 x^2 + n (n-1)
/// (n-2)/6 x^3 with x the rate per second; rate and its powers are scaled before they are divided,
/// which decides the last digits.
template <class A>
[[nodiscard]] typename A::Number binomial_growth(const typename A::Number& rate,
                                                 std::uint64_t seconds) {
    using Number = typename A::Number;
    if (seconds == 0) {
        return A::of(core::ray());
    }
    const Number ray = A::of(core::ray());
    const Number year = A::of(kSecondsPerYear);
    const Number n = A::of(seconds);
    const Number n1 = A::of(seconds - 1);
    const Number n2 = A::of(seconds > 2 ? seconds - 2 : 0);
    const Number squared =
        A::quotient(A::template mul_div<Rounding::HalfUp>(rate, rate, ray), year * year);
    const Number cubed =
        A::quotient(A::template mul_div<Rounding::HalfUp>(squared, rate, ray), year);
    const Number first = A::quotient(rate * n, year);
    const Number second = A::quotient(n * n1 * squared, A::of(2));
    const Number third = A::quotient(n * n1 * n2 * cubed, A::of(6));
    return ray + first + second + third;
}

/// The same from 3.4 on: 1 + x + x^2/2 + x^3/6 with x = rate * seconds / year.
template <class A>
[[nodiscard]] typename A::Number taylor_growth(const typename A::Number& rate,
                                               std::uint64_t seconds) {
    using Number = typename A::Number;
    if (seconds == 0) {
        return A::of(core::ray());
    }
    const Number ray = A::of(core::ray());
    const Number x =
        A::template mul_div<Rounding::Down>(rate, A::of(seconds), A::of(kSecondsPerYear));
    const Number inner = A::quotient(x, A::of(2)) +
                         A::template mul_div<Rounding::HalfUp>(x, A::quotient(x, A::of(6)), ray);
    return ray + x + A::template mul_div<Rounding::HalfUp>(x, inner, ray);
}

template <class A>
[[nodiscard]] typename A::Number compound_growth(DebtGrowth growth, const typename A::Number& rate,
                                                 std::uint64_t seconds) {
    return growth == DebtGrowth::Binomial ? binomial_growth<A>(rate, seconds)
                                          : taylor_growth<A>(rate, seconds);
}

/// Source: ReserveLogic.getNormalizedDebt.
template <class A>
[[nodiscard]] typename A::Number grown_borrow_index(DebtGrowth growth,
                                                    const typename A::Number& index,
                                                    const typename A::Number& rate,
                                                    std::uint64_t seconds) {
    if (seconds == 0) {
        return index;
    }
    return A::template mul_div<Rounding::HalfUp>(compound_growth<A>(growth, rate, seconds), index,
                                                 A::of(core::ray()));
}

/// aToken balance. Source: ScaledBalanceTokenBase.balanceOf; since 3.5 TokenMath.getATokenBalance.
template <class A>
[[nodiscard]] typename A::Number supply_balance(const Behaviour& behaviour,
                                                const typename A::Number& scaled,
                                                const typename A::Number& index) {
    return behaviour.rounds_against_user
               ? A::template mul_div<Rounding::Down>(scaled, index, A::of(core::ray()))
               : A::template mul_div<Rounding::HalfUp>(scaled, index, A::of(core::ray()));
}

/// Variable debt balance; since 3.5 TokenMath.getVTokenBalance.
template <class A>
[[nodiscard]] typename A::Number debt_balance(const Behaviour& behaviour,
                                              const typename A::Number& scaled,
                                              const typename A::Number& index) {
    return behaviour.rounds_against_user
               ? A::template mul_div<Rounding::Up>(scaled, index, A::of(core::ray()))
               : A::template mul_div<Rounding::HalfUp>(scaled, index, A::of(core::ray()));
}

/// What enters the account's sums for one reserve; amounts in base units, price in base currency
/// per whole token.
template <class A>
struct Position {
    typename A::Number collateral;  ///< 0 unless it counts as collateral
    typename A::Number debt;
    typename A::Number price;
    typename A::Number unit;  ///< 10^decimals
    typename A::Number threshold_bps;
    typename A::Number ltv_bps;
};

/// The account's sums in base currency, and those weighted with basis points.
template <class A>
struct Sums {
    typename A::Number collateral = A::of(0);
    typename A::Number debt = A::of(0);
    typename A::Number threshold = A::of(0);
    typename A::Number ltv = A::of(0);
};

/// Collateral is valued down; debt down until 3.4 and up since 3.5.
/// Source: GenericLogic._getUserBalanceInBaseCurrency, _getUserDebtInBaseCurrency.
template <class A>
void add_position(const Behaviour& behaviour, const Position<A>& position, Sums<A>& sums) {
    const typename A::Number collateral =
        A::template mul_div<Rounding::Down>(position.collateral, position.price, position.unit);
    sums.collateral += collateral;
    sums.threshold += collateral * position.threshold_bps;
    sums.ltv += collateral * position.ltv_bps;
    sums.debt +=
        behaviour.rounds_against_user
            ? A::template mul_div<Rounding::Up>(position.debt, position.price, position.unit)
            : A::template mul_div<Rounding::Down>(position.debt, position.price, position.unit);
}

/// Weighted average in basis points, rounded down; 0 without collateral.
template <class A>
[[nodiscard]] typename A::Number average_bps(const typename A::Number& weighted,
                                             const typename A::Number& collateral) {
    return collateral == A::of(0) ? A::of(0) : A::quotient(weighted, collateral);
}

/// In wad; only with debt in base currency. Until 3.4 from the average threshold, which is rounded
/// down to a basis point; since 3.5 from the sum itself. Source:
/// GenericLogic.calculateUserAccountData.
template <class A>
[[nodiscard]] typename A::Number health_factor(const Behaviour& behaviour, const Sums<A>& sums) {
    const typename A::Number one = A::of(core::wad());
    const typename A::Number bps = A::of(core::percentage_factor());
    if (behaviour.rounds_against_user) {
        return A::quotient(A::template mul_div<Rounding::HalfUp>(sums.threshold, one, sums.debt),
                           bps);
    }
    const typename A::Number average = average_bps<A>(sums.threshold, sums.collateral);
    return A::template mul_div<Rounding::HalfUp>(
        A::template mul_div<Rounding::HalfUp>(sums.collateral, average, bps), one, sums.debt);
}

/// Base currency that may still be borrowed. Source: GenericLogic.calculateAvailableBorrows.
template <class A>
[[nodiscard]] typename A::Number available_borrows(const Behaviour& behaviour,
                                                   const Sums<A>& sums) {
    const typename A::Number bps = A::of(core::percentage_factor());
    const typename A::Number average = average_bps<A>(sums.ltv, sums.collateral);
    const typename A::Number limit =
        behaviour.rounds_against_user
            ? A::template mul_div<Rounding::Down>(sums.collateral, average, bps)
            : A::template mul_div<Rounding::HalfUp>(sums.collateral, average, bps);
    return limit > sums.debt ? typename A::Number(limit - sums.debt) : A::of(0);
}

}  // namespace margrave::adapters::aave_v3
