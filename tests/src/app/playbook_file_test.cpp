#include "app/playbook_file.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"

namespace margrave::app {
namespace {

using Catch::Matchers::Contains;

const std::string kBase = R"([cascade]
chain = "devnet"
markets = [ { protocol = "aave_v3", market = "core" } ]
wallets = ["0x0000000000000000000000000000000000000001"]
own = ["0x0000000000000000000000000000000000000002", "0x0000000000000000000000000000000000000001"]
)";

PlaybookFile parse(const std::string& more) {
    return parse_playbook({.name = "p.toml", .text = kBase + more});
}

TEST_CASE("a playbook has the defaults that docs/cascade.md names", "[cascade][settings]") {
    const PlaybookFile file = parse("");
    CHECK(file.playbook.order == cascade::Order::MostProfitable);
    CHECK(file.playbook.pair == cascade::PairChoice::MostProfitable);
    CHECK(file.playbook.selling == cascade::Selling::ToDebt);
    CHECK(file.playbook.rounds_max == 1000);
    CHECK(file.playbook.blocks_per_round == 0);
    CHECK_FALSE(file.playbook.liquidators.only_when_paying);
    // Own accounts are part of the market.
    CHECK(file.wallets.size() == 2);
    CHECK(file.own.size() == 2);
}

TEST_CASE("every rule of a playbook is read", "[cascade][settings]") {
    const PlaybookFile file = parse(R"(order = "lowest-health"
pair = "largest"
sell = "per-round"
max_rounds = 7
[cascade.shock]
sell_raw = { WETH = "1800000000000000000000" }
price = { "ETH/USD" = "-20%" }
[[cascade.venue]]
asset = "WETH"
into = "USDC"
pool = "0x0000000000000000000000000000000000000003"
[[cascade.oracle]]
asset = "WETH"
follows = "pool"
pool = "0x0000000000000000000000000000000000000003"
decimals = 8
quote_usd = "0.9998"
anchor = "spot"
deviation_bps = 50
[[cascade.oracle]]
asset = "wstETH"
follows = "WETH"
ratio = "117/100"
)");
    CHECK(file.playbook.selling == cascade::Selling::PerRound);
    REQUIRE(file.shock.sales.size() == 1);
    CHECK(core::to_decimal(file.shock.sales[0].second) == "1800000000000000000000");
    REQUIRE(file.shock.moves.size() == 1);
    CHECK(file.shock.moves[0].second.multiplier == cascade::Fraction(8, 10));
    REQUIRE(file.oracles.size() == 2);
    CHECK(file.oracles[0].rule.anchor == cascade::Anchor::Spot);
    CHECK(file.oracles[0].rule.feed.deviation == core::Bps(50));
    CHECK(file.oracles[0].rule.quote_usd == cascade::Fraction(9'998, 10'000));
    CHECK(file.oracles[1].follows->text == "WETH");
    CHECK(file.oracles[1].rule.ratio == cascade::Fraction(117, 100));
}

TEST_CASE("a path, a horizon and the liquidators' purse are read", "[cascade][settings]") {
    const PlaybookFile file = parse(R"(horizon_blocks = 300
range = "own"
[[cascade.path]]
block = 50
price = { "ETH/USD" = "-30%" }
[[cascade.path]]
block = 60
sell_raw = { WETH = "7" }
[cascade.liquidators]
capital_usd = "2500000.5"
)");
    CHECK(file.playbook.horizon_blocks == 300);
    CHECK(file.range == Range::Own);
    REQUIRE(file.path.size() == 2);
    CHECK(file.path[0].block == 50);
    CHECK(file.path[0].moves[0].second.multiplier == cascade::Fraction(7, 10));
    CHECK(file.path[1].sales[0].second == 7);
    CHECK(file.playbook.liquidators.capital == core::Usd(core::wad() * 5'000'001 / 2));
}

TEST_CASE("an assumed curve has the address of its place", "[cascade][settings]") {
    const PlaybookFile file = parse(R"([[cascade.venue]]
asset = "WETH"
into = "USDC"
pool = "0x0000000000000000000000000000000000000003"
[[cascade.venue]]
asset = "WETH"
into = "USDC"
assumed = "square-root"
daily_volume_usd = "2000000000"
daily_volatility_bps = 400
)");
    REQUIRE(file.venues.size() == 2);
    CHECK_FALSE(file.venues[0].curve);
    REQUIRE(file.venues[1].curve);
    CHECK(file.venues[1].pool ==
          core::Address::parse("0x0000000000000000000000000000000000000002"));
    CHECK(file.venues[1].curve->y == core::Wad(core::wad()));
    CHECK(file.venues[1].curve->daily_volatility == core::Bps(400));
    CHECK(file.venues[1].curve->daily_volume == core::Usd(core::wad() * 2'000'000'000));
}

TEST_CASE("a mistake in a playbook is one line with its place and what to write",
          "[cascade][settings]") {
    struct Fault {
        std::string text;
        std::string told;
    };
    const Fault fault = GENERATE(
        Fault{"order = \"random\"\n", "expected one of most-profitable, lowest-health"},
        Fault{"engine = \"quantum\"\n", "expected exact or fast"},
        Fault{"engine = \"fast\"\naccrue = true\n", "exact engine only"},
        Fault{"repay = \"half\"\n", "one of max"}, Fault{"max_rounds = 0\n", "max_rounds"},
        Fault{"sells = \"keep\"\n", "sells"},
        Fault{"[cascade.shock]\nprice = { \"ETH/USD\" = \"-100%\" }\n", "above -100%"},
        Fault{"[cascade.shock]\nprice = { \"ETH/USD\" = \"20%\" }\n", "\"-20%\" or \"+5%\""},
        Fault{"[cascade.shock]\nsell_raw = { WETH = \"1.5\" }\n", "decimal digits"},
        Fault{"[[cascade.venue]]\nasset = \"WETH\"\npool = "
              "\"0x0000000000000000000000000000000000000003\"\n",
              "into"},
        Fault{"[[cascade.oracle]]\nasset = \"WETH\"\nfollows = \"pool\"\n", "pool"},
        Fault{"[[cascade.oracle]]\nasset = \"wstETH\"\nfollows = \"WETH\"\nratio = \"1/0\"\n",
              "positive ratio"},
        Fault{"[[cascade.venue]]\nasset = \"WETH\"\ninto = \"USDC\"\nassumed = \"square-root\"\n",
              "daily_volatility_bps"},
        Fault{"[[cascade.venue]]\nasset = \"WETH\"\ninto = \"USDC\"\nassumed = \"linear\"\n",
              "one of square-root"},
        Fault{"horizon_blocks = 0\n", "1 to 1000000 blocks"},
        Fault{"range = \"all\"\n", "one of shock, own, none"},
        Fault{"[[cascade.path]]\nprice = { \"ETH/USD\" = \"-20%\" }\n", "block"},
        Fault{"[[cascade.path]]\nblock = 5\n[[cascade.path]]\nblock = 5\n", "a block after 5"},
        Fault{"[[cascade.path]]\nblock = 5\nprices = { }\n", "did you mean `price`"},
        Fault{"[cascade.liquidators]\ncapital_usd = \"much\"\n", "dollars in quotes"});
    CHECK_THROWS_WITH(parse(fault.text), Contains("p.toml:") && Contains(fault.told));
}

TEST_CASE("a playbook without markets, wallets or table is refused", "[cascade][settings]") {
    const auto parse_whole = [](const std::string& text) {
        return parse_playbook({.name = "p.toml", .text = text});
    };
    CHECK_THROWS_WITH(parse_whole("x = 1\n"), Contains("[cascade]"));
    CHECK_THROWS_WITH(parse_whole("[cascade]\nchain = \"a\"\n"), Contains("at least one market"));
    CHECK_THROWS_WITH(
        parse_whole("[cascade]\nchain = \"a\"\nmarkets = [{protocol=\"x\", market=\"y\"}]\n"),
        Contains("no wallet"));
}

TEST_CASE("a book stands in the place of wallets, with the own accounts in it",
          "[cascade][settings][book]") {
    const std::string head =
        "[cascade]\nchain = \"a\"\nmarkets = [{protocol=\"x\", market=\"y\"}]\n";
    const auto parse_whole = [&](const std::string& text) {
        return parse_playbook({.name = "p.toml", .text = head + text});
    };
    const PlaybookFile file = parse_whole(
        "book = \"core.book\"\nown = [\"0x0000000000000000000000000000000000000002\"]\n");
    CHECK(file.book == "core.book");
    CHECK(file.own.size() == 1);
    CHECK_FALSE(parse("").book);
    CHECK_THROWS_WITH(parse("book = \"core.book\"\n"),
                      Contains("`wallets` and `book` exclude each other"));
}

}  // namespace
}  // namespace margrave::app
