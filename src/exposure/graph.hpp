#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"
#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"

namespace margrave::exposure {

enum class NodeKind { Wallet, Account, Market, Asset, Oracle, Factor, Holding };

/// Something that accounts depend on, or an account. The id is unique and stable: "wallet:0x…",
/// "account:CHAIN/PROTOCOL/MARKET/0x…", "market:CHAIN/PROTOCOL/MARKET", "asset:CHAIN/0x…" (or
/// "/native"), "oracle:CHAIN/0x…", "factor:ETH/USD", "holding:CHAIN/0x…/0x…".
struct Node {
    std::string id;
    NodeKind kind = NodeKind::Wallet;
    std::string label;
};

/// Read as a sentence from `from` to `to`: WETH is collateral of an account.
enum class Relation {
    Owns,          ///< a wallet, an account or a holding
    In,            ///< an account, its market
    CollateralOf,  ///< an asset, an account
    SupplyOf,      ///< an asset lent without being collateral
    DebtOf,        ///< an asset, an account that owes it
    PricedBy,      ///< an asset, an oracle; `market` says where
    Follows,       ///< an asset, a factor
    ClaimOn,       ///< an asset, what it is worth a share of
    KeptIn,        ///< an asset, the market in whose books the claim stands
    LentIn,        ///< a vault's share, a market that the vault lends in
    ActsFor,       ///< a smart account, an owner of it
    BalanceOf,     ///< a holding, an asset
    CouldRepay,    ///< a holding, an account of the same owner that owes it
    CouldAdd,      ///< a holding, an account of the same owner whose market takes it
};

struct Edge {
    std::string from;
    std::string to;
    Relation relation = Relation::Owns;
    std::string market;                  ///< id of the market of which it holds; "" everywhere
    std::optional<core::Usd> value;      ///< of the balance, where there is one
    std::optional<core::Wad> part = {};  ///< of LentIn: of all that the vault lends, rounded down
};

/// An oracle that several accounts' balances are priced by.
struct SharedOracle {
    std::string oracle;
    std::vector<std::string> accounts;
};

/// Who depends on what, in the order of ids: the order of reading changes nothing.
struct Graph {
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    std::vector<SharedOracle> shared_oracles;
};

[[nodiscard]] Graph make_graph(const Portfolio& portfolio, const PriceBook& prices,
                               const FactorMap& factors);

/// The node of that id; else those with that label, or with that address in their id. Case does not
/// count.
[[nodiscard]] std::vector<Node> matching(const Graph& graph, std::string_view text);

/// What happens to one account when a node fails.
struct Fall {
    std::string account;
    /// The last move of the node's prices that it survives, 1e18 is today's; nullopt when it is not
    /// a price that takes it down: its market cannot be reached, its owner or its help is gone.
    std::optional<core::U256> multiplier;
    std::string by;  ///< "collateral WETH, debt USDC": by which edges
};

/// A balance outside of protocols that loses its worth, or a part of it, when a node fails.
struct LostHolding {
    std::string holding;
    std::optional<core::Usd> value;  ///< that is lost, today, rounded down; nullopt without a price
    std::string by;  ///< "balance of WETH", "claim on WETH", "lent in morpho_blue 0x…"
};

/// The holdings of an asset that fails and of claims on it, of claims that stand in a market that
/// fails, and of shares of vaults that lend in it; in the order of ids.
[[nodiscard]] std::vector<LostHolding> lost_holdings(const Graph& graph, const Node& node);

/// The accounts that fall with `node`, the nearest first, then by id. A price that fails is one
/// that goes anywhere for an oracle or a factor and to nothing for an asset; with `move` (1e18 is
/// today's) only those that it takes down, in their order on the way. Claims move with what they
/// are claims on, and fail with the market in whose books they stand.
[[nodiscard]] std::vector<Fall> falls(const Portfolio& portfolio, const Graph& graph,
                                      const FactorMap& factors, const Node& node,
                                      const std::optional<core::U256>& move);

/// "owns", "in", "collateral of" …
[[nodiscard]] std::string_view to_string(Relation relation);
/// "wallet", "account" …
[[nodiscard]] std::string_view to_string(NodeKind kind);

/// The ids that make_graph() gives.
[[nodiscard]] std::string market_id(const margin::MarketName& market);
[[nodiscard]] std::string account_id(const margin::MarketName& market, const core::Address& wallet);
/// The feed, or where the market does not say which it reads, the market's own price of the asset.
[[nodiscard]] std::string oracle_id(const margin::MarketName& market,
                                    const margin::OracleAnswer& answer);
[[nodiscard]] std::string asset_id(const std::string& chain,
                                   const std::optional<core::Address>& asset);

}  // namespace margrave::exposure
