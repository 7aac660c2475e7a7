#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "report/account_text.hpp"
#include "report/names.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"
#include "report/whatif.hpp"

namespace margrave::report {
namespace {

std::string effect_text(const risk::StepEffect& effect) {
    const std::string where =
        fmt::format("{} {}", market_text(effect.market), core::printable(effect.symbol));
    if (effect.refusal) {
        return fmt::format("    {}: refused, {}{}{}\n", where, effect.refusal->reason,
                           effect.refusal->detail.empty() ? "" : ": ",
                           core::printable(effect.refusal->detail));
    }
    if (effect.from && effect.to) {
        return fmt::format("    {}: raw {} to {}\n", where, core::to_decimal(*effect.from),
                           core::to_decimal(*effect.to));
    }
    return effect.to ? fmt::format("    {}: {} base units\n", where, core::to_decimal(*effect.to))
                     : fmt::format("    {}: done\n", where);
}

std::string health_cell(const Account* account) {
    if (account == nullptr) {
        return "nothing";
    }
    const margin::Health& health = account->health;
    return health.health_factor ? fmt::format("{} {}", health_factor_text(*health.health_factor),
                                              to_string(health.status))
                                : std::string(to_string(health.status));
}

std::string value_cell(const std::optional<core::Usd>& dollars,
                       const std::optional<core::U256>& raw) {
    if (dollars) {
        return usd_text(*dollars);
    }
    return raw ? "raw " + core::to_decimal(*raw) : "unknown";
}

std::string collateral_cell(const Account* account) {
    return account == nullptr
               ? "-"
               : value_cell(account->health.collateral_usd, account->health.collateral_value);
}

std::string debt_cell(const Account* account) {
    return account == nullptr ? "-" : value_cell(account->health.debt_usd, account->health.debt);
}

}  // namespace

std::string to_text(const WhatIf& whatif, const TextStyle& style) {
    std::string out = "What if\n";
    for (const WhatIfStep& step : whatif.steps) {
        out += "  " + core::printable(step.text) + '\n';
        for (const risk::StepEffect& effect : step.effects) {
            out += effect_text(effect);
        }
    }
    const Layout layout{.indent = 2, .columns = style.columns, .colour = style.colour};
    for (const AccountPair& pair : pair_accounts(whatif)) {
        const Account& any = pair.after != nullptr ? *pair.after : *pair.before;
        out += fmt::format("\n{}  {}\n", any.wallet.to_string(), market_text(any.market));
        Table table({{.align = Align::Left, .width_min = 12},
                     {.align = Align::Right, .width_min = 22},
                     {.align = Align::Right, .width_min = 22}});
        table.add({{""}, {"before", Ink::Dim}, {"after", Ink::Dim}});
        table.add({{"health"}, {health_cell(pair.before)}, {health_cell(pair.after)}});
        table.add({{"collateral"}, {collateral_cell(pair.before)}, {collateral_cell(pair.after)}});
        table.add({{"debt"}, {debt_cell(pair.before)}, {debt_cell(pair.after)}});
        out += table.print(layout);
    }
    for (const snapshot::CoverageGap& gap : whatif.after.gaps) {
        out += fmt::format("\ngap: {}\n", core::printable(gap.detail));
    }
    return out;
}

}  // namespace margrave::report
