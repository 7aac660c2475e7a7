#include "report/json_fields.hpp"
#include "report/liquidation.hpp"
#include "report/names.hpp"

namespace margrave::report {
namespace {

Json signed_decimal(const std::optional<margin::SignedWad>& value) {
    if (!value) {
        return {};
    }
    const bool is_negative = value->negative && value->magnitude.value() != 0;
    return std::string(is_negative ? "-" : "") +
           core::format_fixed(value->magnitude.value(), kWadDecimals, kWadDecimals);
}

Json leg_json(const margin::Leg& leg) {
    return {{"asset", leg.asset.to_string()},
            {"symbol", leg.symbol},
            {"decimals", leg.decimals},
            {"side", to_string(leg.side)},
            {"amount_raw", raw(leg.amount)}};
}

/// Without knowing the account, or the protocol's rules, nothing can be said of the contract.
bool is_unknown(const margin::Refusal& refusal) {
    return refusal.reason == "unknown" || refusal.reason == "not_modelled";
}

Json trial_json(const margin::LiquidationTrial& trial) {
    const bool done = trial.outcome.has_value();
    // A refused call moves nothing.
    const margin::LiquidationOutcome outcome = done ? *trial.outcome : margin::LiquidationOutcome{};
    const Json eligible = !done && is_unknown(trial.outcome.error()) ? Json() : Json(done);
    return {{"collateral", trial.pair.collateral.to_string()},
            {"collateral_symbol", trial.pair.collateral_symbol},
            {"debt", trial.pair.debt.to_string()},
            {"debt_symbol", trial.pair.debt_symbol},
            {"eligible", eligible},
            {"reason", done ? Json() : Json(trial.outcome.error().reason)},
            {"detail", done ? Json() : text_or_null(trial.outcome.error().detail)},
            {"repaid_raw", raw(outcome.repaid)},
            {"seized_raw", raw(outcome.seized)},
            {"fee_raw", raw(outcome.fee)},
            {"collateral_lost_raw", raw(outcome.seized + outcome.fee)},
            {"bad_debt_raw", raw(outcome.bad_debt)},
            {"deficits_raw", deficits_json(outcome.deficits)},
            {"profit", signed_decimal(trial.profit)},
            {"after",
             {{"status", to_string(trial.after.status)},
              {"collateral_raw", raw(trial.after.collateral)},
              {"debt_raw", raw(trial.after.debt)},
              {"health_factor", decimal(trial.after.health_factor)},
              {"health_factor_raw", raw(trial.after.health_factor)},
              {"legs", list(trial.legs_after, leg_json)}}}};
}

}  // namespace

std::string to_json(const LiquidationReport& report) {
    Json json{{"schema", report.is_one_call ? "margrave.liquidation/1" : "margrave.liquidations/1"},
              {"chain", report.market.chain},
              {"protocol", report.market.protocol},
              {"market", report.market.name},
              {"wallet", report.wallet.to_string()},
              {"quote", report.quote}};
    if (report.is_one_call) {
        json.update(trial_json(report.trials.front()));
    } else {
        json["options"] = list(report.trials, trial_json);
    }
    json["gaps"] = list(report.gaps, gap_json);
    return printed(json);
}

}  // namespace margrave::report
