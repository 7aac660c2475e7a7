#include <fmt/format.h>

#include "core/text.hpp"
#include "core/time.hpp"
#include "report/number_text.hpp"
#include "report/rescue.hpp"

namespace margrave::report {
namespace {

std::string health_text(const margin::Health& health) {
    if (health.health_factor) {
        return health_factor_text(*health.health_factor);
    }
    return health.status == margin::Status::NoDebt ? "no debt" : "unknown";
}

std::string tokens_text(const risk::TokenAmount& tokens) {
    return fmt::format("{} {}", amount_text(tokens.amount, tokens.token.decimals),
                       core::printable(tokens.token.symbol));
}

const char* source_text(risk::Funds funds) {
    switch (funds) {
        case risk::Funds::Idle:
            return "from the wallet";
        case risk::Funds::Account:
            return "from what is withdrawn";
        case risk::Funds::Swap:
            return "from the swap";
        case risk::Funds::Outside:
            return "FROM OUTSIDE";
        case risk::Funds::Sale:
            return "from what is withdrawn";
        case risk::Funds::Flash:
            break;
    }
    return "from a flash loan";
}

std::string portions_text(const risk::RescueStep& step) {
    std::string out;
    for (const risk::Portion& portion : step.portions) {
        out += out.empty() ? " (" : ", ";
        if (step.portions.size() > 1) {
            out += amount_text(portion.amount, step.tokens.token.decimals) + " ";
        }
        out += source_text(portion.from);
    }
    return out.empty() ? out : out + ")";
}

std::string place_text(const risk::RescueAccount& account) {
    const margin::MarketName& name = account.market->name();
    return fmt::format(" from {}/{}", core::printable(name.protocol), core::printable(name.name));
}

/// Approvals stand in front of the step that needs them, so that a reader sees what they are for.
std::string step_lines(const risk::RescueStep& step, std::size_t number) {
    std::string out = fmt::format("    {}. {}{}, health {}\n", number, step_text(step),
                                  step.in_flash ? " [flash loan]" : "", health_text(step.after));
    if (!step.no_call_because.empty()) {
        out += fmt::format("       no calldata: {}\n", core::printable(step.no_call_because));
    }
    return out;
}

std::string cost_text(const risk::RescuePlan& plan) {
    std::string out = fmt::format("{} in {} transactions (gas {}, swaps {}), capital {}",
                                  usd_text(plan.cost()), plan.transactions, usd_text(plan.gas),
                                  usd_text(plan.swap_cost), usd_text(plan.capital));
    if (plan.uses_outside) {
        out += fmt::format(", {} of it from outside", usd_text(plan.outside));
    }
    return plan.has_unpriced ? out + ", unpriced tokens left out" : out;
}

std::string plan_text(const risk::RescuePlan& plan) {
    std::string out;
    std::size_t number = 0;
    for (const risk::RescueStep& step : plan.steps) {
        out += step_lines(step, ++number);
    }
    return out + fmt::format("    health {} now, {} at the end, {} when done at the end\n    {}\n",
                             health_text(plan.after), health_text(plan.after_at_end),
                             health_text(plan.after_late), cost_text(plan));
}

/// An alternative on one line.
std::string summary(const risk::RescuePlan& plan) {
    std::string steps;
    for (const risk::RescueStep& step : plan.steps) {
        steps += (steps.empty() ? "" : ", ") + step_text(step);
    }
    return fmt::format("    {}: {}{}\n", steps, cost_text(plan),
                       plan.needs_flash_loan ? ", needs a flash loan" : "");
}

std::string account_text(const risk::AccountRescue& rescue, const core::Wad& target) {
    const margin::MarketName& name = rescue.market->name();
    std::string out = fmt::format(
        "\n{} {}/{} on {}\n  health {}, {} at the end of the validity, target {}\n",
        rescue.market->wallet(rescue.row).to_string(), name.protocol, name.name, name.chain,
        health_text(rescue.now), health_text(rescue.at_end), health_factor_text(target));
    if (rescue.verdict == risk::RescueVerdict::NotNeeded) {
        return out + "  nothing to do\n";
    }
    if (rescue.plans.empty()) {
        out += fmt::format("  no plan: {}\n", core::printable(rescue.because));
    } else {
        out += "  plan\n" + plan_text(rescue.plans.front());
    }
    if (rescue.plans.size() > 1) {
        out += "  instead\n";
        for (std::size_t i = 1; i < rescue.plans.size(); ++i) {
            out += summary(rescue.plans[i]);
        }
    }
    if (!rescue.rejected.empty()) {
        out += "  not alone\n";
    }
    for (const risk::RejectedLever& lever : rescue.rejected) {
        out += fmt::format(
            "    {}: {}{}\n", core::printable(lever.what), lever.refusal.reason,
            lever.refusal.detail.empty() ? "" : ": " + core::printable(lever.refusal.detail));
    }
    if (!rescue.is_exhaustive) {
        out += "  the search stopped at its limit: a cheaper plan may exist\n";
    }
    return out;
}

}  // namespace

std::string step_text(const risk::RescueStep& step) {
    if (!step.action) {
        const std::string sold = tokens_text(*step.sold);
        const std::string bought = tokens_text(step.tokens);
        return step.place ? fmt::format("swap at most {} for {} at {}", sold, bought,
                                        margin::to_string(step.place->venue))
                          : fmt::format("swap {} for {}", sold, bought);
    }
    const bool is_all = !step.action->amount;
    const std::string tokens = tokens_text(step.tokens);
    const std::string portions = portions_text(step);
    switch (step.action->kind) {
        case margin::ActionKind::SetEmode:
            return fmt::format("e-mode {}", step.action->category);
        case margin::ActionKind::SetCollateral:
            return fmt::format("enable {} as collateral",
                               core::printable(step.tokens.token.symbol));
        case margin::ActionKind::Repay:
            return fmt::format("repay {}{}{}", is_all ? "everything, " : "", tokens, portions);
        case margin::ActionKind::Borrow:
            return "borrow " + tokens;
        case margin::ActionKind::Withdraw:
        case margin::ActionKind::WithdrawCollateral:
            return "withdraw " + tokens + (step.elsewhere ? place_text(*step.elsewhere) : "");
        default:
            return "add " + tokens + portions;
    }
}

std::string to_text(const RescueReport& report) {
    const risk::RescueOptions& options = report.options;
    std::string out = fmt::format(
        "Target {} for {}. Assumed: a swap costs {} where no pool serves it, a transaction {}.\n",
        health_factor_text(options.target), core::format_duration(options.valid_for_s),
        bps_text(options.swap_cost.value()), usd_text(options.gas));
    if (report.accounts.empty()) {
        out += report.gaps.empty()
                   ? "\nNo account: the wallets hold nothing in the protocols that were read.\n"
                   : "\nNo account was found, and not all could be read: see the gaps.\n";
    }
    for (const RescuedAccount& account : report.accounts) {
        out += account_text(account.rescue, options.target);
    }
    if (report.accounts.size() > 1) {
        out +=
            fmt::format("\nAll plans: {} of gas, {} of swaps, {} from outside.\n",
                        usd_text(report.gas), usd_text(report.swap_cost), usd_text(report.outside));
    }
    for (const snapshot::CoverageGap& gap : report.gaps) {
        out += fmt::format("\ngap: {}\n", core::printable(gap.detail));
    }
    return out;
}

}  // namespace margrave::report
