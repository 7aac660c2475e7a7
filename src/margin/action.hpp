#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::margin {

/// What the owner of an account can do to it. Where a protocol keeps what is lent apart from what
/// is posted, Supply and Withdraw are of the lent side; elsewhere they are the only ones.
enum class ActionKind {
    Supply,
    Withdraw,
    SupplyCollateral,
    WithdrawCollateral,
    Borrow,
    Repay,
    SetCollateral,  ///< enables or disables a supply as collateral
    SetEmode,
};

struct Action {
    ActionKind kind = ActionKind::Repay;
    core::Address asset;  ///< not for SetEmode
    /// Base units; nullopt is everything there is, where the contract knows that: of a debt, of a
    /// supply.
    std::optional<core::U256> amount;
    bool enable = true;          ///< of SetCollateral
    std::uint64_t category = 0;  ///< of SetEmode; 0 leaves
};

/// What moved, in base units of the asset; 0 for a flag.
struct ActionOutcome {
    core::U256 amount;
};

/// A change to a market's own parameters that no user can make.
struct ParameterShock {
    enum class Kind {
        BorrowRate,            ///< of one asset: `value` a year in ray, from now on
        LiquidationThreshold,  ///< of one asset: `value` in basis points, in every e-mode too
        Pause,                 ///< of one asset; of the market without an asset
    };
    Kind kind = Kind::Pause;
    std::optional<core::Address> asset;
    core::U256 value;
};

/// An unsigned call that carries out an action. margrave never signs or sends one.
struct UnsignedCall {
    core::Address to;
    core::U256 value;  ///< wei
    std::vector<std::uint8_t> data;
    std::string what;  ///< "repay 10000 USDC at aave_v3/core"
};

/// An ERC-20 approval that a call needs first.
struct Approval {
    core::Address token;
    core::Address spender;
    core::U256 amount;
};

/// The call for an action with the approvals that must stand before it.
struct ActionCalls {
    std::vector<Approval> approvals;
    UnsignedCall call;
};

}  // namespace margrave::margin
