#include "report/graph_output.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/text.hpp"
#include "report/dot.hpp"
#include "report/exposure_json.hpp"
#include "report/json_fields.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using exposure::Edge;
using exposure::Fall;
using exposure::Node;
using exposure::NodeKind;

/// A Morpho account's label has 140 bytes, and cut short two would be one.
constexpr std::size_t kLabelBytesMax = 400;

Json edge_json(const Edge& edge) {
    return {{"from", edge.from},
            {"to", edge.to},
            {"relation", exposure::to_string(edge.relation)},
            {"market", text_or_null(edge.market)},
            {"value_usd", dollars(edge.value)},
            {"part", decimal(edge.part)}};
}

Json failure_json(const std::optional<GraphFailure>& failure) {
    if (!failure) {
        return {};
    }
    return {{"node", failure->node.id},
            {"move", failure->move ? distance_of(*failure->move) : Json()},
            {"falls", list(failure->falls,
                           [](const Fall& fall) -> Json {
                               return {{"account", fall.account},
                                       {"distance",
                                        fall.multiplier ? distance_of(*fall.multiplier) : Json()},
                                       {"by", fall.by}};
                           })},
            {"lost", list(failure->lost, [](const exposure::LostHolding& lost) -> Json {
                 return {{"holding", lost.holding},
                         {"value_usd", dollars(lost.value)},
                         {"by", lost.by}};
             })}};
}

/// A label for people, safe to print.
std::string shown(const std::string& label) { return core::printable(label, kLabelBytesMax); }

/// Labels by id.
class Labels {
  public:
    explicit Labels(const exposure::Graph& graph) {
        for (const Node& node : graph.nodes) {
            labels_.emplace(node.id, shown(node.label));
        }
    }
    [[nodiscard]] std::string of(const std::string& id) const {
        const auto found = labels_.find(id);
        return found == labels_.end() ? shown(id) : found->second;
    }

  private:
    std::map<std::string, std::string> labels_;
};

std::string edge_text(const Edge& edge, const Labels& labels) {
    return fmt::format(
        "{} {} {}{}{}{}", labels.of(edge.from), exposure::to_string(edge.relation),
        labels.of(edge.to), edge.value ? ", " + usd_text(*edge.value) : "",
        edge.part ? ", " + fall_text(*edge.part) + " of it" : "",
        edge.relation == exposure::Relation::PricedBy ? " in " + labels.of(edge.market) : "");
}

std::string edges_text(const GraphView& view, const Labels& labels, const Layout& layout) {
    std::string out;
    for (const Edge& edge : view.graph.edges) {
        out += wrapped_words(edge_text(edge, labels), layout);
    }
    return out;
}

std::string shared_text(const GraphView& view, const Labels& labels, const TextStyle& style,
                        const Layout& layout) {
    std::string out;
    for (const exposure::SharedOracle& shared : view.graph.shared_oracles) {
        std::string accounts;
        for (const std::string& account : shared.accounts) {
            accounts += (accounts.empty() ? "" : "; ") + labels.of(account);
        }
        out += wrapped_words(labels.of(shared.oracle) + ": " + accounts, layout);
    }
    return out.empty() ? out
                       : '\n' + painted("Shared oracles", Ink::Bold, style.colour) + '\n' + out;
}

std::string fall_line(const Fall& fall, const Labels& labels) {
    const std::string at =
        fall.multiplier
            ? distance_of(*fall.multiplier).get<std::string>().substr(0, 9) + " of its price"
            : "at once";
    return fmt::format("{}: {}, by {}", labels.of(fall.account), at, shown(fall.by));
}

std::string failure_text(const GraphView& view, const Labels& labels, const TextStyle& style,
                         const Layout& layout) {
    if (!view.failure) {
        return "";
    }
    const GraphFailure& failure = *view.failure;
    const std::string how =
        failure.move ? " moves by " + distance_of(*failure.move).get<std::string>() : " fails";
    std::string out =
        '\n' + painted("If " + shown(failure.node.label) + how, Ink::Bold, style.colour) + '\n';
    for (const Fall& fall : failure.falls) {
        out += wrapped_words(fall_line(fall, labels), layout);
    }
    if (failure.falls.empty()) {
        out += wrapped_words("no account falls", layout);
    }
    for (const exposure::LostHolding& lost : failure.lost) {
        out += wrapped_words(labels.of(lost.holding) + ": lost, " + shown(lost.by) +
                                 (lost.value ? ", " + usd_text(*lost.value) : ""),
                             layout);
    }
    return out;
}

std::string gaps_text(const GraphView& view, const Layout& layout) {
    std::string out;
    for (const snapshot::CoverageGap& gap : view.gaps) {
        out += wrapped_words(core::printable(gap.chain) + ' ' + core::printable(gap.protocol) +
                                 ": " + core::printable(gap.detail, 1000),
                             layout);
    }
    return out.empty() ? out : "\nNOT READ: what follows is missing from the graph\n" + out;
}

std::string_view shape_of(NodeKind kind) {
    switch (kind) {
        case NodeKind::Account:
            return "box";
        case NodeKind::Market:
            return "box3d";
        case NodeKind::Oracle:
            return "diamond";
        case NodeKind::Factor:
            return "hexagon";
        case NodeKind::Wallet:
            return "house";
        case NodeKind::Asset:
        case NodeKind::Holding:
            break;
    }
    return "ellipse";
}

}  // namespace

std::string to_json(const GraphView& view) {
    return printed({{"schema", "margrave.graph/1"},
                    {"nodes", list(view.graph.nodes,
                                   [](const Node& node) -> Json {
                                       return {{"id", node.id},
                                               {"kind", exposure::to_string(node.kind)},
                                               {"label", node.label}};
                                   })},
                    {"edges", list(view.graph.edges, edge_json)},
                    {"shared_oracles",
                     list(view.graph.shared_oracles,
                          [](const exposure::SharedOracle& shared) -> Json {
                              return {{"oracle", shared.oracle}, {"accounts", shared.accounts}};
                          })},
                    {"failure", failure_json(view.failure)},
                    {"gaps", list(view.gaps, gap_json)}});
}

std::string to_text(const GraphView& view, const TextStyle& style) {
    const Layout layout{.indent = 2, .columns = style.columns, .colour = style.colour};
    const Labels labels(view.graph);
    const std::string head =
        painted(fmt::format("{} nodes, {} edges", view.graph.nodes.size(), view.graph.edges.size()),
                Ink::Bold, style.colour) +
        '\n';
    return head + edges_text(view, labels, layout) + shared_text(view, labels, style, layout) +
           failure_text(view, labels, style, layout) + gaps_text(view, layout);
}

std::string to_dot(const GraphView& view) {
    std::set<std::string> fallen;
    if (view.failure) {
        fallen.insert(view.failure->node.id);
        for (const Fall& fall : view.failure->falls) {
            fallen.insert(fall.account);
        }
    }
    std::string out = "digraph margrave {\n  rankdir=LR;\n";
    for (const Node& node : view.graph.nodes) {
        out += fmt::format("  {} [label={}, shape={}{}];\n", dot_quoted(node.id),
                           dot_quoted(node.label), shape_of(node.kind),
                           fallen.contains(node.id) ? ", style=filled, fillcolor=tomato" : "");
    }
    for (const Edge& edge : view.graph.edges) {
        out += fmt::format("  {} -> {} [label={}];\n", dot_quoted(edge.from), dot_quoted(edge.to),
                           dot_quoted(std::string(exposure::to_string(edge.relation))));
    }
    return out + "}\n";
}

}  // namespace margrave::report
