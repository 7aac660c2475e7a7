#pragma once

#include <cstddef>
#include <vector>

#include "core/u256.hpp"

/// The StableSwap invariant in the integers of Curve's contracts. Sources, all of curvefi:
/// curve-contract@15e303a contracts/pools/3pool/StableSwap3Pool.vy (Early),
/// curve-contract@186d11e contracts/pool-templates/base/SwapTemplateBase.vy (Template),
/// stableswap-ng@0057a71 contracts/main/CurveStableSwapNG.vy (Ng).
namespace margrave::adapters::curve {

/// How a generation computes. Early: A without decimals, and get_dy takes the fee after scaling.
/// Template: A with two decimals. Ng: those too, D's product divided once, and a fee that grows off
/// the peg.
enum class Generation { Early, Template, Ng };

/// What decides a swap, at one block.
struct StablePool {
    Generation generation = Generation::Template;
    std::vector<core::U256> balances;  ///< base units, without the administrator's share
    std::vector<core::U256> rates;     ///< 1e36 / 10^decimals, times an oracle's rate in Ng
    core::U256 amp;                    ///< A; times 100 but in Early
    core::U256 fee;                    ///< 1e10 is one
    core::U256 admin_fee;              ///< of the fee; 1e10 is one
    core::U256 offpeg_multiplier;      ///< of Ng; 1e10 is one
};

struct CoinPair {
    std::size_t sell = 0;
    std::size_t buy = 0;  ///< another one
};

/// floor(rate * balance / 1e18) of each coin.
[[nodiscard]] std::vector<core::U256> scaled_balances(const StablePool& pool);
/// The invariant. Throws std::overflow_error where the contract reverts, by division by 0 or
/// because it does not converge.
[[nodiscard]] core::U256 invariant(const StablePool& pool, const std::vector<core::U256>& scaled);

struct StableOutcome {
    core::U256 bought;
    core::U256 admin;  ///< of what is bought, the administrator's
};

/// What `exchange` pays out for `amount`, and what else leaves the balances. Throws as the contract
/// reverts.
[[nodiscard]] StableOutcome exchange(const StablePool& pool, const CoinPair& coins,
                                     const core::U256& amount);
/// The contract's own view, which in Early rounds otherwise than `exchange` pays.
[[nodiscard]] core::U256 get_dy(const StablePool& pool, const CoinPair& coins,
                                const core::U256& amount);

}  // namespace margrave::adapters::curve
