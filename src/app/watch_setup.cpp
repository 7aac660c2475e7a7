#include "app/watch_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <utility>

#include "app/cascade_run.hpp"
#include "app/configuration.hpp"
#include "app/factor_map.hpp"
#include "app/watch_config.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

WatchPlan make_plan(settings::Settings settings) {
    WatchPlan plan{.settings = std::move(settings), .rules = {}, .channels = {}, .report = {}};
    plan.rules = make_rules(plan.settings);
    plan.channels = plan_channels(plan.settings);
    if (plan.channels.empty()) {
        throw core::InputError(
            "nobody would be told: the configuration has no [[channels]]; add one, as in "
            "docs/watch.md");
    }
    plan.report = {.at = std::nullopt,
                   .at_risk_below = plan.settings.at_risk_below,
                   .factors = make_factor_map(plan.settings),
                   .wallets = {},
                   .suppositions = make_suppositions(plan.settings),
                   .feeds = make_feed_rules(plan.settings)};
    for (const alert::Rule& rule : plan.rules) {
        plan.report.pegs.insert(rule.pegs.begin(), rule.pegs.end());
    }
    return plan;
}

/// All that the configuration names where nobody is typed.
SourceOptions whom_to_watch(const WatchOptions& options, const settings::Settings& settings) {
    SourceOptions out = static_cast<const SourceOptions&>(options);
    if (out.wallets.empty() && !out.wallets_file) {
        for (const auto& [name, wallet] : settings.wallets) {
            out.wallets.push_back(name);
        }
        for (const auto& [name, members] : settings.portfolios) {
            out.wallets.push_back(name);
        }
    }
    if (out.wallets.empty() && !out.wallets_file) {
        throw core::InputError(
            "nobody to watch: type an address, or name wallets in the configuration's [wallets]");
    }
    return out;
}

/// A server that runs keeps its address: it cannot be had twice.
std::shared_ptr<const server::Listener> listen(const HttpConfig& http, const WatchSetup* running) {
    if (!http.listen) {
        return nullptr;
    }
    if (running != nullptr && running->http.listen == http.listen) {
        return running->listener;
    }
    return std::make_shared<const server::Listener>(http.listen->ip, http.listen->port);
}

/// A rule that nothing is ever put to would be told of to nobody.
void require_watched(const std::string& chain, const CascadePlan& cascade,
                     const std::vector<ConnectedWallets>& chains) {
    const bool is_watched =
        std::any_of(chains.begin(), chains.end(),
                    [&](const ConnectedWallets& one) { return one.chosen.chain.name == chain; });
    if (!is_watched) {
        throw core::ConfigError(
            fmt::format(R"(rule "{}": the playbook {} is of chain {}, which is not watched)",
                        core::printable(cascade.rules.front()), core::printable(cascade.playbook),
                        core::printable(chain)));
    }
}

/// The accounts of the playbook's own wallets, or of all that are watched, in its markets.
std::function<bool(const alert::Subject&)> whom_it_asks_for(
    const CascadePlan& cascade, const std::vector<ConnectedWallets>& chains) {
    std::vector<core::Address> own = cascade.file.own;
    for (const ConnectedWallets& one : chains) {
        if (cascade.file.own.empty() && one.chosen.chain.name == cascade.file.chain) {
            own = one.chosen.wallets;
        }
    }
    return [own = std::move(own), file = cascade.file,
            settings = cascade.settings](const alert::Subject& subject) {
        const margin::MarketName market{
            .protocol = subject.protocol, .chain = subject.chain, .name = subject.market};
        return subject.wallet && std::find(own.begin(), own.end(), *subject.wallet) != own.end() &&
               is_of_playbook(file, settings, market);
    };
}

}  // namespace

WatchSetup prepare_watch(World& world, const WatchOptions& options, const WatchSetup* running) {
    WatchSetup out{
        .plan = std::make_unique<WatchPlan>(make_plan(load_settings(world, options.config_file))),
        .channels = {},
        .http = {},
        .listener = nullptr,
        .heartbeat = std::nullopt,
        .endpoints = nullptr,
        .chains = {},
        .source = {},
        .cascades = {},
        .started_at_s = 0,
        .loaded_at_s = world.wall_s()};
    out.started_at_s = running != nullptr ? running->started_at_s : out.loaded_at_s;
    out.plan->store_name = std::filesystem::path(options.store).filename().string();
    out.plan->config_name =
        std::filesystem::path(options.config_file.value_or("")).filename().string();
    const settings::Settings& settings = out.plan->settings;
    out.channels = make_channels(settings, world.environment);
    out.source = whom_to_watch(options, settings);
    const auto wallets = gather_wallets(world, out.source, settings);
    out.http = read_http_config(settings, options.listen, world.environment);
    out.heartbeat = read_heartbeat(settings, world.environment);
    out.endpoints = std::make_unique<EndpointWatch>(world, settings);
    out.chains = connect_chains(out.endpoints->world(), out.source, settings, wallets);
    out.cascades = make_cascade_plans(out.plan->rules, settings);
    for (const auto& [chain, cascade] : out.cascades) {
        require_watched(chain, cascade, out.chains);
        out.plan->playbooks.emplace(
            chain, WatchedPlaybook{.file = cascade.playbook,
                                   .has_book = cascade.file.book.has_value(),
                                   .asks_for = whom_it_asks_for(cascade, out.chains)});
    }
    out.listener = listen(out.http, running);
    return out;
}

}  // namespace margrave::app
