#pragma once

#include <algorithm>
#include <type_traits>

#include "core/fixed_point.hpp"
#include "core/mul_add_div.hpp"
#include "margin/arithmetic.hpp"

/// Morpho Blue's solvency arithmetic, written once for exact and for fast numbers. Source of all of
/// it: morpho-org/morpho-blue@3085651 (the arithmetic of v1.0.0), src/Morpho.sol and
/// src/libraries/{MathLib,SharesMathLib}.sol.
namespace margrave::adapters::morpho_blue {

using core::Rounding;
using core::U256;
using margin::Exact;
using margin::Fast;

/// Added to a side's totals in every conversion. SharesMathLib.
inline constexpr unsigned kVirtualAssets = 1;
inline constexpr unsigned kVirtualShares = 1'000'000;

/// An oracle answers loan token units for this many units of the collateral token.
[[nodiscard]] inline const U256& oracle_price_scale() {
    static const U256 scale = core::pow10(36);
    return scale;
}

/// (x * y + d - 1) / d: the sum, too, must fit 256 bits. MathLib.mulDivUp.
template <class A>
[[nodiscard]] typename A::Number mul_div_up(const typename A::Number& x,
                                            const typename A::Number& y,
                                            const typename A::Number& d) {
    if constexpr (std::is_same_v<A, Exact>) {
        return core::mul_add_div(x, y, U256(d - 1), d);
    } else {
        return A::template mul_div<Rounding::Up>(x, y, d);
    }
}

template <class A>
[[nodiscard]] typename A::Number mul_div_down(const typename A::Number& x,
                                              const typename A::Number& y,
                                              const typename A::Number& d) {
    return A::template mul_div<Rounding::Down>(x, y, d);
}

/// One side of a market: what its shares are worth together, the virtual ones included, so that
/// they are added once and not in every conversion.
template <class A>
class ShareTotals {
  public:
    using Number = typename A::Number;
    ShareTotals(const Number& real_assets, const Number& real_shares)
        : assets_(real_assets + A::of(kVirtualAssets)),
          shares_(real_shares + A::of(kVirtualShares)) {}

    [[nodiscard]] const Number& assets() const { return assets_; }
    [[nodiscard]] const Number& shares() const { return shares_; }

  private:
    Number assets_;
    Number shares_;
};

/// Conversions between assets and shares. SharesMathLib, by the same names.
template <class A>
[[nodiscard]] typename A::Number to_shares_down(const typename A::Number& assets,
                                                const ShareTotals<A>& side) {
    return mul_div_down<A>(assets, side.shares(), side.assets());
}
template <class A>
[[nodiscard]] typename A::Number to_shares_up(const typename A::Number& assets,
                                              const ShareTotals<A>& side) {
    return mul_div_up<A>(assets, side.shares(), side.assets());
}
template <class A>
[[nodiscard]] typename A::Number to_assets_down(const typename A::Number& shares,
                                                const ShareTotals<A>& side) {
    return mul_div_down<A>(shares, side.assets(), side.shares());
}
template <class A>
[[nodiscard]] typename A::Number to_assets_up(const typename A::Number& shares,
                                              const ShareTotals<A>& side) {
    return mul_div_up<A>(shares, side.assets(), side.shares());
}

/// The collateral in units of the loan token, rounded down. Morpho._isHealthy.
template <class A>
[[nodiscard]] typename A::Number collateral_value(const typename A::Number& collateral,
                                                  const typename A::Number& price) {
    return mul_div_down<A>(collateral, price, A::of(oracle_price_scale()));
}

/// The debt up to which the position is healthy; equality is healthy. Morpho._isHealthy.
template <class A>
[[nodiscard]] typename A::Number max_borrow(const typename A::Number& value,
                                            const typename A::Number& lltv) {
    return mul_div_down<A>(value, lltv, A::of(core::wad()));
}

/// min(1.15, 1 / (1 - 0.3 (1 - LLTV))), what a liquidator's repayment is multiplied by to give the
/// collateral; 1e18 is one, each step rounded down. Morpho.liquidate, ConstantsLib. An LLTV over
/// one, which no market can have, throws std::range_error.
[[nodiscard]] inline U256 liquidation_incentive(const U256& lltv) {
    const U256 cursor = core::wad() / 10 * 3;
    const U256 incentive_max = core::wad() / 100 * 115;
    const U256 discount = core::wad_mul<Rounding::Down>(cursor, U256(core::wad() - lltv));
    return std::min<U256>(incentive_max,
                          core::wad_div<Rounding::Down>(core::wad(), U256(core::wad() - discount)));
}

/// What a liquidator pays for collateral: ceil of its value over the incentive. Morpho.liquidate.
template <class A>
[[nodiscard]] typename A::Number repaid_for(const typename A::Number& seized,
                                            const typename A::Number& price,
                                            const typename A::Number& incentive) {
    return mul_div_up<A>(mul_div_up<A>(seized, price, A::of(oracle_price_scale())),
                         A::of(core::wad()), incentive);
}
/// What collateral a liquidator gets for repaid assets, rounded down. Morpho.liquidate.
template <class A>
[[nodiscard]] typename A::Number seized_for(const typename A::Number& repaid,
                                            const typename A::Number& price,
                                            const typename A::Number& incentive) {
    return mul_div_down<A>(mul_div_down<A>(repaid, incentive, A::of(core::wad())),
                           A::of(oracle_price_scale()), price);
}

/// `value` where it fits a uint128; throws std::overflow_error where the contract's cast or checked
/// addition reverts. UtilsLib.toUint128.
[[nodiscard]] inline const U256& fit_128(const U256& value) {
    static const U256 limit = (U256(1) << 128U) - 1;
    if (value > limit) {
        throw std::overflow_error("a value does not fit the 128 bits that the contract keeps");
    }
    return value;
}

}  // namespace margrave::adapters::morpho_blue
