#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/factor_map.hpp"
#include "app/gather.hpp"
#include "app/verdict.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "exposure/graph.hpp"
#include "report/graph_output.hpp"

namespace margrave::app {
namespace {

using core::InputError;

/// "WETH=-20%" is a node and a move; "WETH" a node that fails.
struct Question {
    std::string node;
    std::optional<core::U256> move;
};

/// "-20%" as 0.8e18.
core::U256 parse_move(const std::string& text) {
    const bool falls = text.starts_with('-');
    const bool rises = text.starts_with('+');
    const auto sign = falls || rises ? 1U : 0U;
    const auto percent = text.ends_with('%')
                             ? settings::parse_wad(text.substr(sign, text.size() - sign - 1))
                             : std::nullopt;
    constexpr std::uint64_t kHundred = 100;
    const bool is_too_far =
        percent && (falls ? percent->value() / kHundred >= core::wad()
                          : percent->value() / kHundred > core::wad() * 1'000'000);
    if (!percent || percent->value() == 0 || is_too_far) {
        throw InputError(
            fmt::format("--fails: \"{}\" is no move; write it as in ETH/USD=-20% or WETH=+5%",
                        core::printable(text)));
    }
    const core::U256 change = percent->value() / kHundred;
    return falls ? core::U256(core::wad() - change) : core::U256(core::wad() + change);
}

Question parse_question(const std::string& text) {
    const auto at = text.rfind('=');
    if (at == std::string::npos) {
        return {.node = text, .move = std::nullopt};
    }
    return {.node = text.substr(0, at), .move = parse_move(text.substr(at + 1))};
}

exposure::Node find_node(const exposure::Graph& graph, const std::string& text) {
    const auto found = exposure::matching(graph, text);
    if (found.size() == 1) {
        return found.front();
    }
    std::vector<std::string> names;
    for (const exposure::Node& node : found.empty() ? graph.nodes : found) {
        names.push_back(node.id);
        if (found.empty()) {
            names.push_back(node.label);
        }
    }
    if (found.empty()) {
        const auto near = core::nearest(text, names);
        throw InputError(
            fmt::format("--fails: nothing in the graph is called \"{}\"{}", core::printable(text),
                        near.empty() ? "; `margrave graph --json` lists the ids"
                                     : fmt::format(", did you mean {}?", core::printable(near))));
    }
    throw InputError(fmt::format("--fails: \"{}\" is several: {}", core::printable(text),
                                 core::printable(fmt::format("{}", fmt::join(names, ", ")), 600)));
}

exposure::Portfolio portfolio_of(const Gathered& gathered) {
    std::vector<const margin::Market*> markets;
    markets.reserve(gathered.snapshot.markets.size());
    for (const auto& market : gathered.snapshot.markets) {
        markets.push_back(market.get());
    }
    return exposure::make_portfolio(std::move(markets), gathered.snapshot.holdings,
                                    {gathered.wallets.begin(), gathered.wallets.end()},
                                    gathered.snapshot.smart_accounts);
}

std::string render(const World& world, const report::GraphView& view, const GraphOptions& options) {
    if (options.json) {
        return report::to_json(view);
    }
    return options.dot ? report::to_dot(view) : report::to_text(view, {.columns = world.columns});
}

}  // namespace

ExitCode run_graph(World& world, const GraphOptions& options) {
    if (options.json && options.dot) {
        throw InputError("--json and --dot exclude each other: both are the whole answer");
    }
    const auto question =
        options.fails ? std::optional(parse_question(*options.fails)) : std::nullopt;
    const auto settings = load_settings(world, options.config_file);
    const auto gathered = gather(world, options, settings);
    const auto factors = make_factor_map(settings).with_snapshot(gathered.snapshot);
    const auto portfolio = portfolio_of(gathered);
    report::GraphView view{
        .graph = exposure::make_graph(portfolio, exposure::PriceBook(portfolio, factors), factors),
        .failure = std::nullopt,
        .gaps = gathered.snapshot.gaps};
    if (question) {
        const auto node = find_node(view.graph, question->node);
        view.failure = report::GraphFailure{
            .node = node,
            .move = question->move,
            .falls = exposure::falls(portfolio, view.graph, factors, node, question->move),
            .lost = question->move ? std::vector<exposure::LostHolding>{}
                                   : exposure::lost_holdings(view.graph, node)};
    }
    write_result(world, render(world, view, options));
    Findings findings;
    findings.gaps = !view.gaps.empty();
    findings.unreadable = gathered.chain_unreadable;
    return exit_code(findings);
}

}  // namespace margrave::app
