#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "report/liquidation.hpp"
#include "report/number_text.hpp"

namespace margrave::report {
namespace {

unsigned decimals_of(const margin::LiquidationTrial& trial, const core::Address& asset) {
    const auto leg = std::find_if(trial.legs_after.begin(), trial.legs_after.end(),
                                  [&](const margin::Leg& one) { return one.asset == asset; });
    return leg == trial.legs_after.end() ? 0 : leg->decimals;
}

std::string amount(const margin::LiquidationTrial& trial, const core::Address& asset,
                   const std::string& symbol, const core::U256& value) {
    // An asset that is gone afterwards has no leg to say its decimals: base units then.
    const unsigned decimals = decimals_of(trial, asset);
    return decimals == 0 ? fmt::format("{} base units of {}", core::to_decimal(value), symbol)
                         : fmt::format("{} {}", amount_text(value, decimals), symbol);
}

std::string health_text(const margin::Health& health) {
    if (health.health_factor) {
        return health_factor_text(*health.health_factor);
    }
    return health.status == margin::Status::NoDebt ? "no debt" : "unknown";
}

std::string profit_text(const margin::LiquidationTrial& trial, const std::string& quote) {
    if (!trial.profit) {
        return "unknown";
    }
    const bool is_negative = trial.profit->negative && trial.profit->magnitude.value() != 0;
    constexpr unsigned kDecimals = 18;
    constexpr unsigned kDigits = 2;
    return fmt::format("{}{} {}", is_negative ? "-" : "",
                       grouped(trial.profit->magnitude.value(), kDecimals, kDigits), quote);
}

std::string trial_text(const margin::LiquidationTrial& trial, const std::string& quote) {
    const std::string collateral = core::printable(trial.pair.collateral_symbol);
    const std::string debt = core::printable(trial.pair.debt_symbol);
    std::string out = fmt::format("\n{} for {}\n", debt, collateral);
    if (!trial.outcome) {
        const margin::Refusal& refusal = trial.outcome.error();
        return out + fmt::format("  refused: {}{}{}\n", refusal.reason,
                                 refusal.detail.empty() ? "" : ": ", refusal.detail);
    }
    const margin::LiquidationOutcome& done = *trial.outcome;
    const auto of = [&](const core::Address& asset, const std::string& symbol,
                        const core::U256& value) { return amount(trial, asset, symbol, value); };
    out += fmt::format("  repaid          {}\n", of(trial.pair.debt, debt, done.repaid));
    out +=
        fmt::format("  seized          {}\n", of(trial.pair.collateral, collateral, done.seized));
    out += fmt::format("  protocol's fee  {}\n", of(trial.pair.collateral, collateral, done.fee));
    for (const margin::Deficit& deficit : done.deficits) {
        out += fmt::format("  written off     {} base units of {}\n",
                           core::to_decimal(deficit.amount), core::printable(deficit.symbol));
    }
    out += fmt::format("  profit          {} (at oracle prices, before gas and sale)\n",
                       profit_text(trial, quote));
    out += fmt::format("  health after    {}\n", health_text(trial.after));
    return out;
}

}  // namespace

std::string to_text(const LiquidationReport& report) {
    std::string out = fmt::format("{} {}/{} on {}\n", report.wallet.to_string(),
                                  report.market.protocol, report.market.name, report.market.chain);
    if (report.trials.empty()) {
        out += "\nNo pair to liquidate: it has no collateral, no debt, or could not be read.\n";
    }
    for (const margin::LiquidationTrial& trial : report.trials) {
        out += trial_text(trial, report.quote);
    }
    for (const snapshot::CoverageGap& gap : report.gaps) {
        out += fmt::format("\ngap: {}\n", core::printable(gap.detail));
    }
    return out;
}

}  // namespace margrave::report
