#include "adapters/morpho_blue/adapter.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/morpho_blue/contracts.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "tests/adapters/morpho_blue/fake_morpho.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using Catch::Matchers::Contains;
using chains::Task;
using core::Address;
using core::ErrorKind;
using margin::Status;
using test::address;
using test::FakeNode;

namespace {

/// What was read from a FakeNode, and what the wallets' coroutines threw.
struct Reading {
    std::vector<std::unique_ptr<margin::Market>> markets;
    std::vector<margin::Missing> apart;
    std::vector<std::optional<core::ChainError>> failures;
    chains::evm::BatchCost cost;
};

Reading read_all(FakeNode& node, const settings::Settings& settings,
                 const std::vector<Address>& wallets, bool verify = false) {
    chains::evm::BatchReader reader(node, node.block, node.multicall3);
    const auto adapter = make_adapter(settings.markets.at(0), {}, {.verify = verify});
    Reading out;
    {
        std::vector<Task<void>> tasks;
        for (const Address& wallet : wallets) {
            tasks.push_back(adapter->read(reader, wallet));
        }
        reader.run(tasks);
        for (const auto& task : tasks) {
            out.failures.emplace_back();
            try {
                task.result();
            } catch (const core::ChainError& error) {
                out.failures.back() = error;
            }
        }
    }
    out.markets = adapter->take_markets();
    out.apart = adapter->missing();
    out.cost = reader.cost();
    return out;
}

/// Two markets that differ in their LLTV; wallet 0xaa owes 800 USDC against one WETH in the first
/// and holds nothing in the second.
struct Chain {
    Chain() : morpho(node) {
        other.state.params.lltv = core::wad() / 10 * 9;
        other.state.params.collateral_token = address(0xa002);
        other.state.collateral.symbol = "WBTC";
        other.state.params.oracle = address(0xe002);
        for (const FakeMarketOf* market : {&first, &other}) {
            morpho.install(*market);
            morpho.add(*market, account(0, 0));
        }
        morpho.add(first, account(wei(1), U256(800) * kUsdc));
    }
    [[nodiscard]] Reading read(bool verify = false, const std::string& more_keys = "") {
        return read_all(node, morpho_settings({first, other}, more_keys), {wallet}, verify);
    }

    FakeNode node;
    FakeMorpho morpho;
    FakeMarketOf first;
    FakeMarketOf other;
    Address wallet = address(0xaa);
};

std::string selector(const std::array<std::uint8_t, 4>& raw) { return core::to_hex(raw); }

}  // namespace

TEST_CASE("Morpho's functions have the selectors of its contracts", "[morpho_blue][vectors]") {
    CHECK(selector(IdToMarketParams::kSelector) == "0x2c3c9157");
    CHECK(selector(MarketOf::kSelector) == "0x5c60e39a");
    CHECK(selector(PositionOf::kSelector) == "0x93c52062");
    CHECK(selector(Price::kSelector) == "0xa035b1fe");
    CHECK(selector(BorrowRateView::kSelector) == "0x8c00bf6b");
    CHECK(selector(RateAtTarget::kSelector) == "0x01977b57");
    CHECK(selector(FeeRecipient::kSelector) == "0x46904840");
    CHECK(selector(IsAuthorized::kSelector) == "0x65e4ad9e");
    CHECK(selector(LiquidateCall::kSelector) == "0xd8eabcb8");
}

TEST_CASE("a market's id is the hash of its parameters", "[morpho_blue][vectors]") {
    // USDC against wstETH at 86 % on Ethereum, of morpho-org/sdks@cdff8c4
    // packages/morpho-test/src/fixtures/markets.ts; the id is the one that Morpho's own pages name.
    FakeMarketOf market;
    market.state.params = {
        .loan_token = Address::parse("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        .collateral_token = Address::parse("0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"),
        .oracle = Address::parse("0x48F7E36EB6B826B2dF4B2E630B62Cd25e89E40e2"),
        .irm = Address::parse("0x870aC11D48B15DB9a138Cf899d20F13F79Ba00BC"),
        .lltv = core::wad() / 100 * 86};
    CHECK(market.id_text() == "0xb323495f7e4148be5643a4ea4a8221eef163e4bccfdedc2a6f4696baacbc86cc");
}

TEST_CASE("each market with a position becomes a market named by its id",
          "[morpho_blue][adapter]") {
    Chain chain;
    const Reading reading = chain.read();
    CHECK_FALSE(reading.failures[0]);
    CHECK(reading.apart.empty());
    REQUIRE(reading.markets.size() == 1);
    const margin::Market& market = *reading.markets[0];
    CHECK(market.name() == margin::MarketName{"morpho_blue", "ethereum", chain.first.id_text()});
    REQUIRE(market.account_count() == 1);
    CHECK(market.wallet(0) == chain.wallet);
    CHECK(market.health(0).health_factor == core::Wad(wei(2)));
    CHECK(market.quote() == "USDC");
    CHECK(market.legs(0)[0].symbol == "WETH");
    CHECK(market.legs(0)[0].decimals == 18);
    CHECK(market.missing().empty());
    CHECK(market.time() == chain.node.block.timestamp);
    CHECK_FALSE(market.has_referee(0));
}

TEST_CASE("Morpho is read in two rounds for any number of wallets", "[morpho_blue][rounds]") {
    Chain chain;
    const std::uint64_t count = GENERATE(1U, 30U);
    std::vector<Address> wallets;
    for (std::uint64_t n = 0; n < count; ++n) {
        wallets.push_back(address(0x9000 + n));
        chain.morpho.add(chain.first, account(wei(1), U256(800) * kUsdc, 0, 0x9000 + n));
        chain.morpho.add(chain.other, account(0, 0, 1, 0x9000 + n));
    }
    const Reading reading =
        read_all(chain.node, morpho_settings({chain.first, chain.other}), wallets);
    CHECK(reading.cost.rounds == 2);
    REQUIRE(reading.markets.size() == 2);
    CHECK(reading.markets[0]->account_count() == count);
    CHECK(reading.markets[1]->account_count() == count);
    CHECK(chain.node.times_asked(FakeMorpho::morpho, MarketOf{}, chain.first.id()) == 1);
}

TEST_CASE("a market that cannot be read is a gap of its own", "[morpho_blue][coverage]") {
    Chain chain;
    ErrorKind want = ErrorKind::Reverted;
    SECTION("its parameters") {
        chain.node.revert(FakeMorpho::morpho, IdToMarketParams{}, chain.other.id());
    }
    SECTION("its totals") { chain.node.revert(FakeMorpho::morpho, MarketOf{}, chain.other.id()); }
    SECTION("it does not exist") {
        FakeMarketOf absent = chain.other;
        absent.state.last_update = core::Timestamp(0);
        chain.morpho.install(absent);
        want = ErrorKind::BadData;
    }
    SECTION("its parameters are another market's") {
        chain.node.answer(FakeMorpho::morpho, IdToMarketParams{}, chain.first.params(),
                          chain.other.id());
        want = ErrorKind::BadData;
    }
    SECTION("its last update lies after the block") {
        FakeMarketOf late = chain.other;
        late.state.last_update = core::Timestamp(kBlockTime + 1);
        chain.morpho.install(late);
        want = ErrorKind::BadData;
    }
    SECTION("its answer is too short") {
        chain.node.answer_raw(FakeMorpho::morpho, MarketOf{}, core::Bytes(64), chain.other.id());
        want = ErrorKind::BadData;
    }
    SECTION("it needs too much gas") {
        chain.node.exhaust(FakeMorpho::morpho, MarketOf{}, chain.other.id());
        want = ErrorKind::OutOfGas;
    }
    const Reading reading = chain.read();
    CHECK_FALSE(reading.failures[0]);
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->health(0).status == Status::Healthy);
    REQUIRE(reading.apart.size() == 1);
    CHECK(reading.apart[0].kind == want);
    CHECK_THAT(reading.apart[0].what, Contains(chain.other.id_text()));
}

TEST_CASE("a position that cannot be read is an unknown account of its market",
          "[morpho_blue][coverage]") {
    Chain chain;
    chain.node.revert(FakeMorpho::morpho, PositionOf{}, chain.other.id(), chain.wallet);
    const Reading reading = chain.read();
    CHECK_FALSE(reading.failures[0]);
    REQUIRE(reading.markets.size() == 2);
    CHECK(reading.markets[0]->health(0).status == Status::Healthy);
    CHECK(reading.markets[1]->health(0).status == Status::Unknown);
    REQUIRE(reading.markets[1]->missing().size() == 1);
    CHECK(reading.markets[1]->missing()[0].kind == ErrorKind::Reverted);
    CHECK(reading.markets[1]->missing()[0].wallet == chain.wallet);
}

TEST_CASE("a deployment of which nothing can be read is a failure of every wallet",
          "[morpho_blue][coverage]") {
    SECTION("there is no contract") {
        FakeNode node;
        const Reading reading =
            read_all(node, morpho_settings({FakeMarketOf{}}), {address(1), address(2)});
        CHECK(reading.markets.empty());
        CHECK(reading.apart.empty());
        REQUIRE(reading.failures[0]);
        CHECK(reading.failures[0]->kind() == ErrorKind::EmptyReply);
        CHECK(reading.failures[1]);
    }
    SECTION("the endpoint refuses") {
        Chain chain;
        chain.node.refuse_request = [](const chains::evm::RpcRequest&) {
            return std::optional(test::rpc_error(-32005, "daily request count exceeded", 429));
        };
        const Reading reading = chain.read();
        CHECK(reading.markets.empty());
        CHECK(reading.failures[0]);
    }
}

TEST_CASE("a wallet none of whose positions can be read is that wallet's gap alone",
          "[morpho_blue][coverage]") {
    Chain chain;
    const Address lost = address(0xbb);  // the contract has no answer about it: it reverts
    const Reading reading =
        read_all(chain.node, morpho_settings({chain.first, chain.other}), {chain.wallet, lost});
    CHECK_FALSE(reading.failures[0]);
    REQUIRE(reading.failures[1]);
    CHECK(reading.failures[1]->kind() == ErrorKind::Reverted);
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->account_count() == 1);
}

TEST_CASE("an oracle that fails makes those unknown who owe", "[morpho_blue][coverage]") {
    Chain chain;
    const Address oracle = chain.first.state.params.oracle;
    ErrorKind want = ErrorKind::NoPrice;
    SECTION("it reverts") { chain.node.revert(oracle, Price{}); }
    SECTION("it answers nonsense") {
        chain.node.answer_raw(oracle, Price{}, core::Bytes(7));
        want = ErrorKind::BadData;
    }
    const Reading reading = chain.read();
    CHECK_FALSE(reading.failures[0]);
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->health(0).status == Status::Unknown);
    REQUIRE(reading.markets[0]->missing().size() == 1);
    CHECK(reading.markets[0]->missing()[0].kind == want);
}

TEST_CASE("an idle market has neither oracle nor collateral and is no gap",
          "[morpho_blue][adapter]") {
    Chain chain;
    FakeMarketOf idle;
    idle.state.params.collateral_token = Address();
    idle.state.params.oracle = Address();
    idle.state.params.lltv = 0;
    idle.state.price.reset();
    chain.morpho.install(idle);
    chain.morpho.add(idle, account(0, 0, 5));
    const Reading reading = read_all(chain.node, morpho_settings({idle}), {chain.wallet});
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->health(0).status == Status::NoDebt);
    CHECK(reading.markets[0]->missing().empty());
    CHECK(reading.markets[0]->answers().empty());
    CHECK(reading.markets[0]->legs(0)[0].amount == U256(5));
}

TEST_CASE("tokens without decimals are shown in base units and named", "[morpho_blue][coverage]") {
    Chain chain;
    chain.node.revert(chain.first.state.params.collateral_token, chains::erc20::Decimals{});
    const Reading reading = chain.read();
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->health(0).status == Status::Healthy);
    CHECK(reading.markets[0]->legs(0)[0].decimals == 0);
    REQUIRE(reading.markets[0]->missing().size() == 1);
    CHECK_THAT(reading.markets[0]->missing()[0].what, Contains("decimals of WETH"));
}

namespace {

/// The chain with an IRM in its first market, which was last updated a while ago.
struct IrmChain : Chain {
    IrmChain() {
        market.state.params.irm = irm;
        market.state.last_update = core::Timestamp(kBlockTime - 1000);
        morpho.install(market);
        morpho.add(market, account(wei(1), U256(800) * kUsdc));
        node.answer(irm, RateAtTarget{}, {.negative = false, .magnitude = 4'000'000'000U},
                    market.id());
    }
    [[nodiscard]] Reading read(bool is_adaptive, bool verify = false) {
        return read_all(node,
                        morpho_settings({market}, is_adaptive ? "adaptive_curve_irms = "
                                                                "[\"0x0000000000000000000000000000"
                                                                "000000001234\"]"
                                                              : ""),
                        {wallet}, verify);
    }
    Address irm = address(0x1234);
    FakeMarketOf market;
};

}  // namespace

TEST_CASE("a known IRM is computed, another one asked", "[morpho_blue][interest]") {
    IrmChain chain;
    SECTION("known") {
        const Reading reading = chain.read(true);
        REQUIRE(reading.markets.size() == 1);
        CHECK(reading.markets[0]->health(0).debt.value() > U256(800) * kUsdc);
        CHECK(chain.node.times_asked(chain.irm, BorrowRateView{}, chain.market.params(),
                                     chain.market.market()) == 0);
    }
    SECTION("asked") {
        chain.node.answer(chain.irm, BorrowRateView{}, core::wad() / 10'000, chain.market.params(),
                          chain.market.market());
        const Reading reading = chain.read(false);
        REQUIRE(reading.markets.size() == 1);
        // x = 0.1: 0.1 + 0.005 + 0.000166… of 800 USDC is 84.1333…
        CHECK(reading.markets[0]->health(0).debt == U256(884'133'334));
    }
}

TEST_CASE("an IRM that fails makes debts unknown", "[morpho_blue][coverage]") {
    IrmChain chain;
    const bool is_adaptive = GENERATE(true, false);
    ErrorKind want = ErrorKind::Reverted;
    if (is_adaptive) {
        SECTION("no rate at target") {
            chain.node.revert(chain.irm, RateAtTarget{}, chain.market.id());
        }
        SECTION("a negative one") {
            chain.node.answer(chain.irm, RateAtTarget{}, {.negative = true, .magnitude = 1},
                              chain.market.id());
            want = ErrorKind::BadData;
        }
    }
    const Reading reading = chain.read(is_adaptive);
    if (is_adaptive && want == ErrorKind::Reverted && reading.markets.at(0)->missing().empty()) {
        return;  // the run of the generator that enters no section
    }
    REQUIRE(reading.markets.size() == 1);
    CHECK(reading.markets[0]->health(0).status == Status::Unknown);
    REQUIRE(reading.markets[0]->missing().size() == 1);
    CHECK(reading.markets[0]->missing()[0].kind == want);
}

TEST_CASE("verifying hears the contract's own health check from a simulated liquidation",
          "[morpho_blue][verify]") {
    Chain chain;
    SECTION("healthy") {
        chain.morpho.verdict(chain.first, chain.wallet, "position is healthy");
        const Reading reading = chain.read(true);
        CHECK(reading.cost.rounds == 3);  // the contract is asked with the market's parameters
        REQUIRE(reading.markets[0]->has_referee(0));
        CHECK(reading.markets[0]->verify(0).empty());
    }
    SECTION("not healthy, though margrave says so") {
        chain.morpho.verdict(chain.first, chain.wallet, "transferFrom reverted");
        const Reading reading = chain.read(true);
        REQUIRE(reading.markets[0]->has_referee(0));
        REQUIRE(reading.markets[0]->verify(0).size() == 1);
        CHECK(reading.markets[0]->verify(0)[0].what == "health check");
    }
    SECTION("silence is no verdict") {
        const Reading reading = chain.read(true);
        CHECK_FALSE(reading.markets[0]->has_referee(0));
    }
}

TEST_CASE("verifying compares the adaptive rate with the IRM's own", "[morpho_blue][verify]") {
    IrmChain chain;
    chain.morpho.verdict(chain.market, chain.wallet, "position is healthy");
    // Half of the market is borrowed: err = -0.444…; any other figure than ours must show.
    chain.node.answer(chain.irm, BorrowRateView{}, U256(1), chain.market.params(),
                      chain.market.market());
    const Reading reading = chain.read(true, true);
    REQUIRE(reading.markets[0]->has_referee(0));
    REQUIRE(reading.markets[0]->verify(0).size() == 1);
    CHECK(reading.markets[0]->verify(0)[0].what == "borrow rate");
    CHECK(reading.markets[0]->verify(0)[0].theirs == "1");
}

namespace {

constexpr const char* kPreKey =
    "pre_liquidations = [\"0x0000000000000000000000000000000000000077\"]";

/// The chain with a pre-liquidation contract of its first market.
struct PreChain : Chain {
    PreChain() {
        node.answer(contract, PreLiquidationMorpho{}, FakeMorpho::morpho);
        node.answer(contract, PreLiquidationId{}, first.id());
        node.answer(contract, PreLiquidationParams{},
                    {core::wad() / 10 * 7, 1, 2, 3, 4, first.state.params.oracle});
        node.answer(FakeMorpho::morpho, IsAuthorized{}, true, wallet, contract);
    }
    Address contract = address(0x77);
};

}  // namespace

TEST_CASE("an authorised pre-liquidation contract is reported", "[morpho_blue][pre_liquidation]") {
    PreChain chain;
    const Reading reading = chain.read(false, kPreKey);
    CHECK(reading.cost.rounds == 2);
    REQUIRE(reading.markets[0]->warnings(0).size() == 1);
    CHECK_THAT(reading.markets[0]->warnings(0)[0],
               Contains(chain.contract.to_string()) && Contains("70 %"));
    chain.node.answer(FakeMorpho::morpho, IsAuthorized{}, false, chain.wallet, chain.contract);
    CHECK(chain.read(false, kPreKey).markets[0]->warnings(0).empty());
}

TEST_CASE("what cannot be read of a pre-liquidation is a gap", "[morpho_blue][pre_liquidation]") {
    PreChain chain;
    ErrorKind want = ErrorKind::Reverted;
    SECTION("its parameters") { chain.node.revert(chain.contract, PreLiquidationParams{}); }
    SECTION("it belongs to another Morpho") {
        chain.node.answer(chain.contract, PreLiquidationMorpho{}, address(5));
        want = ErrorKind::BadData;
    }
    SECTION("whether it is authorised") {
        chain.node.revert(FakeMorpho::morpho, IsAuthorized{}, chain.wallet, chain.contract);
    }
    const Reading reading = chain.read(false, kPreKey);
    CHECK_FALSE(reading.failures[0]);
    CHECK(reading.markets[0]->health(0).status == Status::Healthy);
    REQUIRE(reading.apart.size() == 1);
    CHECK(reading.apart[0].kind == want);
    CHECK_THAT(reading.apart[0].what, Contains(chain.contract.to_string()));
}

TEST_CASE("a Morpho configuration that cannot be is refused with its key",
          "[morpho_blue][config]") {
    const auto make = [](const settings::Settings& settings) {
        static_cast<void>(make_adapter(settings.markets.at(0), {}, {}));
    };
    const FakeMarketOf market;
    CHECK_NOTHROW(make(morpho_settings({market})));
    CHECK_NOTHROW(make(morpho_settings({})));  // they are discovered
    CHECK_THROWS_WITH(make(morpho_settings({market}, "pre_liquidation_factory = \"0x12\"")),
                      Contains("pre_liquidation_factory"));
    CHECK_THROWS_WITH(make(morpho_settings({market, market})), Contains("twice"));
    CHECK_THROWS_WITH(make(morpho_settings({market}, "pre_liquidation = []")),
                      Contains("pre_liquidations"));
    CHECK_THROWS_WITH(make(morpho_settings({market}, "adaptive_curve_irms = [\"0x12\"]")),
                      Contains("adaptive_curve_irms"));
}

TEST_CASE("every shipped Morpho market can be configured", "[morpho_blue][config]") {
    const settings::Settings settings = settings::load(
        settings::shipped_sources(), std::nullopt, [](const std::string&) { return std::nullopt; });
    std::size_t count = 0;
    for (const settings::MarketEntry& entry : settings.markets) {
        if (entry.protocol == "morpho_blue") {
            ++count;
            CHECK_NOTHROW(make_adapter(entry, {}, {}));
        }
    }
    CHECK(count == 14);  // the chains of @morpho-org/blue-sdk that are configured
}

TEST_CASE("of a market without a position nothing else is asked", "[morpho_blue][rounds]") {
    Chain chain;
    static_cast<void>(chain.read());
    CHECK(chain.node.times_asked(chain.first.state.params.oracle, Price{}) == 1);
    CHECK(chain.node.times_asked(chain.other.state.params.oracle, Price{}) == 0);
}
