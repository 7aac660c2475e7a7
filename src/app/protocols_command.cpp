#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "adapters/adapter.hpp"
#include "adapters/venue_kind.hpp"
#include "app/commands.hpp"

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

}  // namespace

ExitCode run_protocols(World& world, const ProtocolsOptions& /*options*/) {
    const auto rows = make_rows();
    std::string table;
    for (const auto& [protocol, behaviour, proof] : rows) {
        table += fmt::format("{:<{}}  {:<{}}  {}\n", protocol, width_of(rows, 0), behaviour,
                             width_of(rows, 1), proof);
    }
    write_result(world, table);
    return ExitCode::Fine;
}

}  // namespace margrave::app
