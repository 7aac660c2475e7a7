#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "chains/evm/http_transport.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/text_layout.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

/// Of an endpoint only its host is shown: the rest may be a key.
std::vector<std::string> hosts_of(const settings::Chain& chain) {
    std::vector<std::string> out;
    for (const std::string& url : chain.rpc) {
        out.push_back(chains::evm::endpoint_name(url));
    }
    return out;
}

std::size_t assets_of(const settings::Settings& settings, const std::string& chain) {
    return static_cast<std::size_t>(
        std::count_if(settings.assets.begin(), settings.assets.end(),
                      [&](const settings::Asset& asset) { return asset.chain == chain; }));
}

/// "aave_v3 core, lido", "morpho_blue main"
std::vector<std::string> markets_of(const settings::Settings& settings, const std::string& chain) {
    std::map<std::string, std::vector<std::string>> by_protocol;
    for (const settings::MarketEntry& market : settings.markets) {
        if (market.chain == chain) {
            by_protocol[market.protocol].push_back(market.name);
        }
    }
    std::vector<std::string> out;
    for (const auto& [protocol, names] : by_protocol) {
        out.push_back(fmt::format("{} {}", protocol, fmt::join(names, ", ")));
    }
    return out.empty() ? std::vector<std::string>{"no markets"} : out;
}

Json json_of(const settings::Settings& settings, const settings::Chain& chain) {
    const auto address = [](const std::optional<core::Address>& value) {
        return value ? Json(value->to_string()) : Json();
    };
    Json markets = Json::array();
    for (const settings::MarketEntry& market : settings.markets) {
        if (market.chain == chain.name) {
            markets.push_back({{"protocol", market.protocol},
                               {"market", market.name},
                               {"from_block", std::to_string(market.from_block)}});
        }
    }
    const auto finality = settings::finality_word(chain.finality);
    return {{"chain", chain.name},
            {"chain_id", chain.chain_id.value()},
            {"native", chain.native_symbol},
            {"short_name", chain.short_name ? Json(*chain.short_name) : Json()},
            {"endpoints", hosts_of(chain)},
            {"multicall3", address(chain.multicall3)},
            {"finality", finality ? Json(*finality) : Json()},
            {"block_number", chain.tells_parent_block ? "parent" : "own"},
            {"sequencer_uptime_feed", address(chain.sequencer_uptime_feed)},
            {"assets", assets_of(settings, chain.name)},
            {"markets", std::move(markets)}};
}

/// The order of magnitude first: docs/chains.md tells more.
std::string finality_of(settings::Finality finality) {
    switch (finality) {
        case settings::Finality::Unsaid:
            return "";
        case settings::Finality::Instant:
            return "a second";
        case settings::Finality::Votes:
            return "seconds, by votes";
        case settings::Finality::Epochs:
            return "minutes, by epochs";
        case settings::Finality::Parent:
            return "minutes, by parent";
        case settings::Finality::Proof:
            return "hours, by proof";
    }
    throw core::InvariantError("a Finality is one of the list");
}

/// Under each chain its markets: there are too many for a column.
std::string table_of(const settings::Settings& settings, unsigned columns) {
    constexpr report::Column kNumber{report::Align::Right};
    report::Table table({{}, kNumber, {}, {}, kNumber, {}, {}, {}, {}});
    table.add({{"chain"},
               {"id"},
               {"coin"},
               {"prefix"},
               {"endpoints"},
               {"multicall3"},
               {"sequencer"},
               {"final after"},
               {"block.number"}});
    for (const auto& [name, chain] : settings.chains) {
        table.add({{name},
                   {std::to_string(chain.chain_id.value())},
                   {core::printable(chain.native_symbol)},
                   {chain.short_name.value_or("")},
                   {std::to_string(chain.rpc.size())},
                   {chain.multicall3 ? "yes" : ""},
                   {chain.sequencer_uptime_feed ? "watched" : ""},
                   {finality_of(chain.finality)},
                   {chain.tells_parent_block ? "the parent's" : ""}},
                  markets_of(settings, name));
    }
    return table.print({.indent = 0, .columns = columns});
}

}  // namespace

ExitCode run_chains(World& world, const ChainsOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    if (!options.json) {
        write_result(world, table_of(settings, world.columns));
        return ExitCode::Fine;
    }
    Json chains = Json::array();
    for (const auto& [name, chain] : settings.chains) {
        chains.push_back(json_of(settings, chain));
    }
    const Json out{{"schema", "margrave.chains/1"}, {"chains", std::move(chains)}};
    write_result(world, out.dump(2) + '\n');
    return ExitCode::Fine;
}

}  // namespace margrave::app
