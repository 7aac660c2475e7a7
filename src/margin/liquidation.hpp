#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::margin {

/// Why a protocol's contract would revert a call, under a name that docs/errors.md lists.
struct Refusal {
    std::string reason;  ///< "healthy", "paused", "dust_left" …
    std::string detail;  ///< one sentence with the numbers, for a person; may be empty
};

/// One liquidation as a liquidator would call it. At most one of the three sizes is set; without
/// any, it is as much as the contract allows.
struct LiquidationCall {
    core::Address collateral;
    core::Address debt;
    std::optional<core::U256> repay;         ///< base units of the debt asset
    std::optional<core::U256> repay_shares;  ///< only where debts are counted in shares
    std::optional<core::U256>
        seize;                    ///< base units of collateral, only where the contract takes it
    bool receive_shares = false;  ///< take the collateral as shares of the pool
};

/// A debt that a liquidation writes off.
struct Deficit {
    core::Address asset;
    std::string symbol;
    core::U256 amount;  ///< base units
};

/// What a liquidation did, in base units of the underlying assets.
struct LiquidationOutcome {
    core::U256 repaid;              ///< of the debt asset, as the contract's event says
    core::U256 seized;              ///< of the collateral asset, to the liquidator
    core::U256 fee;                 ///< of the collateral asset, to the protocol's treasury
    core::U256 bad_debt;            ///< written off in the repaid asset
    std::vector<Deficit> deficits;  ///< everything that is written off, the repaid asset included
};

/// A collateral and a debt that one call may liquidate together.
struct LiquidationPair {
    core::Address collateral;
    std::string collateral_symbol;
    core::Address debt;
    std::string debt_symbol;
};

}  // namespace margrave::margin
