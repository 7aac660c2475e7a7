#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/account_choice.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/factor_map.hpp"
#include "app/gather.hpp"
#include "app/report_output.hpp"
#include "app/whatif_steps.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/whatif.hpp"
#include "risk/scenario.hpp"

namespace margrave::app {
namespace {

using core::InputError;
using Effects = std::vector<risk::StepEffect>;

/// The name as the markets spell it; "" when they do not have it.
std::string spelled(const std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& known) {
        return core::lower(known) == core::lower(name);
    });
    return found == names.end() ? "" : *found;
}

[[noreturn]] void refuse_name(const Gathered& gathered, const risk::Scenario& scenario,
                              const std::string& name, bool with_factors) {
    throw_if_unread(gathered, {}, fmt::format("nothing is called \"{}\"", core::printable(name)));
    std::vector<std::string> known = scenario.symbols();
    if (with_factors) {
        const auto factors = scenario.factors();
        known.insert(known.end(), factors.begin(), factors.end());
    }
    throw InputError(fmt::format("nothing here is called \"{}\"; there are {}",
                                 core::printable(name),
                                 core::printable(fmt::format("{}", fmt::join(known, ", ")), 2000)));
}

std::string symbol_of(const Gathered& gathered, const risk::Scenario& scenario,
                      const std::string& name) {
    std::string symbol = spelled(scenario.symbols(), name);
    if (symbol.empty()) {
        refuse_name(gathered, scenario, name, false);
    }
    return symbol;
}

/// Carries out one step; what names nothing here is the user's mistake, or was not read.
struct Apply {
    risk::Scenario& scenario;
    const Gathered& gathered;

    /// A factor, the base of a factor in dollars ("ETH"), else one symbol alone ("WETH").
    Effects operator()(const PriceStep& step) const {
        const auto factors = scenario.factors();
        for (const std::string& factor :
             {spelled(factors, step.name), spelled(factors, step.name + "/USD")}) {
            if (!factor.empty()) {
                return scenario.move_factor(factor, step.move);
            }
        }
        const std::string symbol = spelled(scenario.symbols(), step.name);
        if (symbol.empty()) {
            refuse_name(gathered, scenario, step.name, true);
        }
        return scenario.move_asset(symbol, step.move);
    }
    Effects operator()(const RateStep& step) const {
        return scenario.move_rate(symbol_of(gathered, scenario, step.symbol), step.move);
    }
    Effects operator()(const ThresholdStep& step) const {
        return scenario.set_threshold(symbol_of(gathered, scenario, step.symbol), step.value);
    }
    Effects operator()(const PauseStep& step) const {
        return scenario.pause(symbol_of(gathered, scenario, step.symbol));
    }
    Effects operator()(const TimeStep& step) const {
        scenario.pass(step.seconds);
        return {};
    }
    Effects operator()(const ActionStep& step) const {
        const auto [market, row] = account_of(step);
        const margin::Market& fork = *scenario.markets().at(market);
        margin::Action action;
        action.kind = step.kind;
        action.enable = step.enable;
        action.category = step.category;
        if (!step.symbol.empty()) {
            action.asset = resolve_asset(fork, step.symbol);
        }
        if (step.amount) {
            action.amount = amount_of(fork, action.asset, *step.amount);
        }
        return {scenario.act(market, row, step.symbol, action)};
    }

  private:
    [[nodiscard]] std::pair<std::size_t, std::size_t> account_of(const ActionStep& step) const {
        std::vector<std::pair<std::size_t, std::size_t>> found;
        for (std::size_t i = 0; i < scenario.markets().size(); ++i) {
            const margin::Market& market = *scenario.markets()[i];
            const bool fits = market.name().protocol == step.protocol &&
                              (!step.market || *step.market == market.name().name);
            for (std::size_t row = 0; fits && row < market.account_count(); ++row) {
                if (market.is_active(row) && gathered.wallets.contains(market.wallet(row))) {
                    found.emplace_back(i, row);
                }
            }
        }
        if (found.empty()) {
            AccountOptions options;
            options.protocol = step.protocol;
            options.market = step.market;
            throw_if_unread(gathered, options, "there is no account to act on");
        }
        if (found.size() != 1) {
            throw InputError(fmt::format(
                "@{}{}{} names {} accounts; an action needs exactly one: name the market "
                "(@PROTOCOL/MARKET) and give one wallet",
                step.protocol, step.market ? "/" : "", step.market.value_or(""), found.size()));
        }
        return found.front();
    }

    [[nodiscard]] static core::U256 amount_of(const margin::Market& market,
                                              const core::Address& asset, const std::string& text) {
        const auto assets = market.capacities();
        const auto listed = std::find_if(assets.begin(), assets.end(),
                                         [&](const auto& one) { return one.asset == asset; });
        if (listed == assets.end()) {
            throw InputError(fmt::format("{}: the market does not say how many decimals it has",
                                         asset.to_string()));
        }
        const auto amount = parse_tokens(text, listed->decimals);
        if (!amount) {
            throw InputError(fmt::format(
                "\"{}\" is no amount of {}: a decimal number with at most "
                "{} digits after the point, or max",
                core::printable(text), core::printable(listed->symbol), listed->decimals));
        }
        return *amount;
    }
};

void keep_wallets(report::Report& report, const std::set<core::Address>& wallets) {
    std::erase_if(report.accounts,
                  [&](const auto& account) { return !wallets.contains(account.wallet); });
    std::erase_if(report.gaps,
                  [&](const auto& gap) { return gap.wallet && !wallets.contains(*gap.wallet); });
}

}  // namespace

ExitCode run_whatif(World& world, const WhatIfOptions& options) {
    std::vector<Step> steps;
    steps.reserve(options.steps.size());
    for (const std::string& text : options.steps) {
        steps.push_back(parse_step(text));
    }
    if (steps.empty()) {
        throw InputError("no step; say what happens with --step, as in --step ETH=-20%");
    }
    const auto settings = load_settings(world, options.config_file);
    const auto gathered = gather(world, options, settings);
    const report::Options reported{.at = std::nullopt,
                                   .at_risk_below = settings.at_risk_below,
                                   .factors = make_factor_map(settings),
                                   .wallets = {gathered.wallets.begin(), gathered.wallets.end()},
                                   .suppositions = make_suppositions(settings)};

    risk::Scenario scenario(gathered.snapshot, make_factor_map(settings));
    report::WhatIf whatif;
    whatif.before = report::make_report(gathered.snapshot, reported);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        whatif.steps.push_back(
            {.text = options.steps[i], .effects = std::visit(Apply{scenario, gathered}, steps[i])});
    }
    whatif.after = report::make_report(std::move(scenario).take(), reported);
    keep_wallets(whatif.before, gathered.wallets);
    keep_wallets(whatif.after, gathered.wallets);
    write_result(world,
                 options.json
                     ? report::to_json(whatif)
                     : report::to_text(whatif, text_style(world, {.json = false,
                                                                  .verbose = options.verbose,
                                                                  .no_color = options.no_color})));
    if (gathered.chain_unreadable) {
        return ExitCode::Unreadable;
    }
    return whatif.after.gaps.empty() ? ExitCode::Fine : ExitCode::Gaps;
}

}  // namespace margrave::app
