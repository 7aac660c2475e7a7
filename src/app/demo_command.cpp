#include <fmt/format.h>

#include <utility>

#include "app/cascade_run.hpp"
#include "app/commands.hpp"
#include "app/factor_map.hpp"
#include "app/playbook_file.hpp"
#include "app/report_output.hpp"
#include "app/verdict.hpp"
#include "chains/evm/recording.hpp"
#include "collect/collect.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/cascade.hpp"
#include "report/report.hpp"
#include "settings/embedded.hpp"
#include "settings/settings.hpp"

namespace margrave::app {
namespace {

constexpr std::string_view kConfig = "config/demo/demo.toml";
constexpr std::string_view kExchange = "config/demo/exchange.json";
constexpr std::string_view kWallets = "config/demo/wallets.toml";
constexpr std::string_view kPlaybook = "config/demo/playbook.toml";
constexpr std::string_view kCascadeExchange = "config/demo/cascade_exchange.json";

settings::Source demo_file(std::string_view path) {
    const auto* file = settings::find_embedded_file(path);
    if (file == nullptr) {
        throw core::InputError(
            fmt::format("this margrave was built without its demonstration ({})", path));
    }
    return {.name = std::string(path), .text = std::string(file->text)};
}

struct DemoWallet {
    core::Address address;
    std::string label;
};

/// [[wallets]] with `address` and `label`, in the order in which they were recorded.
std::vector<DemoWallet> read_wallets() {
    const settings::Section root("", settings::parse_document(demo_file(kWallets)));
    std::vector<DemoWallet> wallets;
    for (const auto& section : root.table_list("wallets")) {
        wallets.push_back({.address = section.address("address"), .label = section.text("label")});
        section.reject_unknown_keys();
    }
    root.reject_unknown_keys();
    return wallets;
}

std::string show_labels(const std::vector<DemoWallet>& wallets) {
    std::string lines = "Recorded wallets; nothing is read from a network.\n";
    for (const auto& wallet : wallets) {
        lines += fmt::format("  {}  {}\n", wallet.address.to_string(), wallet.label);
    }
    return lines + '\n';
}

/// The one chain that the demonstration's own configuration names, read from the recording.
collect::ChainRequest make_request(const settings::Settings& settings,
                                   std::vector<core::Address> wallets,
                                   chains::evm::RpcTransport& transport) {
    core::ensure(settings.user_chains.size() == 1, "the demonstration is recorded on one chain");
    return {.chain = settings.chain(settings.user_chains.front()),
            .transport = &transport,
            .block = {},
            .wallets = std::move(wallets)};
}

snapshot::Snapshot replay(const settings::Settings& settings, std::string_view exchange,
                          std::vector<core::Address> wallets,
                          const collect::CollectOptions& options) {
    const auto transport = chains::evm::make_replay_transport(
        chains::evm::Recording::from_json(demo_file(exchange).text));
    return collect::collect(settings, {make_request(settings, std::move(wallets), *transport)},
                            options)
        .snapshot;
}

/// What becomes of one of the wallets in the market that it is in.
std::string show_cascade(const World& world, const settings::Settings& settings) {
    const PlaybookFile file = parse_playbook(demo_file(kPlaybook));
    const auto narrowed = playbook_settings(settings, file);
    const CascadeRun run(replay(narrowed, kCascadeExchange, file.wallets, playbook_reading(file)),
                         file, narrowed);
    return "\n" + report::to_text(run.report(), world.columns);
}

}  // namespace

ExitCode run_demo(World& world, const DemoOptions& options) {
    const auto settings =
        settings::load(settings::shipped_sources(), demo_file(kConfig), world.environment);
    const auto wallets = read_wallets();
    std::vector<core::Address> addresses;
    for (const DemoWallet& wallet : wallets) {
        addresses.push_back(wallet.address);
    }
    const snapshot::Snapshot read = replay(settings, kExchange, addresses, {});
    const auto report = report::make_report(read, {.at = std::nullopt,
                                                   .at_risk_below = settings.at_risk_below,
                                                   .factors = make_factor_map(settings),
                                                   .wallets = {},
                                                   .suppositions = make_suppositions(settings),
                                                   .feeds = make_feed_rules(settings)});
    const OutputOptions output{
        .json = options.json, .verbose = options.verbose, .no_color = options.no_color};
    write_result(world, options.json ? render(world, report, output)
                                     : show_labels(wallets) + render(world, report, output) +
                                           show_cascade(world, settings));
    return exit_code(judge(report, {}));
}

}  // namespace margrave::app
