#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "adapters/adapter.hpp"
#include "adapters/venue_kind.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "report/text_layout.hpp"

namespace margrave::app {
namespace {

using Row = std::array<std::string, 3>;

/// A protocol's name stands on its first row only.
std::vector<Row> make_rows() {
    std::vector<Row> rows{{"PROTOCOL", "BEHAVIOUR", "PROVEN BY"}};
    for (const auto& protocol : adapters::protocols()) {
        std::string name(protocol.name);
        for (const auto& revision : protocol.describe()) {
            rows.push_back({name, revision.behaviour, revision.proof});
            name.clear();
        }
    }
    for (const auto& kind : adapters::venue_kinds()) {
        std::string name(kind.name);
        for (const auto& revision : kind.describe_venue()) {
            rows.push_back({name, revision.behaviour, revision.proof});
            name.clear();
        }
    }
    return rows;
}

std::size_t width_of(const std::vector<Row>& rows, std::size_t column) {
    std::size_t width = 0;
    for (const auto& row : rows) {
        width = std::max(width, row.at(column).size());
    }
    return width;
}

/// "ethereum: core, lido" for each chain.
std::vector<std::string> places_of(const settings::Settings& settings, std::string_view protocol) {
    std::map<std::string, std::vector<std::string>> names;
    for (const settings::MarketEntry& market : settings.markets) {
        if (market.protocol == protocol) {
            names[market.chain].push_back(market.name);
        }
    }
    std::vector<std::string> out;
    for (const auto& [chain, markets] : names) {
        out.push_back(fmt::format("{}: {}", chain, fmt::join(markets, ", ")));
    }
    return out;
}

/// The configured markets of each protocol.
std::string where(const World& world, const settings::Settings& settings) {
    std::string out;
    for (const auto& protocol : adapters::protocols()) {
        const auto places = places_of(settings, protocol.name);
        out += fmt::format("\n{} on\n", protocol.name);
        out += places.empty()
                   ? "  no chain\n"
                   : report::wrapped(places, "; ", {.indent = 2, .columns = world.columns});
    }
    return out;
}

}  // namespace

ExitCode run_protocols(World& world, const ProtocolsOptions& options) {
    const auto settings = load_settings(world, options.config_file);
    const auto rows = make_rows();
    std::string table;
    for (const auto& [protocol, behaviour, proof] : rows) {
        table += fmt::format("{:<{}}  {:<{}}  {}\n", protocol, width_of(rows, 0), behaviour,
                             width_of(rows, 1), proof);
    }
    write_result(world, table + where(world, settings));
    return ExitCode::Fine;
}

}  // namespace margrave::app
