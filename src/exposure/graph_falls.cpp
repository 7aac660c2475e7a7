#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/fixed_point.hpp"
#include "exposure/graph.hpp"
#include "exposure/shock.hpp"

namespace margrave::exposure {
namespace {

using core::U256;
using margin::Side;

/// True when `id` is the node, a claim on it, or a claim on such a claim; for a market, when it is
/// kept in its books or a claim on what is.
bool stands_on(const Graph& graph, const std::string& id, const Node& node) {
    std::set<std::string> seen{id};
    std::vector<std::string> open{id};
    while (!open.empty()) {
        const std::string at = open.back();
        open.pop_back();
        if (at == node.id) {
            return true;
        }
        for (const Edge& edge : graph.edges) {
            const bool is_claim =
                edge.relation == Relation::ClaimOn || edge.relation == Relation::KeptIn;
            if (is_claim && edge.from == at && seen.insert(edge.to).second) {
                open.push_back(edge.to);
            }
        }
    }
    return false;
}

core::Usd times(const core::Usd& value, const core::Wad& part) {
    return core::Usd(core::wad_mul<core::Rounding::Down>(value.value(), part.value()));
}

/// The part of the asset that vaults, of which it is a share, lend in the market; nullopt for none.
std::optional<core::Wad> part_lent(const Graph& graph, const std::string& id, const Node& market) {
    std::set<std::string> seen{id};
    std::vector<std::string> open{id};
    while (!open.empty()) {
        const std::string at = open.back();
        open.pop_back();
        for (const Edge& edge : graph.edges) {
            if (edge.from != at) {
                continue;
            }
            if (edge.relation == Relation::LentIn && edge.to == market.id) {
                return edge.part;
            }
            if (edge.relation == Relation::ClaimOn && seen.insert(edge.to).second) {
                open.push_back(edge.to);
            }
        }
    }
    return std::nullopt;
}

/// The answers of a market that move with the node.
Powers powers_of(const margin::Market& market, const Graph& graph, const FactorMap& factors,
                 const Node& node) {
    if (node.kind == NodeKind::Factor) {
        const auto all = factor_powers(market, factors);
        const auto found = all.find(node.label);
        return found == all.end() ? Powers{} : found->second;
    }
    Powers powers;
    const margin::MarketName& name = market.name();
    for (const margin::OracleAnswer& answer : market.answers()) {
        int power = 0;
        if (node.kind == NodeKind::Oracle) {
            power = oracle_id(name, answer) == node.id ? 1 : 0;
        } else if (node.kind == NodeKind::Asset || node.kind == NodeKind::Market) {
            power += stands_on(graph, asset_id(name.chain, answer.asset), node) ? 1 : 0;
            power -= answer.denominator &&
                     stands_on(graph, asset_id(name.chain, answer.denominator), node);
        }
        if (power != 0) {
            powers[answer.asset] = {.power = power};
        }
    }
    return powers;
}

/// "collateral WETH, debt USDC": the legs that the answers price.
std::string edges_text(const margin::Market& market, std::size_t row, const Powers& powers) {
    std::set<core::Address> concerned;
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (powers.contains(answer.asset)) {
            concerned.insert(answer.asset);
            if (answer.denominator) {
                concerned.insert(*answer.denominator);
            }
        }
    }
    std::string out;
    for (const margin::Leg& leg : market.legs(row)) {
        if (leg.side != Side::Supply && concerned.contains(leg.asset)) {
            out += out.empty() ? "" : ", ";
            out += (leg.side == Side::Debt ? "debt " : "collateral ") + leg.symbol;
        }
    }
    return out;
}

Direction direction_of(const Node& node, const std::optional<U256>& move) {
    if (move) {
        return *move < core::wad() ? Direction::Down : Direction::Up;
    }
    return node.kind == NodeKind::Asset || node.kind == NodeKind::Market ? Direction::Down
                                                                         : Direction::Nearest;
}

bool is_taken_down(const Crossing& crossing, const std::optional<U256>& move) {
    if (!move || crossing.first_failing == core::wad()) {
        return true;
    }
    return *move < core::wad() ? *move <= crossing.first_failing : *move >= crossing.first_failing;
}

void add_price_falls(const Portfolio& portfolio, const margin::Market& market, const Graph& graph,
                     const FactorMap& factors, const Node& node, const std::optional<U256>& move,
                     std::vector<Fall>& out) {
    const Powers powers = powers_of(market, graph, factors, node);
    if (powers.empty()) {
        return;
    }
    ShockedMarket shocked(market);
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        std::string by = edges_text(market, row, powers);
        if (!portfolio.counts(market.wallet(row)) || by.empty()) {
            continue;
        }
        const auto crossing = find_crossing(shocked, row, powers, direction_of(node, move));
        if (crossing && is_taken_down(*crossing, move)) {
            out.push_back({.account = account_id(market.name(), market.wallet(row)),
                           .multiplier = crossing->last_safe,
                           .by = std::move(by)});
        }
    }
}

/// Accounts that an edge ties to a market, a wallet or a holding.
void add_tied(const Graph& graph, const Node& node, std::vector<Fall>& out) {
    for (const Edge& edge : graph.edges) {
        const bool is_in = edge.relation == Relation::In && edge.to == node.id;
        const bool is_helped =
            edge.from == node.id && edge.to.starts_with("account:") &&
            (edge.relation == Relation::Owns || edge.relation == Relation::CouldRepay ||
             edge.relation == Relation::CouldAdd);
        if (is_in || is_helped) {
            out.push_back({.account = is_in ? edge.from : edge.to,
                           .multiplier = std::nullopt,
                           .by = std::string(to_string(edge.relation))});
        }
    }
}

double log_distance(const Fall& fall) {
    constexpr double kWad = 1e18;
    return fall.multiplier ? std::abs(std::log(fall.multiplier->convert_to<double>() / kWad)) : 0.0;
}

}  // namespace

std::vector<LostHolding> lost_holdings(const Graph& graph, const Node& node) {
    std::vector<LostHolding> out;
    if (node.kind != NodeKind::Asset && node.kind != NodeKind::Market) {
        return out;
    }
    for (const Edge& edge : graph.edges) {
        if (edge.relation != Relation::BalanceOf) {
            continue;
        }
        if (stands_on(graph, edge.to, node)) {
            const bool is_it = edge.to == node.id;
            out.push_back({.holding = edge.from,
                           .value = edge.value,
                           .by = (is_it ? "balance of " : "claim on ") + node.label});
        } else if (const auto part = part_lent(graph, edge.to, node)) {
            out.push_back(
                {.holding = edge.from,
                 .value = edge.value ? std::optional(times(*edge.value, *part)) : std::nullopt,
                 .by = "lent in " + node.label});
        }
    }
    return out;
}

std::vector<Fall> falls(const Portfolio& portfolio, const Graph& graph, const FactorMap& factors,
                        const Node& node, const std::optional<U256>& move) {
    std::vector<Fall> out;
    add_tied(graph, node, out);
    for (const margin::Market* market : portfolio.markets) {
        if (node.kind == NodeKind::Market && market_id(market->name()) == node.id) {
            continue;  // all in it at once
        }
        add_price_falls(portfolio, *market, graph, factors, node, move, out);
    }
    std::sort(out.begin(), out.end(), [](const Fall& a, const Fall& b) {
        const double from = log_distance(a);
        const double to = log_distance(b);
        return std::tie(from, a.account) < std::tie(to, b.account);
    });
    return out;
}

}  // namespace margrave::exposure
