#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exposure/graph.hpp"
#include "report/report.hpp"

namespace margrave::report {

/// The answer to "what falls with it".
struct GraphFailure {
    exposure::Node node;
    std::optional<core::U256> move;  ///< of today's price, 1e18 is one; nullopt: it fails
    std::vector<exposure::Fall> falls;
    std::vector<exposure::LostHolding> lost = {};
};

/// The graph, what fails in it, and what could not be read.
struct GraphView {
    exposure::Graph graph;
    std::optional<GraphFailure> failure;
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.graph/1" (docs/graph.md), with a final newline.
[[nodiscard]] std::string to_json(const GraphView& view);
/// For a person in a terminal.
[[nodiscard]] std::string to_text(const GraphView& view, const TextStyle& style);
/// Graphviz DOT; accounts that fall are filled. Names are escaped.
[[nodiscard]] std::string to_dot(const GraphView& view);

}  // namespace margrave::report
