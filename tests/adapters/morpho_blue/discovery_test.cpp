#include "adapters/morpho_blue/discovery.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "adapters/morpho_blue/adapter.hpp"
#include "chains/evm/batch_reader.hpp"
#include "tests/adapters/morpho_blue/fake_morpho.hpp"
#include "tests/support/fake_log_node.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using Catch::Matchers::Contains;
using core::ErrorKind;
using margin::Status;
using test::address;
using test::FakeLogNode;
using test::FakeNode;

namespace {

constexpr const char* kFactory =
    "pre_liquidation_factory = \"0x0000000000000000000000000000000000000fac\"";

/// Two markets, announced by events; wallet 0xaa owes 800 USDC against one WETH in the first.
struct Chain {
    Chain() : morpho(node) {
        other.state.params.lltv = core::wad() / 10 * 9;
        for (const FakeMarketOf* market : {&first, &other}) {
            morpho.install(*market);
            morpho.add(*market, account(0, 0));
            announce(*market, market == &first ? 100 : 200);
        }
        morpho.add(first, account(wei(1), core::U256(800) * kUsdc));
        events.head = node.block.number.value();
        node.other_methods = [this](const chains::evm::RpcCall& call) {
            return events.send({{call}})[0][0];
        };
    }
    void announce(const FakeMarketOf& market, std::uint64_t block) {
        chains::Log log;
        log.address = FakeMorpho::morpho;
        log.block = core::BlockNumber(block);
        log.topics = {CreateMarket::kTopic, market.id(), {}, {}};
        log.topic_count = 2;
        log.data = test::abi_result(market.params());
        events.logs.push_back(log);
    }
    void read(const std::vector<FakeMarketOf>& listed, bool discover = false,
              const std::string& more_keys = "") {
        const auto settings = morpho_settings(listed, more_keys);
        chains::evm::BatchReader reader(node, node.block, node.multicall3);
        const auto adapter = make_adapter(settings.markets.at(0), {}, {.discover = discover});
        std::vector<chains::Task<void>> tasks;
        tasks.push_back(adapter->read(reader, wallet));
        reader.run(tasks);
        try {
            tasks[0].result();
        } catch (const core::ChainError& error) {
            failure = error;
        }
        markets = adapter->take_markets();
        apart = adapter->missing();
    }

    FakeNode node;
    FakeMorpho morpho;
    FakeLogNode events;
    FakeMarketOf first;
    FakeMarketOf other;
    core::Address wallet = address(0xaa);

    std::optional<core::ChainError> failure;
    std::vector<std::unique_ptr<margin::Market>> markets;
    std::vector<margin::Missing> apart;
};

}  // namespace

TEST_CASE("the events of Morpho have the topics of its contracts", "[morpho_blue][vectors]") {
    // morpho-org/morpho-blue@3085651 EventsLib.sol; the first is the one that chains show.
    CHECK(core::to_hex(CreateMarket::kTopic) ==
          "0xac4b2400f169220b0c0afdde7a0b32e775ba727ea1cb30b35f935cdaab8683ac");
}

TEST_CASE("without a list the markets are those that events announce", "[morpho_blue][discovery]") {
    Chain chain;
    chain.read({});
    CHECK_FALSE(chain.failure);
    CHECK(chain.apart.empty());
    REQUIRE(chain.markets.size() == 1);
    CHECK(chain.markets[0]->name().name == chain.first.id_text());
    CHECK(chain.markets[0]->health(0).health_factor == core::Wad(wei(2)));
    // What the event told is not asked again.
    CHECK(chain.node.times_asked(FakeMorpho::morpho, IdToMarketParams{}, chain.first.id()) == 0);
}

TEST_CASE("a list is completed by events when asked to", "[morpho_blue][discovery]") {
    Chain chain;
    chain.read({chain.other});
    CHECK(chain.markets.empty());
    CHECK(chain.events.asked.empty());
    chain.read({chain.other}, true);
    CHECK(chain.markets.size() == 1);
    CHECK(chain.apart.empty());
}

TEST_CASE("a Morpho without a market is read, and empty", "[morpho_blue][discovery]") {
    Chain chain;
    chain.events.logs.clear();
    chain.read({});
    CHECK_FALSE(chain.failure);
    CHECK(chain.markets.empty());
    CHECK(chain.apart.empty());
}

TEST_CASE("a scan that fails leaves a gap: markets may be missing",
          "[morpho_blue][discovery][coverage]") {
    Chain chain;
    chain.events.refuse_call = [](const chains::evm::RpcCall&) {
        return std::optional(test::rpc_error(401, "unauthorized"));
    };
    SECTION("for everyone, without a list") {
        chain.read({});
        REQUIRE(chain.failure);
        CHECK(chain.failure->kind() == ErrorKind::Unauthorized);
        CHECK_THAT(chain.failure->what(), Contains("markets may be missing"));
    }
    SECTION("beside what is listed") {
        chain.read({chain.first}, true);
        CHECK_FALSE(chain.failure);
        CHECK(chain.markets.size() == 1);
        REQUIRE(chain.apart.size() == 1);
        CHECK(chain.apart[0].kind == ErrorKind::Unauthorized);
        CHECK_THAT(chain.apart[0].detail, Contains("markets may be missing"));
    }
}

TEST_CASE("an event whose parameters do not hash to its id is not believed",
          "[morpho_blue][discovery][hostile]") {
    Chain chain;
    SECTION("another LLTV") { chain.events.logs[1].data.back() ^= 1; }
    SECTION("half of the parameters") { chain.events.logs[1].data.resize(96); }
    chain.read({});
    CHECK(chain.markets.size() == 1);  // what came before it stands
    REQUIRE(chain.apart.size() == 1);
    CHECK(chain.apart[0].kind == ErrorKind::BadData);
}

TEST_CASE("a listed market that no event created means that events are missing",
          "[morpho_blue][discovery][coverage]") {
    Chain chain;
    chain.events.logs.pop_back();
    chain.read({chain.first, chain.other}, true);
    CHECK(chain.markets.size() == 1);
    REQUIRE(chain.apart.size() == 1);
    CHECK(chain.apart[0].what == "market " + chain.other.id_text());
    CHECK(chain.apart[0].kind == ErrorKind::BadData);
}

TEST_CASE("the fee recipient's markets are read without a position", "[morpho_blue][discovery]") {
    Chain chain;
    chain.first.state.fee = core::wad() / 10;
    chain.morpho.install(chain.first);
    chain.wallet = address(0xfee);
    for (const FakeMarketOf* market : {&chain.first, &chain.other}) {
        Account none = account(0, 0);
        none.wallet = chain.wallet;
        chain.morpho.add(*market, none);
    }
    chain.read({});
    CHECK_FALSE(chain.failure);
    REQUIRE(chain.markets.size() == 1);
    CHECK(chain.markets[0]->wallet(0) == chain.wallet);
}

TEST_CASE("an authorised pre-liquidation contract is found by its factory's event",
          "[morpho_blue][discovery][pre_liquidation]") {
    Chain chain;
    const core::Address contract = address(0x77);
    const PreLiquidationTuple params{core::wad() / 10 * 7,           1, 2, 3, 4,
                                     chain.first.state.params.oracle};
    const auto create = [&](const FakeMarketOf& market, const core::Address& made) {
        chains::Log log;
        log.address = address(0xfac);
        log.block = core::BlockNumber(300 + chain.events.logs.size());
        log.topics = {CreatePreLiquidation::kTopic, {}, {}, {}};
        std::copy(made.raw().begin(), made.raw().end(), log.topics[1].begin() + 12);
        log.topic_count = 2;
        log.data = test::abi_result(std::tuple<Bytes32, PreLiquidationTuple>(market.id(), params));
        chain.events.logs.push_back(log);
    };
    create(chain.first, contract);
    create(chain.other, address(0x78));
    chain.node.answer(contract, PreLiquidationMorpho{}, FakeMorpho::morpho);
    chain.node.answer(contract, PreLiquidationId{}, chain.first.id());
    chain.node.answer(contract, PreLiquidationParams{}, params);
    chain.node.answer(FakeMorpho::morpho, IsAuthorized{}, true, chain.wallet, contract);
    chain.read({}, false, kFactory);
    CHECK(chain.apart.empty());
    REQUIRE(chain.markets.size() == 1);
    REQUIRE(chain.markets[0]->warnings(0).size() == 1);
    CHECK_THAT(chain.markets[0]->warnings(0)[0], Contains(contract.to_string()));
    // Nobody is asked about contracts of markets that the wallet is not in.
    CHECK(chain.node.times_asked(FakeMorpho::morpho, IsAuthorized{}, chain.wallet, address(0x78)) ==
          0);
}
