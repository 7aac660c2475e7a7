#include "core/hex.hpp"
#include "report/json_fields.hpp"
#include "report/names.hpp"
#include "report/rescue.hpp"

namespace margrave::report {
namespace {

Json usd(const core::Usd& value) {
    return core::format_fixed(value.value(), kWadDecimals, kWadDecimals);
}

const char* verdict_name(risk::RescueVerdict verdict) {
    switch (verdict) {
        case risk::RescueVerdict::NotNeeded:
            return "not_needed";
        case risk::RescueVerdict::Planned:
            return "planned";
        case risk::RescueVerdict::Unreachable:
            return "unreachable";
        case risk::RescueVerdict::Unknown:
            break;
    }
    return "unknown";
}

const char* funds_name(risk::Funds funds) {
    switch (funds) {
        case risk::Funds::Idle:
            return "idle";
        case risk::Funds::Account:
            return "account";
        case risk::Funds::Swap:
            return "swap";
        case risk::Funds::Outside:
            return "outside";
        case risk::Funds::Sale:
            return "sale";
        case risk::Funds::Flash:
            break;
    }
    return "flash";
}

const char* action_name(const risk::RescueStep& step) {
    if (!step.action) {
        return "swap";
    }
    switch (step.action->kind) {
        case margin::ActionKind::Supply:
            return "supply";
        case margin::ActionKind::Withdraw:
            return "withdraw";
        case margin::ActionKind::SupplyCollateral:
            return "supply_collateral";
        case margin::ActionKind::WithdrawCollateral:
            return "withdraw_collateral";
        case margin::ActionKind::Borrow:
            return "borrow";
        case margin::ActionKind::Repay:
            return "repay";
        case margin::ActionKind::SetCollateral:
            return "enable_collateral";
        case margin::ActionKind::SetEmode:
            break;
    }
    return "set_emode";
}

Json health_json(const margin::Health& health) {
    return {{"status", to_string(health.status)},
            {"health_factor", decimal(health.health_factor)},
            {"health_factor_raw", raw(health.health_factor)}};
}

Json tokens_json(const risk::TokenAmount& tokens) {
    return {{"asset", address_or_null(tokens.token.address)},
            {"symbol", tokens.token.symbol},
            {"decimals", tokens.token.decimals},
            {"amount_raw", raw(tokens.amount)},
            {"value_usd", dollars(tokens.value)}};
}

Json call_json(const margin::UnsignedCall& call) {
    return {{"to", call.to.to_string()},
            {"value", raw(call.value)},
            {"data", core::to_hex(call.data)},
            {"what", call.what}};
}

Json approval_json(const margin::Approval& approval) {
    return {{"token", approval.token.to_string()},
            {"spender", approval.spender.to_string()},
            {"amount_raw", raw(approval.amount)}};
}

Json portion_json(const risk::Portion& portion) {
    return {{"source", funds_name(portion.from)}, {"amount_raw", raw(portion.amount)}};
}

Json account_name(const risk::RescueAccount& account) {
    const margin::MarketName& name = account.market->name();
    return {{"protocol", name.protocol}, {"market", name.name}};
}

Json step_json(const risk::RescueStep& step) {
    const bool is_emode = step.action && step.action->kind == margin::ActionKind::SetEmode;
    const bool is_switch =
        is_emode || (step.action && step.action->kind == margin::ActionKind::SetCollateral);
    Json out{{"action", action_name(step)},
             {"account", step.elsewhere ? account_name(*step.elsewhere) : Json()}};
    out.update(tokens_json(step.tokens));
    if (is_emode) {
        out["asset"] = Json();
    }
    if (is_switch) {
        out["amount_raw"] = Json();
    }
    // The contract's own word for "everything", which still fits when interest has been added.
    out["is_all"] = step.action && !is_switch && !step.action->amount;
    out["emode_category"] = is_emode ? Json(std::to_string(step.action->category)) : Json();
    out["from"] = list(step.portions, portion_json);
    out["sold"] = step.sold ? tokens_json(*step.sold) : Json();
    out["pool"] = step.place ? Json{{"kind", step.place->venue.kind},
                                    {"address", step.place->venue.address.to_string()},
                                    {"quoted_raw", raw(step.place->quoted)}}
                             : Json();
    out["in_flash_loan"] = step.in_flash;
    out["after"] = health_json(step.after);
    out["approvals"] = list(step.approvals, approval_json);
    out["call"] = step.call ? call_json(*step.call) : Json();
    out["no_call_because"] = text_or_null(step.no_call_because);
    return out;
}

Json plan_json(const risk::RescuePlan& plan, const PlanCalls& calls) {
    return {{"steps", list(plan.steps, step_json)},
            {"needs_flash_loan", plan.needs_flash_loan},
            {"needs_outside_funds", plan.uses_outside},
            {"transactions", plan.transactions},
            {"cost_usd", usd(plan.cost())},
            {"gas_usd", usd(plan.gas)},
            {"swap_cost_usd", usd(plan.swap_cost)},
            {"capital_usd", usd(plan.capital)},
            {"outside_usd", usd(plan.outside)},
            {"has_unpriced", plan.has_unpriced},
            {"after", health_json(plan.after)},
            {"after_at_end", health_json(plan.after_at_end)},
            {"after_late", health_json(plan.after_late)},
            {"calls", list(calls.calls, call_json)},
            {"not_encoded", calls.not_encoded}};
}

Json rejected_json(const risk::RejectedLever& lever) {
    return {{"what", lever.what},
            {"reason", lever.refusal.reason},
            {"detail", text_or_null(lever.refusal.detail)}};
}

Json account_json(const RescuedAccount& account) {
    const risk::AccountRescue& rescue = account.rescue;
    const margin::MarketName& name = rescue.market->name();
    Json alternatives = Json::array();
    for (std::size_t i = 1; i < rescue.plans.size(); ++i) {
        alternatives.push_back(plan_json(rescue.plans[i], account.calls.at(i)));
    }
    return {{"chain", name.chain},
            {"protocol", name.protocol},
            {"market", name.name},
            {"wallet", rescue.market->wallet(rescue.row).to_string()},
            {"verdict", verdict_name(rescue.verdict)},
            {"because", text_or_null(rescue.because)},
            {"now", health_json(rescue.now)},
            {"at_end", health_json(rescue.at_end)},
            {"plan", rescue.plans.empty() ? Json()
                                          : plan_json(rescue.plans.front(), account.calls.front())},
            {"alternatives", std::move(alternatives)},
            {"rejected", list(rescue.rejected, rejected_json)},
            {"exhaustive", rescue.is_exhaustive}};
}

}  // namespace

std::string to_json(const RescueReport& report) {
    const risk::RescueOptions& options = report.options;
    return printed({{"schema", "margrave.rescue/1"},
                    {"target", decimal(options.target)},
                    {"target_raw", raw(options.target.value())},
                    {"valid_for_s", options.valid_for_s},
                    {"assumptions",
                     {{"swap_cost_bps", options.swap_cost.value()},
                      {"slippage_bps", options.slippage.value()},
                      {"gas_usd", usd(options.gas)},
                      {"idle_only", options.idle_only}}},
                    {"accounts", list(report.accounts, account_json)},
                    {"total",
                     {{"cost_usd", usd(report.gas + report.swap_cost)},
                      {"gas_usd", usd(report.gas)},
                      {"swap_cost_usd", usd(report.swap_cost)},
                      {"outside_usd", usd(report.outside)}}},
                    {"gaps", list(report.gaps, gap_json)}});
}

}  // namespace margrave::report
