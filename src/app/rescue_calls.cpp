#include "app/rescue_calls.hpp"

#include <algorithm>

#include "chains/abi.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"

namespace margrave::app {
namespace {

using Approve = chains::abi::Function<"approve", bool(core::Address, core::U256)>;

std::vector<margin::Approval> approvals_of(const risk::RescuePlan& plan) {
    std::vector<margin::Approval> out;
    for (const risk::RescueStep& step : plan.steps) {
        for (const margin::Approval& approval : step.approvals) {
            const auto same =
                std::find_if(out.begin(), out.end(), [&](const margin::Approval& other) {
                    return other.token == approval.token && other.spender == approval.spender;
                });
            if (same == out.end()) {
                out.push_back(approval);
            } else {
                same->amount += approval.amount;
            }
        }
    }
    return out;
}

}  // namespace

margin::UnsignedCall approve_call(const margin::Approval& approval) {
    return {.to = approval.token,
            .value = 0,
            .data = Approve::encode(approval.spender, approval.amount),
            .what = "approve " + core::to_decimal(approval.amount) + " base units of " +
                    approval.token.to_string() + " for " + approval.spender.to_string()};
}

report::PlanCalls calls_of(const risk::RescuePlan& plan) {
    report::PlanCalls out;
    if (plan.needs_flash_loan) {
        out.not_encoded.emplace_back("the bundle with its flash loan");
        return out;
    }
    for (const margin::Approval& approval : approvals_of(plan)) {
        out.calls.push_back(approve_call(approval));
    }
    for (const risk::RescueStep& step : plan.steps) {
        if (step.call) {
            out.calls.push_back(*step.call);
        } else {
            out.not_encoded.push_back(report::step_text(step));
        }
    }
    return out;
}

}  // namespace margrave::app
