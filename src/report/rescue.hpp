#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "margin/action.hpp"
#include "risk/rescue.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// What the wallet would sign for a plan, in this order: approvals first.
struct PlanCalls {
    std::vector<margin::UnsignedCall> calls;
    std::vector<std::string> not_encoded;  ///< steps without a call; the plan needs them too
};

struct RescuedAccount {
    risk::AccountRescue rescue;
    std::vector<PlanCalls> calls;  ///< of each plan
};

/// The answer of `margrave rescue`.
struct RescueReport {
    risk::RescueOptions options;
    std::vector<RescuedAccount> accounts;  ///< the most urgent first
    core::Usd gas;                         ///< of the first plans together
    core::Usd swap_cost;
    core::Usd outside;
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.rescue/1" (docs/rescue.md), with a final newline.
[[nodiscard]] std::string to_json(const RescueReport& report);
/// For a person in a terminal.
[[nodiscard]] std::string to_text(const RescueReport& report);

/// A step in words: "repay 1,200.00 USDC (from the wallet)".
[[nodiscard]] std::string step_text(const risk::RescueStep& step);

}  // namespace margrave::report
