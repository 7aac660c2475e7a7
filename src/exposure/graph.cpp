#include "exposure/graph.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/text.hpp"
#include "exposure/aggregate.hpp"

namespace margrave::exposure {
namespace {

using margin::Side;

/// The feeds that price an asset in a market; an isolated market has one of the collateral only.
using Feeds = std::map<core::Address, std::string>;

/// Nodes and edges by name while they are gathered.
class Gathering {
  public:
    void node(const std::string& id, NodeKind kind, const std::string& label) {
        nodes_.emplace(id, Node{.id = id, .kind = kind, .label = label});
    }
    /// The values of the same edge add up.
    void edge(Edge edge) {
        const auto key = std::tuple(edge.from, edge.to, edge.relation, edge.market);
        const auto [slot, is_new] = edges_.emplace(key, edge);
        if (!is_new && slot->second.value && edge.value) {
            slot->second.value = *slot->second.value + *edge.value;
        }
    }
    void priced(const std::string& oracle, const std::string& account) {
        accounts_by_oracle_[oracle].insert(account);
    }

    [[nodiscard]] Graph graph() const {
        Graph out;
        for (const auto& [id, node] : nodes_) {
            out.nodes.push_back(node);
        }
        for (const auto& [key, edge] : edges_) {
            out.edges.push_back(edge);
        }
        for (const auto& [oracle, accounts] : accounts_by_oracle_) {
            if (accounts.size() > 1) {
                out.shared_oracles.push_back(
                    {.oracle = oracle, .accounts = {accounts.begin(), accounts.end()}});
            }
        }
        return out;
    }

  private:
    std::map<std::string, Node> nodes_;
    std::map<std::tuple<std::string, std::string, Relation, std::string>, Edge> edges_;
    std::map<std::string, std::set<std::string>> accounts_by_oracle_;
};

std::string wallet_id(const core::Address& wallet) { return "wallet:" + wallet.to_string(); }

std::string holding_id(const Item& item) {
    return "holding:" + item.chain + '/' + item.wallet.to_string() + '/' +
           (item.token.address ? item.token.address->to_string() : "native");
}

Relation relation_of(Side side) {
    switch (side) {
        case Side::Collateral:
            return Relation::CollateralOf;
        case Side::Supply:
            return Relation::SupplyOf;
        case Side::Debt:
            break;
    }
    return Relation::DebtOf;
}

/// The asset with the factors that it is worth.
std::string add_asset(const Token& token, const FactorsFound& found, Gathering& out) {
    std::string id = asset_id(token.chain, token.address);
    out.node(id, NodeKind::Asset, token.symbol);
    for (const std::string& factor : found.factors) {
        out.node("factor:" + factor, NodeKind::Factor, factor);
        out.edge({.from = id,
                  .to = "factor:" + factor,
                  .relation = Relation::Follows,
                  .market = "",
                  .value = std::nullopt});
    }
    return id;
}

std::string market_label(const margin::MarketName& market) {
    return market.protocol + ' ' + market.name + " on " + market.chain;
}

/// The markets that a vault lends in, each with its part of all that the vault lends.
void add_allocations(const snapshot::TokenClaim& claim, const std::string& share, Gathering& out) {
    core::U512 lent = 0;
    for (const margin::Allocation& allocation : claim.allocations) {
        lent += core::U512(allocation.lent);
    }
    for (const margin::Allocation& allocation : claim.allocations) {
        if (allocation.lent == 0) {
            continue;
        }
        const margin::MarketName market{
            .protocol = allocation.protocol, .chain = claim.chain, .name = allocation.market};
        out.node(market_id(market), NodeKind::Market, market_label(market));
        out.edge({.from = share,
                  .to = market_id(market),
                  .relation = Relation::LentIn,
                  .market = "",
                  .value = std::nullopt,
                  .part = core::Wad(
                      core::U256(core::U512(allocation.lent) * core::U512(core::wad()) / lent))});
    }
}

/// What the token is a claim on, down to what is none.
void add_claims(const Token& token, const Portfolio& portfolio, const FactorMap& factors,
                Gathering& out) {
    for (const LookStep& step : factors.look_through().steps(token.chain, token.address, 0)) {
        const snapshot::TokenClaim& claim = step.claim;
        const Token below{
            .chain = token.chain, .address = claim.underlying, .symbol = claim.underlying_symbol};
        const std::string from = asset_id(token.chain, claim.token);
        out.edge({.from = from,
                  .to = add_asset(below, factors.factors_of(below, ""), out),
                  .relation = Relation::ClaimOn,
                  .market = "",
                  .value = std::nullopt});
        add_allocations(claim, from, out);
        if (claim.kind != snapshot::ClaimKind::PoolBalance) {
            continue;
        }
        const auto read = std::find_if(
            portfolio.markets.begin(), portfolio.markets.end(), [&](const margin::Market* market) {
                return market->name().chain == token.chain && market->keeper() == claim.keeper;
            });
        const bool is_read = read != portfolio.markets.end();
        const std::string keeper = is_read
                                       ? market_id((*read)->name())
                                       : "market:" + token.chain + '/' + claim.keeper.to_string();
        out.node(keeper, NodeKind::Market,
                 is_read ? market_label((*read)->name()) : "pool " + claim.keeper.to_string());
        out.edge({.from = from,
                  .to = keeper,
                  .relation = Relation::KeptIn,
                  .market = "",
                  .value = std::nullopt});
    }
}

void add_smart_accounts(const Portfolio& portfolio, Gathering& out) {
    for (const snapshot::SmartAccount& account : portfolio.smart_accounts) {
        if (!portfolio.counts(account.address)) {
            continue;
        }
        out.node(wallet_id(account.address), NodeKind::Wallet, account.address.to_string());
        for (const core::Address& owner : account.owners) {
            out.node(wallet_id(owner), NodeKind::Wallet, owner.to_string());
            out.edge({.from = wallet_id(account.address),
                      .to = wallet_id(owner),
                      .relation = Relation::ActsFor,
                      .market = "",
                      .value = std::nullopt});
        }
    }
}

/// An isolated market's answer prices the asset that it is in, too.
Feeds add_oracles(const margin::Market& market, const std::set<core::Address>& used,
                  Gathering& out) {
    Feeds feeds;
    const std::string place = market_id(market.name());
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (!used.contains(answer.asset)) {
            continue;
        }
        const std::string oracle = oracle_id(market.name(), answer);
        const bool has_feed = answer.quote && !answer.quote->source.is_zero();
        out.node(oracle, NodeKind::Oracle,
                 has_feed ? answer.quote->source.to_string()
                          : answer.symbol + " price of " + market.name().name);
        out.edge({.from = asset_id(market.name().chain, answer.asset),
                  .to = oracle,
                  .relation = Relation::PricedBy,
                  .market = place,
                  .value = std::nullopt});
        feeds.emplace(answer.asset, oracle);
    }
    return feeds;
}

void add_account_item(const Item& item, Gathering& out) {
    const std::string account = account_id(*item.market, item.wallet);
    const std::string market = market_id(*item.market);
    out.node(wallet_id(item.wallet), NodeKind::Wallet, item.wallet.to_string());
    out.node(account, NodeKind::Account,
             item.market->protocol + ' ' + item.market->name + ' ' + item.wallet.to_string());
    out.node(market, NodeKind::Market, market_label(*item.market));
    out.edge({.from = wallet_id(item.wallet),
              .to = account,
              .relation = Relation::Owns,
              .market = "",
              .value = std::nullopt});
    out.edge({.from = account,
              .to = market,
              .relation = Relation::In,
              .market = "",
              .value = std::nullopt});
    out.edge({.from = add_asset(item.token, item.found, out),
              .to = account,
              .relation = relation_of(item.side),
              .market = market,
              .value = item.value});
}

/// What the balance could do for accounts of the same owner that owe.
void add_help(const Item& holding, const Portfolio& portfolio, Gathering& out) {
    if (!holding.token.address) {
        return;
    }
    for (const margin::Market* market : portfolio.markets) {
        if (market->name().chain != holding.chain) {
            continue;
        }
        const auto answers = market->answers();
        const bool is_listed =
            std::any_of(answers.begin(), answers.end(), [&](const margin::OracleAnswer& answer) {
                return answer.asset == *holding.token.address;
            });
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            const auto legs = market->legs(row);
            const auto owes = [&](const margin::Leg& leg) { return leg.side == Side::Debt; };
            if (!portfolio.counts(market->wallet(row)) ||
                !portfolio.same_owner(holding.chain, market->wallet(row), holding.wallet) ||
                std::none_of(legs.begin(), legs.end(), owes)) {
                continue;
            }
            const bool repays = std::any_of(legs.begin(), legs.end(), [&](const auto& leg) {
                return owes(leg) && leg.asset == *holding.token.address;
            });
            if (repays || is_listed) {
                out.edge({.from = holding_id(holding),
                          .to = account_id(market->name(), market->wallet(row)),
                          .relation = repays ? Relation::CouldRepay : Relation::CouldAdd,
                          .market = "",
                          .value = holding.value});
            }
        }
    }
}

void add_holding(const Item& item, const Portfolio& portfolio, Gathering& out) {
    out.node(wallet_id(item.wallet), NodeKind::Wallet, item.wallet.to_string());
    out.node(holding_id(item), NodeKind::Holding,
             "idle " + item.token.symbol + " of " + item.wallet.to_string());
    out.edge({.from = wallet_id(item.wallet),
              .to = holding_id(item),
              .relation = Relation::Owns,
              .market = "",
              .value = std::nullopt});
    out.edge({.from = holding_id(item),
              .to = add_asset(item.token, item.found, out),
              .relation = Relation::BalanceOf,
              .market = "",
              .value = item.value});
    add_help(item, portfolio, out);
}

}  // namespace

std::string market_id(const margin::MarketName& market) {
    return "market:" + market.chain + '/' + market.protocol + '/' + market.name;
}

std::string account_id(const margin::MarketName& market, const core::Address& wallet) {
    return "account:" + market.chain + '/' + market.protocol + '/' + market.name + '/' +
           wallet.to_string();
}

std::string oracle_id(const margin::MarketName& market, const margin::OracleAnswer& answer) {
    if (answer.quote && !answer.quote->source.is_zero()) {
        return "oracle:" + market.chain + '/' + answer.quote->source.to_string();
    }
    return "oracle:" + market.chain + '/' + market.protocol + '/' + market.name + '/' +
           answer.asset.to_string();
}

std::string asset_id(const std::string& chain, const std::optional<core::Address>& asset) {
    return "asset:" + chain + '/' + (asset ? asset->to_string() : "native");
}

Graph make_graph(const Portfolio& portfolio, const PriceBook& prices, const FactorMap& factors) {
    Gathering out;
    const std::vector<Item> items = items_of(portfolio, prices, factors);
    std::map<margin::MarketName, std::set<core::Address>> used;
    for (const Item& item : items) {
        if (item.market) {
            add_account_item(item, out);
            used[*item.market].insert(*item.token.address);
        } else {
            add_holding(item, portfolio, out);
        }
        add_claims(item.token, portfolio, factors, out);
    }
    std::map<margin::MarketName, Feeds> feeds;
    for (const margin::Market* market : portfolio.markets) {
        if (const auto assets = used.find(market->name()); assets != used.end()) {
            feeds[market->name()] = add_oracles(*market, assets->second, out);
        }
    }
    for (const Item& item : items) {
        if (!item.market) {
            continue;
        }
        const Feeds& of_market = feeds[*item.market];
        if (const auto feed = of_market.find(*item.token.address); feed != of_market.end()) {
            out.priced(feed->second, account_id(*item.market, item.wallet));
        }
    }
    add_smart_accounts(portfolio, out);
    return out.graph();
}

std::vector<Node> matching(const Graph& graph, std::string_view text) {
    const std::string wanted = core::lower(text);
    std::vector<Node> out;
    for (const Node& node : graph.nodes) {
        if (core::lower(node.id) == wanted) {
            return {node};
        }
        const std::string id = core::lower(node.id);
        const bool ends_in = wanted.starts_with("0x") && id.size() > wanted.size() &&
                             id.ends_with(wanted) &&
                             (node.kind == NodeKind::Wallet || node.kind == NodeKind::Asset ||
                              node.kind == NodeKind::Oracle);
        if (core::lower(node.label) == wanted || ends_in) {
            out.push_back(node);
        }
    }
    return out;
}

std::string_view to_string(Relation relation) {
    switch (relation) {
        case Relation::Owns:
            return "owns";
        case Relation::In:
            return "in";
        case Relation::CollateralOf:
            return "collateral of";
        case Relation::SupplyOf:
            return "supply of";
        case Relation::DebtOf:
            return "debt of";
        case Relation::PricedBy:
            return "priced by";
        case Relation::Follows:
            return "follows";
        case Relation::ClaimOn:
            return "claim on";
        case Relation::KeptIn:
            return "kept in";
        case Relation::LentIn:
            return "lent in";
        case Relation::ActsFor:
            return "acts for";
        case Relation::BalanceOf:
            return "balance of";
        case Relation::CouldRepay:
            return "could repay";
        case Relation::CouldAdd:
            break;
    }
    return "could add to";
}

std::string_view to_string(NodeKind kind) {
    switch (kind) {
        case NodeKind::Wallet:
            return "wallet";
        case NodeKind::Account:
            return "account";
        case NodeKind::Market:
            return "market";
        case NodeKind::Asset:
            return "asset";
        case NodeKind::Oracle:
            return "oracle";
        case NodeKind::Factor:
            return "factor";
        case NodeKind::Holding:
            break;
    }
    return "holding";
}

}  // namespace margrave::exposure
