#include "exposure/graph.hpp"

#include <catch2/catch.hpp>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::decimal;
using test::kFeed;
using test::kUsdc;
using test::kWeth;
using test::kWsteth;
using test::numbered;
using test::tokens;
using test::usdc;

/// Wallet 1 owes 10000 against 10 WETH (falls at 0.625) on one market and 14000 (at 0.875) on the
/// other; wallet 2 owes 3 WETH against 9000 USDC (falls at 1.2). Wallet 1 keeps a WETH idle.
struct Book {
    test::MarginPool core = test::pool("core");
    test::MarginPool prime = test::pool("prime");
    FactorMap factors = test::factors();

    Book() {
        core.rows = {{.wallet = numbered(1),
                      .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                                   {.asset = kUsdc, .collateral = 0, .debt = usdc(10'000)}}},
                     {.wallet = numbered(2),
                      .balances = {{.asset = kUsdc, .collateral = usdc(9'000), .debt = 0},
                                   {.asset = kWeth, .collateral = 0, .debt = tokens(3)}}}};
        prime.rows = {{.wallet = numbered(1),
                       .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                                    {.asset = kUsdc, .collateral = 0, .debt = usdc(14'000)}}}};
    }

    [[nodiscard]] Portfolio portfolio() const {
        return make_portfolio({&prime, &core}, {test::weth_holding(1, core::wad())}, {});
    }
    [[nodiscard]] Graph graph() const {
        const Portfolio all = portfolio();
        return make_graph(all, PriceBook(all, factors), factors);
    }
    [[nodiscard]] std::vector<Fall> falls_with(const std::string& text,
                                               std::optional<core::U256> move = {}) const {
        const Graph whole = graph();
        const auto found = matching(whole, text);
        REQUIRE(found.size() == 1);
        return falls(portfolio(), whole, factors, found[0], move);
    }
};

std::string core_account(std::uint8_t wallet) {
    return account_id({.protocol = "aave_v3", .chain = "ethereum", .name = "core"},
                      numbered(wallet));
}

std::string prime_account(std::uint8_t wallet) {
    return account_id({.protocol = "aave_v3", .chain = "ethereum", .name = "prime"},
                      numbered(wallet));
}

bool has_edge(const Graph& graph, const std::string& from, Relation relation,
              const std::string& to) {
    for (const Edge& edge : graph.edges) {
        if (edge.from == from && edge.to == to && edge.relation == relation) {
            return true;
        }
    }
    return false;
}

TEST_CASE("the graph says what each account stands on", "[exposure][graph]") {
    const Graph graph = Book().graph();
    const std::string weth = asset_id("ethereum", kWeth);
    const std::string wallet = "wallet:" + numbered(1).to_string();
    CHECK(has_edge(graph, wallet, Relation::Owns, core_account(1)));
    CHECK(has_edge(graph, core_account(1), Relation::In, "market:ethereum/aave_v3/core"));
    CHECK(has_edge(graph, weth, Relation::CollateralOf, core_account(1)));
    CHECK(has_edge(graph, weth, Relation::DebtOf, core_account(2)));
    CHECK(has_edge(graph, weth, Relation::PricedBy, "oracle:ethereum/" + kFeed.to_string()));
    CHECK(has_edge(graph, weth, Relation::Follows, "factor:ETH/USD"));
    // Nobody holds wstETH, so nothing depends on its oracle.
    CHECK(matching(graph, "wstETH").empty());
}

TEST_CASE("idle tokens that could help are tied to the accounts of their owner",
          "[exposure][graph]") {
    Book book;
    book.prime.rows[0].balances[0].debt = tokens(1);
    const Graph graph = book.graph();
    const std::string idle =
        "holding:ethereum/" + numbered(1).to_string() + "/" + kWeth.to_string();
    CHECK(has_edge(graph, idle, Relation::CouldAdd, core_account(1)));
    CHECK(has_edge(graph, idle, Relation::CouldRepay, prime_account(1)));
    CHECK_FALSE(has_edge(graph, idle, Relation::CouldRepay, core_account(2)));
}

TEST_CASE("an oracle that accounts share is listed with them", "[exposure][graph]") {
    const Graph graph = Book().graph();
    REQUIRE(graph.shared_oracles.size() == 2);
    CHECK(graph.shared_oracles[0].oracle == "oracle:ethereum/" + kFeed.to_string());
    CHECK(graph.shared_oracles[0].accounts ==
          std::vector{core_account(1), core_account(2), prime_account(1)});
}

TEST_CASE("a factor takes accounts down in the order of their distance", "[exposure][graph]") {
    const auto falls = Book().falls_with("ETH/USD");
    // ln(1 / 0.875) = 0.134, ln 1.2 = 0.182, ln(1 / 0.625) = 0.47.
    REQUIRE(falls.size() == 3);
    CHECK(falls[0].account == prime_account(1));
    CHECK(falls[0].multiplier == decimal("0.875").value());
    CHECK(falls[0].by == "collateral WETH");
    CHECK(falls[1].account == core_account(2));
    CHECK(falls[1].by == "debt WETH");
    CHECK(falls[2].account == core_account(1));
}

TEST_CASE("a move takes down what lies on its way", "[exposure][graph][boundary]") {
    const Book book;
    CHECK(book.falls_with("ETH/USD", decimal("0.7").value()).size() == 1);
    // At exactly 0.875 the account still holds; the move must reach the first failing neighbour.
    CHECK(book.falls_with("ETH/USD", decimal("0.875").value()).empty());
    CHECK(book.falls_with("ETH/USD", decimal("0.874999999999999999").value()).size() == 1);
    CHECK(book.falls_with("ETH/USD", decimal("0.5").value()).size() == 2);
    const auto up = book.falls_with("ETH/USD", decimal("1.3").value());
    REQUIRE(up.size() == 1);
    CHECK(up[0].account == core_account(2));
}

TEST_CASE("a shared feed that goes wrong takes down whoever it prices", "[exposure][graph]") {
    const Book book;
    const auto falls = book.falls_with(kFeed.to_string());
    CHECK(falls.size() == 3);
    CHECK(book.falls_with("oracle:ethereum/" + kFeed.to_string()).size() == 3);
}

TEST_CASE("an asset that fails loses its worth and frees who owes it", "[exposure][graph]") {
    const auto falls = Book().falls_with(asset_id("ethereum", kWeth));
    REQUIRE(falls.size() == 2);
    CHECK(falls[0].account == prime_account(1));
    CHECK(falls[1].account == core_account(1));
}

TEST_CASE("a market that fails takes every account in it", "[exposure][graph]") {
    const auto falls = Book().falls_with("market:ethereum/aave_v3/core");
    REQUIRE(falls.size() == 2);
    CHECK_FALSE(falls[0].multiplier);
    CHECK(falls[0].by == "in");
}

TEST_CASE("the order of reading changes no graph", "[exposure][graph]") {
    const Book book;
    const Portfolio turned =
        make_portfolio({&book.core, &book.prime}, {test::weth_holding(1, core::wad())}, {});
    const Graph one = book.graph();
    const Graph other = make_graph(turned, PriceBook(turned, book.factors), book.factors);
    REQUIRE(one.edges.size() == other.edges.size());
    for (std::size_t i = 0; i < one.edges.size(); ++i) {
        CHECK(one.edges[i].from == other.edges[i].from);
        CHECK(one.edges[i].to == other.edges[i].to);
    }
}

TEST_CASE("a node is found by id, label or address, whatever the case", "[exposure][graph]") {
    const Graph graph = Book().graph();
    CHECK(matching(graph, "factor:eth/usd").size() == 1);
    CHECK(matching(graph, "weth").size() == 1);
    CHECK(matching(graph, kUsdc.to_string()).size() == 1);
    CHECK(matching(graph, "0x").empty());
    CHECK(matching(graph, "").empty());
}

/// Wallet 2 owes against a vault's shares, each worth an aWETH in the books of "prime"; wallet 3
/// holds aWETH idle.
struct ClaimBook : Book {
    core::Address vault = numbered(0x71);
    core::Address a_token = numbered(0x72);
    core::Address pool_contract = numbered(0x73);

    ClaimBook() {
        prime.kept_by = pool_contract;
        core.assets.push_back({.address = vault, .symbol = "vWETH", .answer = 2000'00000000});
        core.rows[1].balances = {{.asset = vault, .collateral = tokens(10), .debt = 0},
                                 {.asset = kUsdc, .collateral = 0, .debt = usdc(10'000)}};
        snapshot::TokenClaim shares;
        shares.chain = "ethereum";
        shares.token = vault;
        shares.symbol = "vWETH";
        shares.decimals = 18;
        shares.underlying = a_token;
        shares.underlying_symbol = "aWETH";
        shares.underlying_decimals = 18;
        shares.keeper = vault;
        shares.rate = margrave::core::wad();
        snapshot::TokenClaim in_pool = shares;
        in_pool.kind = snapshot::ClaimKind::PoolBalance;
        in_pool.token = a_token;
        in_pool.symbol = "aWETH";
        in_pool.underlying = kWeth;
        in_pool.underlying_symbol = "WETH";
        in_pool.keeper = pool_contract;
        factors = factors.with_claims({shares, in_pool});
    }

    [[nodiscard]] Portfolio whole() const {
        auto held = test::weth_holding(3, margrave::core::wad());
        held.asset = a_token;
        held.symbol = "aWETH";
        held.price.reset();
        return make_portfolio({&prime, &core}, {held}, {});
    }
    [[nodiscard]] Graph claims_graph() const {
        const Portfolio all = whole();
        return make_graph(all, PriceBook(all, factors), factors);
    }
};

TEST_CASE("claims are edges down to the market that keeps them", "[exposure][graph][claims]") {
    const ClaimBook book;
    const Graph graph = book.claims_graph();
    const auto id = [](const core::Address& asset) { return asset_id("ethereum", asset); };
    CHECK(has_edge(graph, id(book.vault), Relation::ClaimOn, id(book.a_token)));
    CHECK(has_edge(graph, id(book.a_token), Relation::ClaimOn, id(kWeth)));
    CHECK(has_edge(graph, id(book.a_token), Relation::KeptIn, market_id(book.prime.name())));
}

TEST_CASE("a pool that fails takes claims on it down elsewhere", "[exposure][graph][claims]") {
    const ClaimBook book;
    const Graph graph = book.claims_graph();
    const auto node = matching(graph, market_id(book.prime.name()));
    REQUIRE(node.size() == 1);
    const auto fallen = falls(book.whole(), graph, book.factors, node[0], std::nullopt);
    // The account in it at once, and the one whose collateral is a claim on it, at 0.625.
    REQUIRE(fallen.size() == 2);
    CHECK(fallen[0].account == prime_account(1));
    CHECK_FALSE(fallen[0].multiplier);
    CHECK(fallen[1].account == core_account(2));
    CHECK(fallen[1].multiplier == decimal("0.625").value());
    const auto lost = lost_holdings(graph, node[0]);
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].value == test::dollars(2'000));
    CHECK(lost[0].by == "claim on aave_v3 prime on ethereum");
}

TEST_CASE("a market in which a vault lends takes that part of its shares along",
          "[exposure][graph][claims]") {
    ClaimBook book;
    snapshot::TokenClaim shares;
    shares.chain = "ethereum";
    shares.token = book.a_token;  // what the portfolio holds, 2000 dollars of it
    shares.symbol = "vWETH";
    shares.decimals = 18;
    shares.underlying = kWeth;
    shares.underlying_symbol = "WETH";
    shares.underlying_decimals = 18;
    shares.keeper = shares.token;
    shares.rate = margrave::core::wad();
    const auto lends = [](const std::string& market, std::uint64_t amount) {
        return margin::Allocation{.protocol = "isolated",
                                  .market = market,
                                  .collateral_symbol = "WBTC",
                                  .lent = amount,
                                  .supplied = 100,
                                  .borrowed = 90};
    };
    shares.allocations = {lends("0xa", 3), lends("0xb", 5), lends("0xc", 0)};
    book.factors = test::factors().with_claims({shares});
    const Graph graph = book.claims_graph();
    CHECK(matching(graph, "market:ethereum/isolated/0xc").empty());
    const auto node = matching(graph, "market:ethereum/isolated/0xa");
    REQUIRE(node.size() == 1);
    const auto lost = lost_holdings(graph, node[0]);
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].value == test::dollars(750));  // three of eight
    CHECK(lost[0].by == "lent in isolated 0xa on ethereum");

    const Portfolio all = book.whole();
    const auto items = items_of(all, PriceBook(all, book.factors), book.factors);
    const auto parts = aggregate(all, items, book.factors).lent_by_vaults;
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].part.ours == margrave::core::wad() * 3 / 8);
    CHECK(parts[1].part.allocation.market == "0xb");
}

TEST_CASE("an asset that falls takes its claims along", "[exposure][graph][claims]") {
    const ClaimBook book;
    const Graph graph = book.claims_graph();
    const auto node = matching(graph, asset_id("ethereum", kWeth));
    REQUIRE(node.size() == 1);
    const auto fallen = falls(book.whole(), graph, book.factors, node[0], std::nullopt);
    REQUIRE(fallen.size() == 3);
    CHECK(fallen[0].account == prime_account(1));  // 0.875
    CHECK(lost_holdings(graph, node[0]).size() == 1);
}

TEST_CASE("what an owner holds could help the accounts of its smart account",
          "[exposure][graph][smart_accounts]") {
    const Book book;
    snapshot::SmartAccount safe;
    safe.chain = "ethereum";
    safe.address = numbered(1);
    safe.owners = {numbered(4), numbered(5)};
    const auto helps = [&](std::vector<snapshot::SmartAccount> accounts) {
        const Portfolio all = make_portfolio(
            {&book.core}, {test::weth_holding(4, margrave::core::wad())}, {}, std::move(accounts));
        const Graph graph = make_graph(all, PriceBook(all, book.factors), book.factors);
        return has_edge(graph,
                        "holding:ethereum/" + numbered(4).to_string() + '/' + kWeth.to_string(),
                        Relation::CouldAdd, core_account(1));
    };
    CHECK(helps({safe}));
    CHECK_FALSE(helps({}));
    safe.chain = "base";
    CHECK_FALSE(helps({safe}));
}

}  // namespace
}  // namespace margrave::exposure
