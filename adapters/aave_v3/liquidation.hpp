#pragma once

#include <cstdint>

#include "adapters/aave_v3/behaviour.hpp"
#include "core/u256.hpp"

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

/// An amount of an asset is worth floor(amount * price / unit) in base currency, unless said
/// otherwise.
struct PricedAsset {
    core::U256 price;  ///< base currency, for a whole token
    core::U256 unit;   ///< 10^decimals
};

/// What decides how much of a debt one call may repay.
struct CloseInputs {
    core::U256 reserve_debt;   ///< of the account in the debt asset, base units
    core::U256 collateral;     ///< of the account in the collateral asset, base units
    core::U256 total_debt;     ///< of the account, base currency
    core::U256 health_factor;  ///< wad
};

/// Until 3.2 half of the reserve's debt above a health factor of 0.95, else all of it. Since 3.3
/// all, unless it is above 0.95 and both sides are worth 2000e8 or more: then at most half of the
/// account's whole debt, counted in the debt asset.
[[nodiscard]] core::U256 liquidatable_debt(const LiquidationRules& rules, const CloseInputs& inputs,
                                           const PricedAsset& debt, const PricedAsset& collateral);

/// The terms on which collateral is sold.
struct SeizureTerms {
    PricedAsset debt;
    PricedAsset collateral;
    core::U256 bonus_bps;         ///< 10000 and the bonus
    core::U256 protocol_fee_bps;  ///< of the bonus
};

/// Base units.
struct Seizure {
    core::U256 repaid;
    core::U256 to_liquidator;
    core::U256 fee;
    core::U256 taken;  ///< both together
};

/// What repaying `repay` takes from a collateral of `balance`; repays less where it does not
/// suffice.
[[nodiscard]] Seizure seizure(const LiquidationRules& rules, const SeizureTerms& terms,
                              const core::U256& repay, const core::U256& balance);

/// Whether debt and collateral are both left, one of them worth less than 1000e8. Since 3.3.
[[nodiscard]] bool leaves_dust(const LiquidationRules& rules, const SeizureTerms& terms,
                               const core::U256& debt_left, const core::U256& collateral_left);

/// Shares of an amount of a supply that leaves the account: half-up, since 3.5 up.
[[nodiscard]] core::U256 supply_shares(const LiquidationRules& rules, const core::U256& amount,
                                       const core::U256& index);
/// Shares of an amount of a debt that is repaid: half-up, since 3.5 down.
[[nodiscard]] core::U256 debt_shares(const LiquidationRules& rules, const core::U256& amount,
                                     const core::U256& index);

}  // namespace margrave::adapters::aave_v3
