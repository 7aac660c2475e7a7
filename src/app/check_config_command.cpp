#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "adapters/adapter.hpp"
#include "adapters/venue_kind.hpp"
#include "app/channel_config.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/endpoints.hpp"
#include "app/heartbeat.hpp"
#include "app/http_config.hpp"
#include "app/watch_config.hpp"
#include "chains/evm/http_transport.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

/// Of an endpoint only its host is shown: the rest may be a key.
std::string describe(const settings::Chain& chain) {
    std::vector<std::string> hosts;
    hosts.reserve(chain.rpc.size());
    for (const auto& url : chain.rpc) {
        hosts.push_back(chains::evm::endpoint_name(url));
    }
    return fmt::format("  {}: chain id {}, coin {}, {}\n", chain.name, chain.chain_id.value(),
                       core::printable(chain.native_symbol),
                       hosts.empty()
                           ? "no endpoint"
                           : fmt::format("{} endpoint{}: {}", hosts.size(),
                                         hosts.size() == 1 ? "" : "s", fmt::join(hosts, ", ")));
}

/// Building the adapter is what checks the keys that only it knows.
std::string describe(const settings::MarketEntry& market, const settings::Settings& settings) {
    const auto* protocol = adapters::find_protocol(market.protocol);
    if (protocol == nullptr) {
        throw core::ConfigError(
            fmt::format("{}: protocol \"{}\" is not known; see `margrave protocols`",
                        market.section.where("protocol"), market.protocol));
    }
    static_cast<void>(protocol->make_adapter(market, settings.revisions, {}));
    return fmt::format("  {}/{} on {}\n", market.protocol, market.name, market.chain);
}

/// As for markets: the kind's own keys are checked by building its reader.
std::string describe(const settings::Pool& pool) {
    const auto* kind = adapters::find_venue_kind(pool.kind);
    if (kind == nullptr) {
        throw core::ConfigError(
            fmt::format("{}: pools of kind \"{}\" are not known; see `margrave protocols`",
                        pool.section.where("kind"), pool.kind));
    }
    static_cast<void>(kind->make_reader(pool));
    return fmt::format("  {} {} on {}\n", pool.kind, pool.address.to_string(), pool.chain);
}

constexpr unsigned kWadDecimals = 18;

std::string decimal(const core::Wad& number) {
    return core::format_fixed(number.value(), kWadDecimals, kWadDecimals);
}

std::string describe(const alert::Rule& rule) {
    return fmt::format("  {}: {} {} {}, {}\n", core::printable(rule.name), to_string(rule.quantity),
                       rule.fires_below ? "below" : "above", decimal(rule.fires),
                       to_string(rule.severity));
}

/// "  ethereum: 12" a line.
template <class Entry>
std::string count_by_chain(const std::vector<Entry>& entries) {
    std::map<std::string, std::size_t> counts;
    for (const auto& entry : entries) {
        ++counts[entry.chain];
    }
    std::string lines;
    for (const auto& [chain, count] : counts) {
        lines += fmt::format("  {}: {}\n", chain, count);
    }
    return lines;
}

std::string section(std::string_view title, const std::string& lines) {
    return fmt::format("{}\n{}", title, lines.empty() ? "  none\n" : lines);
}

}  // namespace

ExitCode run_check_config(World& world, const CheckConfigOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    std::string chains;
    for (const auto& [name, chain] : settings.chains) {
        check_endpoints(chain, {}, [&options, &chain = chain](const std::string& key) {
            return chain_key_place(options.config_file, chain.name, key);
        });
        chains += describe(chain);
    }
    std::string markets;
    for (const auto& market : settings.markets) {
        markets += describe(market, settings);
    }
    std::string text = section("Chains", chains) + section("Markets", markets) +
                       section("Assets read of every wallet", count_by_chain(settings.assets));
    std::string pools;
    for (const auto& pool : settings.pools) {
        pools += describe(pool);
    }
    text += section("Pools, read when a command needs them", pools);
    std::string rules;
    for (const alert::Rule& rule : make_rules(settings)) {
        rules += describe(rule);
    }
    std::string channels;
    for (const auto& [name, channel] : make_channels(settings, world.environment)) {
        channels += fmt::format("  {}\n", core::printable(name));
    }
    text += section("Rules of the watch", rules) + section("Channels that it tells", channels);
    const auto http = read_http_config(settings, std::nullopt, world.environment);
    text += section("HTTP", http.listen ? fmt::format("  the watch listens on {} port {}\n",
                                                      http.listen->ip, http.listen->port)
                                        : "");
    const auto heartbeat = read_heartbeat(settings, world.environment);
    text +=
        section("Heartbeat", heartbeat ? fmt::format("  every {} s\n", heartbeat->every_s) : "");
    text += fmt::format("At risk below a health factor of {}\n", decimal(settings.at_risk_below));
    write_result(world, text);
    return ExitCode::Fine;
}

}  // namespace margrave::app
