#include "collect/collect.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "core/errors.hpp"
#include "margin/account.hpp"
#include "tests/adapters/aave_v3/builders.hpp"
#include "tests/adapters/aave_v3/fake_pool.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::collect;
using namespace margrave::test::aave_v3;
using Catch::Matchers::Contains;
using chains::erc20::BalanceOf;
using chains::erc20::Decimals;
using chains::evm::oracles::FeedDecimals;
using chains::evm::oracles::LatestRoundData;
using core::Address;
using core::ErrorKind;
using snapshot::CoverageGap;
using test::address;
using test::FakeNode;

namespace {

const Address kFirst = address(1);
const Address kSecond = address(2);
const Address kToken = address(0xf00);  // listed by no market
const Address kFeed = address(0xf01);

/// A chain with the pool as its market and two wallets, each with 10 WETH against 8000 USDC.
struct World {
    World() : pool(node) {
        pool.add(weth_against_usdc(1).build());
        pool.add(weth_against_usdc(2).build());
    }

    [[nodiscard]] ChainRequest request(std::string block = "20000000") {
        return {.chain = settings.chain("ethereum"),
                .transport = &node,
                .block = {std::move(block)},
                .wallets = {kFirst, kSecond}};
    }
    [[nodiscard]] CollectResult collect() { return collect::collect(settings, {request()}, {}); }

    FakeNode node;
    FakePool pool;
    settings::Settings settings = pool_settings();
};

/// The same with a token of 6 decimals, whose feed answers 1 dollar every hour, that both wallets
/// hold 5 of.
struct TokenWorld : World {
    TokenWorld() {
        settings = pool_settings(R"(
[[assets]]
chain = "ethereum"
symbol = "TOK"
address = "0x0000000000000000000000000000000000000f00"
chainlink_feed = "0x0000000000000000000000000000000000000f01"
heartbeat_s = 3600
)");
        node.answer(kToken, Decimals{}, U256(6));
        node.answer(kToken, BalanceOf{}, U256(5'000'000), kFirst);
        node.answer(kToken, BalanceOf{}, U256(5'000'000), kSecond);
        node.answer(kFeed, FeedDecimals{}, std::uint8_t{8});
        answer_feed(kBlockTime);
    }
    void answer_feed(const U256& updated_at, std::int64_t answer = 100'000'000) {
        node.answer(kFeed, LatestRoundData{}, FakePool::round(updated_at, answer));
    }
};

std::vector<snapshot::Holding> holdings_of(const CollectResult& result, const std::string& symbol) {
    std::vector<snapshot::Holding> out;
    std::copy_if(result.snapshot.holdings.begin(), result.snapshot.holdings.end(),
                 std::back_inserter(out), [&](const auto& held) { return held.symbol == symbol; });
    return out;
}

}  // namespace

TEST_CASE("a chain is read whole, at one block, without gaps", "[collect]") {
    World world;
    world.node.fund(kFirst, 7);
    const CollectResult result = world.collect();
    const snapshot::Snapshot& snapshot = result.snapshot;
    CHECK(snapshot.gaps.empty());
    CHECK(result.unreadable_chains.empty());
    CHECK(snapshot.wallets == std::vector<Address>{kFirst, kSecond});
    REQUIRE(snapshot.chains.size() == 1);
    CHECK(snapshot.chains[0].chain == "ethereum");
    CHECK(snapshot.chains[0].chain_id == core::ChainId(1));
    CHECK(snapshot.chains[0].number == world.node.block.number);
    CHECK(snapshot.chains[0].hash == world.node.block.hash);
    CHECK(snapshot.chains[0].timestamp == world.node.block.timestamp);
    CHECK(snapshot.chains[0].pinned_by_hash);
    REQUIRE(snapshot.markets.size() == 1);
    CHECK(snapshot.markets[0]->account_count() == 2);
    CHECK(snapshot.markets[0]->health(1).health_factor == core::Wad(U256(2 * core::wad())));
    REQUIRE(snapshot.holdings.size() == 1);
    CHECK(snapshot.holdings[0].symbol == "ETH");
    CHECK(snapshot.holdings[0].decimals == 18);
    CHECK(snapshot.holdings[0].amount == 7);
    CHECK(snapshot.holdings[0].wallet == kFirst);
    CHECK_FALSE(snapshot.holdings[0].asset);
    CHECK_FALSE(snapshot.holdings[0].price);
    REQUIRE(result.costs.size() == 1);
    // The head, four of the adapter, what tokens are, and the second look at refusals.
    CHECK(result.costs[0].rounds == 7);
    CHECK(result.costs[0].splits == 2);  // two programs beside the others
    CHECK(result.costs[0].traffic.requests == 9);
}

TEST_CASE("a wallet's failure is its own gap", "[collect][coverage]") {
    World world;
    world.node.revert(FakePool::pool, adapters::aave_v3::GetUserConfiguration{}, kSecond);
    const CollectResult result = world.collect();
    REQUIRE(result.snapshot.gaps.size() == 1);
    const CoverageGap& gap = result.snapshot.gaps[0];
    CHECK(gap.chain == "ethereum");
    CHECK(gap.protocol == "aave_v3");
    CHECK(gap.market == "core");
    CHECK(gap.wallet == kSecond);
    CHECK(gap.kind == ErrorKind::Reverted);
    CHECK_THAT(gap.detail, Contains("getUserConfiguration"));
    CHECK(result.snapshot.markets[0]->health(1).status == margin::Status::Unknown);
    CHECK(result.snapshot.markets[0]->health(0).status == margin::Status::Healthy);
    CHECK(result.unreadable_chains.empty());
}

TEST_CASE("a market that cannot be read is one gap for all wallets", "[collect][coverage]") {
    World world;
    world.node.answer(FakePool::pool, adapters::aave_v3::PoolRevision{}, U256(99));
    world.node.fund(kFirst, 7);
    const CollectResult result = world.collect();
    CHECK(result.snapshot.markets.empty());
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK_FALSE(result.snapshot.gaps[0].wallet);
    CHECK(result.snapshot.gaps[0].market == "core");
    CHECK(result.snapshot.gaps[0].kind == ErrorKind::UnknownRevision);
    CHECK(result.snapshot.holdings.size() == 1);  // the rest stands
    CHECK(result.snapshot.chains.size() == 1);
}

TEST_CASE("what a market misses becomes a gap", "[collect][coverage]") {
    World world;
    world.node.revert(FakePool::oracle, adapters::aave_v3::GetAssetPrice{}, address(0xa000));
    const CollectResult result = world.collect();
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK(result.snapshot.gaps[0].kind == ErrorKind::NoPrice);
    CHECK_THAT(result.snapshot.gaps[0].detail, Contains("WETH"));
    CHECK_FALSE(result.snapshot.gaps[0].wallet);
}

TEST_CASE("an endpoint of another chain is not believed", "[collect][coverage]") {
    World world;
    world.node.chain_id = core::ChainId(10);
    const CollectResult result = world.collect();
    CHECK(result.unreadable_chains == std::vector<std::string>{"ethereum"});
    CHECK(result.snapshot.chains.empty());
    CHECK(result.snapshot.markets.empty());
    CHECK(result.snapshot.holdings.empty());
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK(result.snapshot.gaps[0].kind == ErrorKind::WrongChain);
    CHECK(result.snapshot.gaps[0].protocol.empty());
    CHECK(world.node.requests() == 1);
    CHECK(result.snapshot.wallets.size() == 2);
}

TEST_CASE("an endpoint that does not answer makes its chain unreadable and no other",
          "[collect][coverage]") {
    World good;
    World bad;
    bad.node.refuse_request = [](const chains::evm::RpcRequest&) {
        return std::optional(test::rpc_error(0, "Service Unavailable", 503));
    };
    ChainRequest first = bad.request();
    first.chain.name = "other";
    const CollectResult result = collect::collect(good.settings, {first, good.request()}, {});
    CHECK(result.unreadable_chains == std::vector<std::string>{"other"});
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK(result.snapshot.gaps[0].chain == "other");
    CHECK(result.snapshot.gaps[0].kind == ErrorKind::ServerFault);
    REQUIRE(result.snapshot.chains.size() == 1);
    CHECK(result.snapshot.chains[0].chain == "ethereum");
    CHECK(result.snapshot.markets.size() == 1);
    CHECK(result.snapshot.wallets.size() == 2);  // named once
    CHECK(result.costs.size() == 2);
}

TEST_CASE("chains are read at once, and told in the order in which they were asked for",
          "[collect]") {
    World first;
    World second;
    std::mutex mutex;
    std::condition_variable arrival;
    std::set<const World*> arrived;
    const auto wait_for_both = [&](const World& world) {
        return [&](const chains::evm::RpcRequest&) -> std::optional<chains::evm::RpcError> {
            std::unique_lock lock(mutex);
            arrived.insert(&world);
            arrival.notify_all();
            arrival.wait_for(lock, std::chrono::seconds(5), [&] { return arrived.size() == 2; });
            return arrived.size() == 2
                       ? std::nullopt
                       : std::optional(test::rpc_error(0, "nobody else was asked", 503));
        };
    };
    first.node.refuse_request = wait_for_both(first);
    second.node.refuse_request = wait_for_both(second);
    ChainRequest other = first.request();
    other.chain.name = "other";
    const CollectResult result = collect::collect(first.settings, {other, second.request()}, {});
    CHECK(result.unreadable_chains.empty());
    REQUIRE(result.snapshot.chains.size() == 2);
    CHECK(result.snapshot.chains[0].chain == "other");
    CHECK(result.costs[1].chain == "ethereum");
}

TEST_CASE("a block that does not exist is the user's mistake", "[collect]") {
    World world;
    const auto read = [&](const std::string& block) {
        static_cast<void>(collect::collect(world.settings, {world.request(block)}, {}));
    };
    CHECK_THROWS_AS(read("99999999"), core::InputError);
    CHECK_THROWS_WITH(read("99999999"), Contains("99999999") && Contains("ethereum"));
    CHECK_THROWS_AS(read("0x" + std::string(64, '1')), core::InputError);
    CHECK_NOTHROW(read(
        "0x" + std::string("abababababababababababababababababababababababababababababababab")));
}

TEST_CASE("a reorganisation while reading makes the chain unreadable", "[collect][coverage]") {
    World world;
    world.node.by_hash = FakeNode::ByHash::Refused;
    SECTION("not without one") {
        const CollectResult result = world.collect();
        CHECK(result.snapshot.gaps.empty());
        CHECK_FALSE(result.snapshot.chains.at(0).pinned_by_hash);
        CHECK(result.costs[0].traffic.requests == result.costs[0].rounds + result.costs[0].splits);
    }
    SECTION("the block was replaced") {
        std::size_t seen = 0;
        world.node.refuse_request =
            [&](const chains::evm::RpcRequest&) -> std::optional<chains::evm::RpcError> {
            if (++seen == 4) {
                world.node.block.hash.fill(0x77);
            }
            return std::nullopt;
        };
        const CollectResult result = world.collect();
        CHECK(result.unreadable_chains.size() == 1);
        REQUIRE(result.snapshot.gaps.size() == 1);
        CHECK(result.snapshot.gaps[0].kind == ErrorKind::WrongBlock);
        CHECK(result.snapshot.markets.empty());
        CHECK(result.snapshot.holdings.empty());
        CHECK(result.snapshot.chains.empty());
    }
    SECTION("the block is gone: no mistake of the user's, it was there") {
        std::size_t seen = 0;
        world.node.refuse_request =
            [&](const chains::evm::RpcRequest&) -> std::optional<chains::evm::RpcError> {
            world.node.pinned_block_is_gone = ++seen >= 4;
            return std::nullopt;
        };
        const CollectResult result = world.collect();
        CHECK(result.unreadable_chains.size() == 1);
        CHECK(result.snapshot.gaps.size() == 1);
    }
}

TEST_CASE("an unknown protocol is a mistake in the configuration", "[collect][config]") {
    World world;
    world.settings.markets[0].protocol = "aave_v9";
    CHECK_THROWS_WITH(world.collect(), Contains("aave_v9"));
    CHECK_THROWS_AS(world.collect(), core::ConfigError);
    CHECK(world.node.requests() == 0);
}

TEST_CASE("markets and assets of other chains are left alone", "[collect]") {
    TokenWorld world;
    for (auto& market : world.settings.markets) {
        market.chain = "elsewhere";
    }
    for (auto& asset : world.settings.assets) {
        asset.chain = "elsewhere";
    }
    const CollectResult result = world.collect();
    CHECK(result.snapshot.markets.empty());
    CHECK(result.snapshot.holdings.empty());
    CHECK(result.snapshot.gaps.empty());
    CHECK(world.node.times_asked(kToken, BalanceOf{}, kFirst) == 0);
}

TEST_CASE("a defect while reading is thrown and leaves nothing dangling", "[collect]") {
    World world;
    class Breaking final : public chains::evm::RpcTransport {
      public:
        explicit Breaking(FakeNode& node) : node_(node) {}
        std::vector<std::vector<chains::evm::RpcOutcome>> send(
            const std::vector<chains::evm::RpcRequest>& requests) override {
            core::ensure(++sends_ < 4, "broken");
            return node_.send(requests);
        }
        [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

      private:
        FakeNode& node_;
        int sends_ = 0;
    } breaking(world.node);
    ChainRequest request = world.request();
    request.transport = &breaking;
    CHECK_THROWS_AS(collect::collect(world.settings, {request}, {}), core::InvariantError);
}

TEST_CASE("a token is held in its decimals and priced by its feed", "[collect][holdings]") {
    TokenWorld world;
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    const auto held = holdings_of(result, "TOK");
    REQUIRE(held.size() == 2);
    CHECK(held[0].asset == kToken);
    CHECK(held[0].decimals == 6);
    CHECK(held[0].amount == 5'000'000);
    REQUIRE(held[0].price);
    CHECK(held[0].price->source == snapshot::PriceSource::ChainlinkFeed);
    CHECK(held[0].price->quote.answer == 100'000'000);
    CHECK(held[0].price->unit == 100'000'000);
    CHECK(held[0].price->quote.updated_at == core::Timestamp(kBlockTime));
    CHECK(world.node.times_asked(kToken, Decimals{}) == 2);  // and with what it is a claim on
    CHECK(world.node.times_asked(kFeed, LatestRoundData{}) == 1);
}

TEST_CASE("a market's oracle prices a holding before its feed does", "[collect][holdings]") {
    TokenWorld world;
    // The token is the pool's DAI.
    world.settings.assets[0].address = address(0xa003);
    world.node.answer(address(0xa003), Decimals{}, U256(18));
    world.node.answer(address(0xa003), BalanceOf{}, U256(9), kFirst);
    world.node.answer(address(0xa003), BalanceOf{}, U256(0), kSecond);
    SECTION("where it has a price") {
        const auto held = holdings_of(world.collect(), "TOK");
        REQUIRE(held.size() == 1);  // nothing is held by the second
        REQUIRE(held[0].price);
        CHECK(held[0].price->source == snapshot::PriceSource::ProtocolOracle);
        CHECK(held[0].price->name == "aave_v3/core");
        CHECK(held[0].price->unit == kDollar);
    }
    SECTION("where it has none, the feed does") {
        world.node.revert(FakePool::oracle, adapters::aave_v3::GetAssetPrice{}, address(0xa003));
        const CollectResult result = world.collect();
        CHECK(holdings_of(result, "TOK").at(0).price->source ==
              snapshot::PriceSource::ChainlinkFeed);
        CHECK(result.snapshot.gaps.empty());  // nobody has DAI in the pool
    }
    SECTION("where the market could not be read, the feed does") {
        world.node.answer(FakePool::pool, adapters::aave_v3::PoolRevision{}, U256(99));
        CHECK(holdings_of(world.collect(), "TOK").at(0).price->source ==
              snapshot::PriceSource::ChainlinkFeed);
    }
}

TEST_CASE("a feed's answer is late after its heartbeat and ten minutes",
          "[collect][holdings][boundary]") {
    TokenWorld world;
    const auto priced = [&](std::uint64_t age) {
        world.answer_feed(kBlockTime - age);
        const CollectResult result = world.collect();
        const auto held = holdings_of(result, "TOK");
        REQUIRE(held.size() == 2);  // the amount is known either way
        CHECK(result.snapshot.gaps.size() == (held[0].price ? 0 : 1));
        if (!held[0].price) {
            CHECK(result.snapshot.gaps[0].kind == ErrorKind::NoPrice);
            CHECK_THAT(result.snapshot.gaps[0].detail, Contains("TOK") && Contains("3600"));
        }
        return held[0].price.has_value();
    };
    CHECK(priced(0));
    CHECK(priced(3600 + 600));
    CHECK_FALSE(priced(3600 + 601));
    world.settings.assets[0].heartbeat_s.reset();
    CHECK(priced(1'000'000));
}

TEST_CASE("a feed that gives no price is a gap beside the amount",
          "[collect][holdings][coverage]") {
    TokenWorld world;
    ErrorKind want = ErrorKind::NoPrice;
    SECTION("zero") { world.answer_feed(kBlockTime, 0); }
    SECTION("negative") { world.answer_feed(kBlockTime, -5); }
    SECTION("a round that is not complete") { world.answer_feed(0); }
    SECTION("a round after the block") { world.answer_feed(kBlockTime + 1); }
    SECTION("too many decimals") { world.node.answer(kFeed, FeedDecimals{}, std::uint8_t{37}); }
    SECTION("a revert") {
        world.node.revert(kFeed, LatestRoundData{});
        want = ErrorKind::Reverted;
    }
    SECTION("nonsense") {
        world.node.answer_raw(kFeed, LatestRoundData{}, core::Bytes(159));
        want = ErrorKind::BadData;
    }
    const CollectResult result = world.collect();
    REQUIRE(holdings_of(result, "TOK").size() == 2);
    CHECK_FALSE(holdings_of(result, "TOK")[0].price);
    REQUIRE(result.snapshot.gaps.size() == 1);  // once for all wallets
    CHECK(result.snapshot.gaps[0].kind == want);
    CHECK_FALSE(result.snapshot.gaps[0].wallet);
}

TEST_CASE("a token without decimals cannot be counted", "[collect][holdings][coverage]") {
    TokenWorld world;
    ErrorKind want = ErrorKind::BadData;
    SECTION("none at all") {
        world.node.revert(kToken, Decimals{});
        want = ErrorKind::Reverted;
    }
    SECTION("37") { world.node.answer(kToken, Decimals{}, U256(37)); }
    SECTION("2^256 - 1") { world.node.answer(kToken, Decimals{}, core::max_u256()); }
    const CollectResult result = world.collect();
    CHECK(holdings_of(result, "TOK").empty());
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK(result.snapshot.gaps[0].kind == want);
    CHECK_THAT(result.snapshot.gaps[0].detail, Contains("TOK"));
}

TEST_CASE("36 decimals are counted", "[collect][holdings][boundary]") {
    TokenWorld world;
    world.node.answer(kToken, Decimals{}, U256(36));
    CHECK(holdings_of(world.collect(), "TOK").at(0).decimals == 36);
}

TEST_CASE("what nobody holds needs neither decimals nor price", "[collect][holdings]") {
    TokenWorld world;
    world.node.answer(kToken, BalanceOf{}, U256(0), kFirst);
    world.node.answer(kToken, BalanceOf{}, U256(0), kSecond);
    world.node.revert(kToken, Decimals{});
    world.node.revert(kFeed, LatestRoundData{});
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    CHECK(result.snapshot.holdings.empty());
}

TEST_CASE("a token is asked about by itself only when somebody holds it", "[collect][holdings]") {
    TokenWorld world;
    const bool is_held = GENERATE(true, false);
    if (!is_held) {
        world.node.answer(kToken, BalanceOf{}, U256(0), kFirst);
        world.node.answer(kToken, BalanceOf{}, U256(0), kSecond);
    }
    const CollectResult result = world.collect();
    CHECK(result.snapshot.holdings.size() == (is_held ? 2 : 0));
    CHECK(world.node.times_asked(kToken, BalanceOf{}, kFirst) == 1);
    CHECK(world.node.times_asked(kToken, Decimals{}) == (is_held ? 2 : 0));  // and with its claims
    CHECK(world.node.times_asked(kFeed, LatestRoundData{}) == (is_held ? 1 : 0));
    CHECK(result.costs.at(0).rounds == 7);  // as without tokens
}

TEST_CASE("a balance that cannot be read is a gap and never zero",
          "[collect][holdings][coverage]") {
    TokenWorld world;
    SECTION("of one wallet") {
        world.node.revert(kToken, BalanceOf{}, kSecond);
        const CollectResult result = world.collect();
        CHECK(holdings_of(result, "TOK").size() == 1);
        REQUIRE(result.snapshot.gaps.size() == 1);
        CHECK(result.snapshot.gaps[0].wallet == kSecond);
        CHECK(result.snapshot.gaps[0].kind == ErrorKind::Reverted);
    }
    SECTION("of all wallets, once") {
        world.settings.assets[0].address = address(0xdead);  // no contract there
        const CollectResult result = world.collect();
        CHECK(holdings_of(result, "TOK").empty());
        REQUIRE(result.snapshot.gaps.size() == 1);
        CHECK_FALSE(result.snapshot.gaps[0].wallet);
        CHECK(result.snapshot.gaps[0].kind == ErrorKind::EmptyReply);
    }
}

TEST_CASE("the native coin has the price of its feed", "[collect][holdings]") {
    TokenWorld world;
    world.settings.assets[0].native = true;
    world.settings.assets[0].address.reset();
    world.settings.assets[0].symbol = "ETH";
    world.node.fund(kSecond, 5);
    const CollectResult result = world.collect();
    const auto held = holdings_of(result, "ETH");
    REQUIRE(held.size() == 1);
    CHECK(held[0].wallet == kSecond);
    REQUIRE(held[0].price);
    CHECK(held[0].price->source == snapshot::PriceSource::ChainlinkFeed);
}

TEST_CASE("verifying reads the protocol's own view", "[collect][verify]") {
    World world;
    const auto result = [&](bool verify) {
        return collect::collect(world.settings, {world.request()}, {.verify = verify});
    };
    world.node.answer(
        FakePool::pool, adapters::aave_v3::GetUserAccountData{},
        {20'000 * kDollar, 8000 * kDollar, 7000 * kDollar, 8000, 7500, 2 * core::wad()}, kFirst);
    CHECK(result(true).snapshot.markets[0]->has_referee(0));
    CHECK_FALSE(result(true).snapshot.markets[0]->has_referee(1));
    CHECK_FALSE(result(false).snapshot.markets[0]->has_referee(0));
}

TEST_CASE("a block is a tag, a decimal number or a hash", "[collect]") {
    for (const std::string& good :
         {std::string("latest"), std::string("safe"), std::string("finalized"), std::string("0"),
          std::string("9999999999999999999"), "0x" + std::string(64, 'F')}) {
        CHECK(BlockSelector::parse(good).text == good);
    }
    for (const std::string& bad :
         {std::string(), std::string("pending"), std::string("Latest"), std::string("-1"),
          std::string("0x10"), std::string("1e5"), std::string(" 1"), std::string(20, '9'),
          "0x" + std::string(63, 'f'), "0x" + std::string(64, 'g'), std::string(64, 'f')}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(BlockSelector::parse(bad), core::InputError);
    }
}

namespace {

const Address kWrapped = address(0xf10);  // of kStaked
const Address kStaked = address(0xf11);
const Address kShare = address(0xf12);  // of kWrapped
const Address kPlain = address(0xf13);

using chains::abi::Function;
using AssetOf = Function<"asset", Address()>;
using ConvertToAssets = Function<"convertToAssets", U256(U256)>;
using StEthOf = Function<"stETH", Address()>;
using StEthByWstEth = Function<"getStETHByWstETH", U256(U256)>;
using Symbol = chains::erc20::Symbol;

/// Both wallets hold 7 base units of a vault's shares, which are claims on a wrapped token, which
/// is one on a staked token; and 7 of a token that is no claim.
struct ClaimWorld : World {
    ClaimWorld() {
        settings = pool_settings(R"(
[[assets]]
chain = "ethereum"
symbol = "SHARE"
address = "0x0000000000000000000000000000000000000f12"

[[assets]]
chain = "ethereum"
symbol = "PLAIN"
address = "0x0000000000000000000000000000000000000f13"
)");
        for (const Address& token : {kWrapped, kStaked, kShare, kPlain}) {
            node.answer(token, Decimals{}, U256(18));
            node.answer(token, BalanceOf{}, U256(7), kFirst);
            node.answer(token, BalanceOf{}, U256(7), kSecond);
        }
        node.answer(kShare, AssetOf{}, kWrapped);
        node.answer(kShare, ConvertToAssets{}, U256(2 * core::wad()), core::wad());
        node.answer(kShare, ConvertToAssets{}, U256(13), U256(7));
        node.answer(kWrapped, StEthOf{}, kStaked);
        node.answer(kWrapped, StEthByWstEth{}, U256(core::wad() + 1), core::wad());
        node.answer(kWrapped, StEthByWstEth{}, U256(12), U256(13));
    }
};

}  // namespace

TEST_CASE("tokens are looked through level by level, each asked once", "[collect][claims]") {
    ClaimWorld world;
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    REQUIRE(result.snapshot.claims.size() == 2);
    const snapshot::TokenClaim& wrapped = result.snapshot.claims[0];
    CHECK(wrapped.token == kWrapped);
    CHECK(wrapped.kind == snapshot::ClaimKind::WstEth);
    CHECK(wrapped.underlying == kStaked);
    CHECK(wrapped.rate == core::wad() + 1);
    CHECK(wrapped.answers.at(U256(13)) == 12);  // of what the share is worth, not of what is held
    const snapshot::TokenClaim& share = result.snapshot.claims[1];
    CHECK(share.kind == snapshot::ClaimKind::Erc4626);
    CHECK(share.underlying == kWrapped);
    CHECK(share.answers.at(U256(7)) == 13);
    CHECK(world.node.times_asked(kShare, AssetOf{}) == 1);
    CHECK(world.node.times_asked(kShare, ConvertToAssets{}, U256(7)) == 1);
}

TEST_CASE("a claim that cannot be followed is a named gap", "[collect][claims][coverage]") {
    ClaimWorld world;
    SECTION("its rate reverts") { world.node.revert(kShare, ConvertToAssets{}, core::wad()); }
    SECTION("an amount of it reverts") { world.node.revert(kShare, ConvertToAssets{}, U256(7)); }
    SECTION("it leads back to itself") { world.node.answer(kWrapped, StEthOf{}, kShare); }
    const CollectResult result = world.collect();
    REQUIRE_FALSE(result.snapshot.gaps.empty());
    CHECK_THAT(result.snapshot.gaps[0].detail, Contains("look-through of"));
    CHECK(result.snapshot.markets.size() == 1);
    CHECK(result.snapshot.markets[0]->health(0).status == margin::Status::Healthy);
}

TEST_CASE("a configured rate is read where the configuration says", "[collect][claims]") {
    ClaimWorld world;
    world.settings.token_rates = {{.chain = "ethereum",
                                   .address = kPlain,
                                   .function = "getRate",
                                   .source = kFeed,
                                   .underlying = std::nullopt}};
    using GetRate = Function<"getRate", U256()>;
    world.node.answer(kFeed, GetRate{}, U256(core::wad() * 3 / 2));
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    REQUIRE(result.snapshot.claims.size() == 3);
    const snapshot::TokenClaim& plain = result.snapshot.claims[2];
    CHECK(plain.token == kPlain);
    CHECK(plain.kind == snapshot::ClaimKind::Rate);
    CHECK_FALSE(plain.underlying);
    CHECK(plain.keeper == kFeed);
    CHECK(plain.answers.at(U256(7)) == 10);  // floor(10.5)
    world.node.revert(kFeed, GetRate{});
    CHECK(world.collect().snapshot.gaps.size() == 1);
}

namespace {

const Address kRegistry = address(0xf20);
const Address kProxy = address(3);
const Address kSafe = address(4);
using Proxies = Function<"proxies", Address(Address)>;
using Owner = Function<"owner", Address()>;
using GetOwners = Function<"getOwners", std::vector<Address>()>;
using GetThreshold = Function<"getThreshold", U256()>;

/// The first wallet has a proxy, the second is one of two owners of a Safe.
struct OwnedWorld : World {
    OwnedWorld() {
        settings.chains.at("ethereum").proxy_registry = kRegistry;
        settings.smart_accounts = {{.chain = "ethereum", .address = kSafe, .kind = "safe"}};
        node.answer(kRegistry, Proxies{}, kProxy, kFirst);
        for (const Address& without : {kSecond, kProxy, kSafe}) {
            node.answer(kRegistry, Proxies{}, Address(), without);
        }
        node.answer(kProxy, Owner{}, kFirst);
        node.answer(kSafe, GetOwners{}, std::vector<Address>{address(9), kSecond});
        node.answer(kSafe, GetThreshold{}, U256(2));
        pool.add(weth_against_usdc(3).build());
        pool.add(weth_against_usdc(4).build());
    }
};

}  // namespace

TEST_CASE("accounts behind an owner are read as wallets", "[collect][smart_accounts]") {
    OwnedWorld world;
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    CHECK(result.snapshot.wallets == std::vector<Address>{kFirst, kSecond, kProxy, kSafe});
    CHECK(result.snapshot.markets.at(0)->account_count() == 4);
    REQUIRE(result.snapshot.smart_accounts.size() == 2);
    CHECK(result.snapshot.smart_accounts[0].address == kProxy);
    CHECK(result.snapshot.smart_accounts[0].kind == snapshot::SmartAccountKind::DsProxy);
    CHECK(result.snapshot.smart_accounts[1].threshold == 2);
}

TEST_CASE("a proxy given away and a stranger's Safe are not followed",
          "[collect][smart_accounts]") {
    OwnedWorld world;
    world.node.answer(kProxy, Owner{}, address(9));
    world.node.answer(kSafe, GetOwners{}, std::vector<Address>{address(9)});
    const CollectResult result = world.collect();
    CHECK(result.snapshot.gaps.empty());
    CHECK(result.snapshot.wallets == std::vector<Address>{kFirst, kSecond});
    CHECK(result.snapshot.smart_accounts.empty());
}

TEST_CASE("a smart account that cannot be read is a named gap",
          "[collect][smart_accounts][coverage]") {
    OwnedWorld world;
    world.node.revert(kSafe, GetOwners{});
    const CollectResult result = world.collect();
    REQUIRE(result.snapshot.gaps.size() == 1);
    CHECK(result.snapshot.gaps[0].protocol == "safe");
    CHECK_THAT(result.snapshot.gaps[0].detail, Contains(kSafe.to_string()));
}
