#pragma once

#include <vector>

#include "margin/action.hpp"
#include "report/rescue.hpp"
#include "risk/rescue.hpp"

namespace margrave::app {

/// ERC-20 approve(spender, amount), unsigned.
[[nodiscard]] margin::UnsignedCall approve_call(const margin::Approval& approval);

/// What the plan's own wallet signs, approvals first; those of one token for one spender are one.
/// Nothing of a bundle with a flash loan: a contract of its own has to make it.
[[nodiscard]] report::PlanCalls calls_of(const risk::RescuePlan& plan);

}  // namespace margrave::app
