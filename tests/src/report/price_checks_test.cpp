#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fixed_point.hpp"
#include "report/report.hpp"
#include "tests/support/fake_market.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using core::U256;
using core::Wad;
using test::address;

namespace {

const U256 kWad = core::wad();
const U256 kDollar = 100'000'000;

const margin::MarketName kCore{.protocol = "aave_v3", .chain = "devnet", .name = "core"};
const margin::MarketName kLido{.protocol = "aave_v3", .chain = "devnet", .name = "lido"};
const margin::MarketName kBlue{.protocol = "morpho_blue", .chain = "devnet", .name = "0xaa"};

const core::Address kUsdc = address(1);
const core::Address kEth = address(2);
const core::Address kStEth = address(3);

/// In dollars of 1e8, from a source of its own.
margin::OracleAnswer dollars(const core::Address& asset, const char* symbol, const U256& answer,
                             std::uint64_t source) {
    return {.asset = asset,
            .symbol = symbol,
            .decimals = 18,
            .denominator = std::nullopt,
            .denominator_symbol = "USD",
            .quote =
                margin::PriceQuote{
                    .answer = answer, .source = address(source), .updated_at = std::nullopt},
            .unit = kDollar};
}

/// An account that has all these assets.
std::unique_ptr<test::FakeMarket> market(const margin::MarketName& name,
                                         const std::vector<margin::OracleAnswer>& answers,
                                         const std::vector<core::Address>& held) {
    auto out = std::make_unique<test::FakeMarket>(name);
    out->oracle_answers = answers;
    test::FakeAccount& account = out->accounts.emplace_back();
    account.wallet = address(0xaa);
    account.health.status = margin::Status::NoDebt;
    for (const core::Address& asset : held) {
        margin::Leg leg;
        leg.asset = asset;
        leg.symbol = asset == kUsdc ? "USDC" : asset == kEth ? "WETH" : "stETH";
        leg.side = margin::Side::Supply;
        account.legs.push_back(leg);
    }
    return out;
}

/// Takes a test's markets; USDC is a dollar's and stETH an ether's.
std::vector<report::PriceCheck> checks(std::vector<std::unique_ptr<test::FakeMarket>> markets,
                                       std::vector<snapshot::Holding> holdings = {}) {
    snapshot::Snapshot snapshot;
    snapshot.wallets = {address(0xaa)};
    snapshot::ChainCut cut;
    cut.chain = "devnet";
    cut.chain_id = core::ChainId(31337);
    cut.timestamp = core::Timestamp(1'750'000'000);
    snapshot.chains = {cut};
    for (auto& one : markets) {
        snapshot.markets.push_back(std::move(one));
    }
    snapshot.holdings = std::move(holdings);
    report::Options options;
    options.factors =
        exposure::FactorMap({{"", std::nullopt, "USDC", "", {"USDC/USD"}},
                             {"", std::nullopt, "WETH", "", {"ETH/USD"}},
                             {"", std::nullopt, "stETH", "", {"ETH/USD", "stETH/ETH"}}},
                            {}, {});
    options.pegs = {"USDC/USD", "stETH/ETH"};
    return report::make_report(snapshot, options).price_checks;
}

template <class... Markets>
std::vector<std::unique_ptr<test::FakeMarket>> all(Markets... markets) {
    std::vector<std::unique_ptr<test::FakeMarket>> out;
    (out.push_back(std::move(markets)), ...);
    return out;
}

}  // namespace

TEST_CASE("an answer is held against what another market says of the same token",
          "[report][price_checks]") {
    // 1.02 beside 1.00: 2 % of the reference.
    auto found = checks(all(market(kCore, {dollars(kUsdc, "USDC", 102'000'000, 0x10)}, {kUsdc}),
                            market(kLido, {dollars(kUsdc, "USDC", 100'000'000, 0x11)}, {})));
    REQUIRE(found.size() == 1);
    CHECK(found[0].symbol == "USDC");
    CHECK(found[0].divergence == Wad(kWad / 50));
    CHECK(found[0].beside == "aave_v3/lido");
    // From below: |1.00 / 1.02 - 1| = 0.0196…, rounded down.
    found = checks(all(market(kCore, {dollars(kUsdc, "USDC", 100'000'000, 0x10)}, {kUsdc}),
                       market(kLido, {dollars(kUsdc, "USDC", 102'000'000, 0x11)}, {})));
    CHECK(found[0].divergence == Wad(U256(19'607'843'137'254'901)));
}

TEST_CASE("the same contract is no second opinion, and nothing is one beside nobody",
          "[report][price_checks]") {
    const auto same =
        checks(all(market(kCore, {dollars(kUsdc, "USDC", 102'000'000, 0x10)}, {kUsdc}),
                   market(kLido, {dollars(kUsdc, "USDC", 100'000'000, 0x10)}, {})));
    CHECK_FALSE(same[0].divergence);
    CHECK(same[0].unknown_because.empty());
    const auto alone =
        checks(all(market(kCore, {dollars(kEth, "WETH", 102'000'000, 0x10)}, {kEth})));
    CHECK_FALSE(alone[0].divergence);
    CHECK_FALSE(alone[0].peg_distance);
}

TEST_CASE("an answer in another token is held against those of one and the same market",
          "[report][price_checks]") {
    // 0.97 ether for a stETH; the other market has 1940 over 2000 dollars: the same.
    margin::OracleAnswer own = dollars(kStEth, "stETH", 97, 0x20);
    own.denominator = kEth;
    own.denominator_symbol = "WETH";
    own.unit = 100;
    const auto beside = [&](const U256& st_eth) {
        return checks(
            all(market(kBlue, {own}, {kStEth}), market(kCore,
                                                       {dollars(kEth, "WETH", 2000 * kDollar, 0x10),
                                                        dollars(kStEth, "stETH", st_eth, 0x11)},
                                                       {})));
    };
    CHECK(beside(1940 * kDollar)[0].divergence == Wad(0));
    CHECK(beside(2000 * kDollar)[0].divergence == Wad(kWad * 3 / 100));
    CHECK(beside(2000 * kDollar)[0].beside == "aave_v3/core");
    // Who does not price the other token says nothing.
    const auto without = checks(all(market(kBlue, {own}, {kStEth}),
                                    market(kCore, {dollars(kStEth, "stETH", kDollar, 0x11)}, {})));
    CHECK_FALSE(without[0].divergence);
}

TEST_CASE("a feed of a balance is a second opinion, and the farthest one counts",
          "[report][price_checks]") {
    snapshot::Holding holding;
    holding.chain = "devnet";
    holding.wallet = address(0xaa);
    holding.asset = kUsdc;
    holding.symbol = "USDC";
    holding.decimals = 6;
    holding.price = snapshot::HoldingPrice{
        .source = snapshot::PriceSource::ChainlinkFeed,
        .name = "0xfeed",
        .quote = {.answer = 80'000'000, .source = address(0xfeed), .updated_at = std::nullopt},
        .unit = kDollar};
    const auto found =
        checks(all(market(kCore, {dollars(kUsdc, "USDC", 100'000'000, 0x10)}, {kUsdc}),
                   market(kLido, {dollars(kUsdc, "USDC", 99'000'000, 0x11)}, {})),
               {holding});
    CHECK(found[0].divergence == Wad(kWad / 4));
    CHECK(found[0].beside == "0xfeed");
    CHECK(found[0].peg_distance == Wad(kWad / 5));
    CHECK(found[0].priced_by == "0xfeed");
}

TEST_CASE("what the oracle gives no price of is not known", "[report][price_checks][coverage]") {
    auto silent = dollars(kUsdc, "USDC", 0, 0x10);
    silent.quote.reset();
    const auto found = checks(all(market(kCore, {silent}, {kUsdc}),
                                  market(kLido, {dollars(kUsdc, "USDC", 99'000'000, 0x11)}, {})));
    CHECK_FALSE(found[0].divergence);
    CHECK(found[0].unknown_because == "the oracle gives no price of USDC");
    CHECK(found[0].peg_distance == Wad(kWad / 100));  // another market says it
}

TEST_CASE("a peg is of the token's last factor: of dollars, or of its root",
          "[report][price_checks]") {
    const auto found = checks(all(market(
        kCore,
        {dollars(kUsdc, "USDC", 103'000'000, 0x10), dollars(kEth, "WETH", 2000 * kDollar, 0x11),
         dollars(kStEth, "stETH", 1900 * kDollar, 0x12)},
        {kUsdc, kEth, kStEth})));
    REQUIRE(found.size() == 3);
    CHECK(found[0].peg_distance == Wad(kWad * 3 / 100));
    CHECK(found[0].priced_by == "aave_v3/core");
    CHECK_FALSE(found[1].peg_distance);  // an ether has no peg
    CHECK(found[2].peg_distance == Wad(kWad / 20));
}

TEST_CASE("a peg that nothing measures is not known", "[report][price_checks][coverage]") {
    // Nobody says what an ether is.
    auto found =
        checks(all(market(kCore, {dollars(kStEth, "stETH", 1900 * kDollar, 0x12)}, {kStEth})));
    CHECK_FALSE(found[0].peg_distance);
    CHECK_THAT(found[0].peg_unknown_because, Catch::Contains("stETH/ETH"));
    // A price of nothing is none: neither a lost peg, nor a divergence of whoever is held against
    // it.
    found = checks(all(market(kCore, {dollars(kUsdc, "USDC", 0, 0x10)}, {kUsdc}),
                       market(kLido, {dollars(kUsdc, "USDC", 0, 0x11)}, {kUsdc})));
    CHECK_FALSE(found[0].peg_distance);
    CHECK_FALSE(found[0].divergence);
    CHECK(found[0].peg_unknown_because == "nothing prices USDC");
    // What has no peg needs none.
    found = checks(all(market(kCore, {dollars(kEth, "WETH", 2000 * kDollar, 0x12)}, {kEth})));
    CHECK(found[0].peg_unknown_because.empty());
}

TEST_CASE("prices that no contract would give make no check fall over", "[report][price_checks]") {
    auto odd = dollars(kUsdc, "USDC", ~U256(0), 0x10);
    auto none = dollars(kUsdc, "USDC", 1, 0x11);
    none.unit = 0;
    const auto found = checks(all(market(kCore, {odd}, {kUsdc}), market(kLido, {none}, {}),
                                  market(kBlue, {dollars(kUsdc, "USDC", 0, 0x12)}, {})));
    CHECK_FALSE(found[0].divergence);
}
