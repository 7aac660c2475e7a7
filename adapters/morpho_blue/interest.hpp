#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>

#include "adapters/morpho_blue/rules.hpp"

/// How a Morpho market's debt grows. All rates are of one second, 1e18 is one.
namespace margrave::adapters::morpho_blue {

using I256 = boost::multiprecision::checked_int256_t;

/// What all accounts of a market share, as the contract stores it: as of `last_update`.
struct Totals {
    U256 supply_assets;
    U256 supply_shares;
    U256 borrow_assets;
    U256 borrow_shares;

    [[nodiscard]] ShareTotals<Exact> supply() const { return {supply_assets, supply_shares}; }
    [[nodiscard]] ShareTotals<Exact> borrow() const { return {borrow_assets, borrow_shares}; }
};

/// e^(rate * seconds) - 1 by its first three terms, each rounded down. MathLib.wTaylorCompounded.
[[nodiscard]] U256 taylor_growth(const U256& rate, std::uint64_t seconds);

/// What the fee took of an accrual.
struct Accrual {
    Totals totals;
    U256 interest;
    U256 fee_shares;  ///< to the fee recipient, without an event of their own
};

/// `totals` after `seconds` at `rate`; `fee` is the part of the interest that the protocol keeps,
/// 1e18 is one. Throws std::overflow_error where the contract would revert. Morpho._accrueInterest.
[[nodiscard]] Accrual accrue(const Totals& totals, const U256& rate, const U256& fee,
                             std::uint64_t seconds);

/// e^x in 1e18 fixed point, by a second-order polynomial around multiples of ln 2; 0 far below and
/// constant far above. ExpLib.wExp of morpho-org/morpho-blue-irm@a1a87fd.
[[nodiscard]] I256 w_exp(const I256& x);

/// The borrow rate over a span of time and the rate at target at its end.
struct AdaptiveRate {
    U256 average;
    U256 end_rate_at_target;
};

/// AdaptiveCurveIrm._borrowRate of morpho-org/morpho-blue-irm@a1a87fd: `seconds` since the last
/// update, of which `totals` are; a stored rate at target of 0 is a market's first interaction.
[[nodiscard]] AdaptiveRate adaptive_rate(const U256& rate_at_target, const Totals& totals,
                                         std::uint64_t seconds);

}  // namespace margrave::adapters::morpho_blue
