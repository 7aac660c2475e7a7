#pragma once

#include "adapters/aave_v3/state.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"

/// How a reserve's own state moves: its indexes and its treasury's share up to a moment, its rates
/// after whatever changed it. Every transition, a user's or a liquidator's, goes through these
/// three. Where the contract's arithmetic would revert they throw, as core::U256 does.
namespace margrave::adapters::aave_v3 {

/// Base units that come into a reserve or leave it.
struct Flow {
    core::U256 added;
    core::U256 taken;
};

/// Rates a year, in ray.
struct Rates {
    core::U256 liquidity;
    core::U256 variable_borrow;
};

/// What an interest rate strategy looks at, in base units after the change.
struct RateInputs {
    core::U256 liquidity;
    core::U256 variable_debt;
    core::U256 stable_debt;
    core::U256 average_stable_rate;  ///< ray
    core::U256 unbacked;             ///< what bridges and, since 3.3, deficits leave uncovered
    std::uint64_t reserve_factor_bps = 0;
};

/// With base b, slopes s1 and s2, optimum o, u = debt / (liquidity + debt) and v = debt /
/// (liquidity + debt + unbacked): r = b + s1 * u / o up to o, else b + s1 + s2 * (u - o) / (1 - o);
/// lenders earn r * v * (1 - reserve factor). Each step half-up in ray. Until 3.1 r is replaced for
/// the lenders by its mean with the stable rate, weighted by debt, which rounds on its own even
/// without stable debt. Source: DefaultReserveInterestRateStrategy.calculateInterestRates of
/// aave-v3-core@v1.19.3, DefaultReserveInterestRateStrategyV2 of aave-v3-origin.
[[nodiscard]] Rates interest_rates(const Behaviour& behaviour, const RateParameters& parameters,
                                   const RateInputs& inputs);

/// All variable debt at the reserve's stored index: half-up, since 3.5 up.
[[nodiscard]] core::U256 total_variable_debt(const Behaviour& behaviour, const Reserve& reserve);
/// All stable debt at `now`; 0 where there is none.
[[nodiscard]] core::U256 total_stable_debt(const Behaviour& behaviour, const Reserve& reserve,
                                           core::Timestamp now);
/// What lenders hold together at the reserve's stored index: half-up, since 3.5 down.
[[nodiscard]] core::U256 total_supply(const Behaviour& behaviour, const Reserve& reserve);

/// What a withdrawal or a borrow can take: the pool's own count of the underlying, or what the
/// aToken holds. Needs `totals`.
[[nodiscard]] core::U256 free_liquidity(const Reserve& reserve);

/// Brings the indexes and the treasury's share to `now`; nothing when they are there. Needs
/// `totals`. Source: ReserveLogic.updateState, _updateIndexes, _accrueToTreasury.
void update_state(const Behaviour& behaviour, Reserve& reserve, core::Timestamp now);

/// The rates after `flow`, and the flow itself. The reserve is at `now` and its debt is changed
/// already. The caller has seen that free_liquidity() covers what is taken. A strategy that does
/// not tell its parameters leaves the rates as they were. Source:
/// ReserveLogic.updateInterestRates, since 3.1 updateInterestRatesAndVirtualBalance.
void update_rates(const Behaviour& behaviour, Reserve& reserve, core::Timestamp now,
                  const Flow& flow);

}  // namespace margrave::adapters::aave_v3
