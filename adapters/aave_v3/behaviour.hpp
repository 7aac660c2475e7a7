#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace margrave::adapters::aave_v3 {

/// How the debt index grows between two updates (MathUtils.calculateCompoundedInterest).
enum class DebtGrowth {
    Binomial,  ///< three terms of (1 + r)^n
    Taylor,    ///< three terms of e^(r n)
};

/// What an e-mode category is.
enum class EmodeKind {
    OnePerAsset,  ///< the reserve names its category, which may have a price source of its own
    Bitmaps,      ///< the category names its reserves; LTV only where the reserve's own is not zero
    OwnTerms,     ///< the same, independent of the reserve's own LTV and threshold
};

/// Whether the pool counts a reserve's underlying itself, apart from what the aToken holds.
enum class VirtualBalance { None, ByFlag, Always };

/// One generation of the protocol's arithmetic, a row of the table in behaviour.cpp.
struct Behaviour {
    std::string_view name;  ///< "3.0" … "3.7", as in configuration
    DebtGrowth debt_growth;
    EmodeKind emode;
    /// Since 3.5: aToken balances down, debt balances and debt values up, health from the unrounded
    /// sum.
    bool rounds_against_user;
    bool has_stable_debt;
    bool has_grace_period;
    bool has_sentinel;
    /// 3.3: the debt of a reserve without virtual accounting (GHO) is its debt token's balanceOf.
    bool values_non_virtual_debt_by_balance;
    bool has_isolated_emodes;
    VirtualBalance virtual_balance;
    bool has_deficit;        ///< since 3.3: debt without collateral is written off when it arises
    std::string_view proof;  ///< how margrave's arithmetic for it is proven
};

[[nodiscard]] std::span<const Behaviour> behaviours();
/// nullptr for a name that is not in the table.
[[nodiscard]] const Behaviour* find_behaviour(std::string_view name);

}  // namespace margrave::adapters::aave_v3
