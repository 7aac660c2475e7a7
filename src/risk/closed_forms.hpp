#pragma once

#include <optional>
#include <span>
#include <vector>

namespace margrave::risk {

// What restores one lending account, in doubles and one unit of value: first guesses for the exact
// search, and figures to check it against. All follow from HF = weighted collateral / debt. For a
// target that must hold after a fall d of every collateral, weight the collateral by 1 - d first.

struct LendingAccount {
    double weighted_collateral = 0;  ///< sum of collateral value times liquidation threshold
    double debt = 0;
};

/// (h D - LTC) / h: what repaid reaches the target h; negative when it holds already.
[[nodiscard]] double repay_for(const LendingAccount& account, double target);
/// (h D - LTC) / LT: what reaches it as collateral of the threshold LT.
[[nodiscard]] double add_collateral_for(const LendingAccount& account, double target,
                                        double threshold);
/// (h D - LTC) / (h - LT (1 + s)): what repaid reaches it when collateral of threshold LT and
/// (1 + s) times the value is sold for it. nullopt when selling lowers the health, or never gets
/// there.
[[nodiscard]] std::optional<double> sell_to_repay_for(const LendingAccount& account, double target,
                                                      double threshold, double swap_cost);
/// (LTC - D) / (LT_v C_v): the fall of one collateral, weighted `weighted_volatile` today, at which
/// the account fails; 0 when it does already, nullopt when no fall does it.
[[nodiscard]] std::optional<double> fall_to_liquidation(const LendingAccount& account,
                                                        double weighted_volatile);

/// One budget over several accounts.
struct Funding {
    double lowest_health = 0;   ///< the lowest health factor afterwards; infinity without any debt
    std::vector<double> repay;  ///< of each account, in their order; sums to at most the budget
};

/// Repayments that make the lowest health factor as high as the budget can (water-filling): the
/// funded accounts F share h = sum LTC / (sum D - budget). O(n log n).
[[nodiscard]] Funding water_fill(std::span<const LendingAccount> accounts, double budget);

}  // namespace margrave::risk
