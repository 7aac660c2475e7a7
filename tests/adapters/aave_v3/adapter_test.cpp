#include "adapters/aave_v3/adapter.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/contracts.hpp"
#include "adapters/aave_v3/market.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "tests/adapters/aave_v3/builders.hpp"
#include "tests/adapters/aave_v3/fake_pool.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using Catch::Matchers::Contains;
using chains::Task;
using core::Address;
using core::ErrorKind;
using margin::Side;
using margin::Status;
using test::address;
using test::FakeNode;

namespace {

/// In a FakePool DAI has id 3.
constexpr unsigned kPoolDai = 3;

/// A market read from a FakeNode, and what its wallets' coroutines threw.
struct Reading {
    std::unique_ptr<margin::Market> market;
    std::vector<std::optional<core::ChainError>> failures;
    chains::evm::BatchCost cost;

    [[nodiscard]] std::optional<ErrorKind> kind(std::size_t row) const {
        return failures.at(row) ? std::optional(failures[row]->kind()) : std::nullopt;
    }
};

Reading read(FakeNode& node, const std::vector<Address>& wallets, bool verify = false,
             const settings::Settings& settings = pool_settings()) {
    chains::evm::BatchReader reader(node, node.block, node.multicall3);
    const auto adapter =
        make_adapter(settings.markets.at(0), settings.revisions, {.verify = verify});
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
    auto markets = adapter->take_markets();
    if (!markets.empty()) {
        out.market = std::move(markets.front());
    }
    out.cost = reader.cost();
    return out;
}

std::string selector(const std::array<std::uint8_t, 4>& raw) { return core::to_hex(raw); }

/// The pool with wallet 0xaa holding 10 WETH against 8000 USDC (health factor 2), at a revision.
struct Chain {
    explicit Chain(std::uint64_t revision = 10) : pool(node, revision) {
        pool.add(weth_against_usdc().build());
    }
    FakeNode node;
    FakePool pool;
    Address wallet = address(0xaa);
};

}  // namespace

TEST_CASE("the protocol's functions have the selectors of its contracts", "[aave_v3][vectors]") {
    CHECK(selector(GetPool::kSelector) == "0x026b1d5f");
    CHECK(selector(GetPriceOracle::kSelector) == "0xfca513a8");
    CHECK(selector(GetPriceOracleSentinel::kSelector) == "0x5eb88d3d");
    CHECK(selector(PoolRevision::kSelector) == "0x0148170e");
    CHECK(selector(GetReservesList::kSelector) == "0xd1946dbc");
    CHECK(selector(GetUserConfiguration::kSelector) == "0x4417a583");
    CHECK(selector(GetUserEMode::kSelector) == "0xeddf1b79");
    CHECK(selector(GetLiquidationGracePeriod::kSelector) == "0x5c9a8b18");
    CHECK(selector(GetUserAccountData::kSelector) == "0xbf92857c");
    CHECK(selector(GetReserveData::kSelector) == "0x35ea6a75");
    CHECK(selector(GetEModeCategoryData::kSelector) == "0x6c6f6ae1");
    CHECK(selector(GetEModeCategoryCollateralConfig::kSelector) == "0xb286f467");
    CHECK(selector(GetEModeCategoryCollateralBitmap::kSelector) == "0xb0771dba");
    CHECK(selector(GetEModeCategoryLtvzeroBitmap::kSelector) == "0xfd89dee5");
    CHECK(selector(GetIsEModeCategoryIsolated::kSelector) == "0x05f68acb");
    CHECK(selector(ScaledBalanceOf::kSelector) == "0x1da24f3e");
    CHECK(selector(BaseCurrency::kSelector) == "0xe19f4700");
    CHECK(selector(BaseCurrencyUnit::kSelector) == "0x8c89b64f");
    CHECK(selector(GetAssetPrice::kSelector) == "0xb3596f07");
    CHECK(selector(GetSourceOfAsset::kSelector) == "0x92bf2be0");
    CHECK(selector(IsLiquidationAllowed::kSelector) == "0x7a5d20ea");
    CHECK(selector(IsBorrowAllowed::kSelector) == "0x49aa2e81");
    CHECK(selector(GetEModeCategoryBorrowableBitmap::kSelector) == "0x903a2c71");
    CHECK(selector(GetVirtualUnderlyingBalance::kSelector) == "0x6fb07f96");
    CHECK(selector(GetReserveDeficit::kSelector) == "0xc952485d");
    CHECK(selector(ScaledTotalSupply::kSelector) == "0xb1bf962d");
}

TEST_CASE("an account is read and computed from raw state", "[aave_v3][adapter]") {
    Chain chain;
    const Reading reading = read(chain.node, {chain.wallet});
    REQUIRE(reading.market);
    CHECK_FALSE(reading.kind(0));
    CHECK(reading.market->name() == margin::MarketName{"aave_v3", "ethereum", "core"});
    const margin::Health health = reading.market->health(0);
    CHECK(health.status == Status::Healthy);
    CHECK(health.health_factor == core::Wad(U256(2 * core::wad())));
    const auto legs = reading.market->legs(0);
    REQUIRE(legs.size() == 2);
    CHECK(legs[0].symbol == "WETH");
    CHECK(legs[0].side == Side::Collateral);
    CHECK(legs[0].amount == U256(10 * core::wad()));
    CHECK(legs[0].price->source == address(0xe000));
    CHECK(legs[0].price->updated_at == core::Timestamp(kBlockTime - 60));
    CHECK(legs[1].side == Side::Debt);
    CHECK(legs[1].decimals == 6);
    CHECK(reading.market->missing().empty());
    CHECK_FALSE(reading.market->has_referee(0));
    CHECK(reading.market->time() == chain.node.block.timestamp);
}

namespace {

/// The pool's USDC with something in every total.
struct FullPool : Chain {
    explicit FullPool(std::uint64_t revision, bool virtual_accounting = true) : Chain(revision) {
        usdc = pool.reserves[1];
        usdc.terms.virtual_accounting = virtual_accounting;
        pool.install(usdc);
        using chains::abi::Uint;
        auto data = FakePool::data(usdc, 1);
        std::get<11>(data) = strategy;
        std::get<12>(data) = Uint<128>{12};
        std::get<13>(data) = Uint<128>{13};
        std::get<14>(data) = Uint<128>{14};
        node.answer(FakePool::pool, GetReserveData{}, data, usdc.asset());
        node.answer(usdc.a_token(), ScaledTotalSupply{}, U256(100));
        node.answer(usdc.debt_token(), ScaledTotalSupply{}, U256(70));
        node.answer(usdc.stable_token(), GetSupplyData{}, {U256(5), U256(6), U256(7), Uint<40>{8}});
        node.answer(FakePool::pool, GetVirtualUnderlyingBalance{}, Uint<128>{30}, usdc.asset());
        node.answer(usdc.asset(), chains::erc20::BalanceOf{}, U256(31), usdc.a_token());
        node.answer(FakePool::pool, GetReserveDeficit{}, U256(3), usdc.asset());
        node.answer(strategy, GetInterestRateData{}, {U256(1), U256(2), U256(3), U256(4)},
                    usdc.asset());
    }
    [[nodiscard]] static const Reserve& usdc_of(const Reading& reading) {
        return dynamic_cast<const AaveMarket&>(*reading.market).state().reserves.at(1);
    }
    FakeReserve usdc;
    Address strategy = address(0x5a);
};

}  // namespace

TEST_CASE("a reserve's totals are read with the prices' ages", "[aave_v3][adapter]") {
    SECTION("since 3.3 with the pool's own count of the underlying and the deficit") {
        FullPool chain(10, false);
        const Reading reading = read(chain.node, {chain.wallet});
        const Reserve& usdc = FullPool::usdc_of(reading);
        CHECK(usdc.interest_rate_strategy == chain.strategy);
        CHECK(usdc.accrued_to_treasury == 12);
        CHECK(usdc.unbacked == 13);
        CHECK(usdc.isolation_mode_total_debt == 14);
        REQUIRE(usdc.totals);
        CHECK(usdc.totals->scaled_supply == 100);
        CHECK(usdc.totals->scaled_debt == 70);
        CHECK_FALSE(usdc.totals->stable);
        CHECK(usdc.totals->virtual_balance == U256(30));  // whatever the old flag says
        CHECK(usdc.totals->a_token_holding == U256(31));
        CHECK(usdc.totals->deficit == 3);
        REQUIRE(usdc.totals->rates);
        CHECK(usdc.totals->rates->optimal_usage == 1);
        CHECK(usdc.totals->rates->base_variable_rate == 2);
        CHECK(usdc.totals->rates->variable_slope1 == 3);
        CHECK(usdc.totals->rates->variable_slope2 == 4);
        CHECK(reading.cost.rounds == 4);
        CHECK(reading.market->missing().empty());
    }
    SECTION("in 3.1 with the stable debt, and a count of the underlying where the flag is set") {
        const bool flag = GENERATE(true, false);
        FullPool chain(4, flag);
        const Reading reading = read(chain.node, {chain.wallet});
        const Reserve& usdc = FullPool::usdc_of(reading);
        REQUIRE(usdc.totals);
        REQUIRE(usdc.totals->stable);
        CHECK(usdc.totals->stable->principal == 5);
        CHECK(usdc.totals->stable->average_rate == 7);
        CHECK(usdc.totals->stable->last_update == core::Timestamp(8));
        CHECK(usdc.totals->virtual_balance.has_value() == flag);
        CHECK(usdc.totals->deficit == 0);
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("in 3.0 with a strategy of the reserve's own") {
        FullPool chain(1);
        chain.node.answer(chain.strategy, OptimalUsageRatio{}, U256(11));
        chain.node.answer(chain.strategy, GetBaseVariableBorrowRate{}, U256(12));
        chain.node.answer(chain.strategy, GetVariableRateSlope1{}, U256(13));
        chain.node.answer(chain.strategy, GetVariableRateSlope2{}, U256(14));
        const bool prices_stable = GENERATE(true, false);
        if (prices_stable) {
            chain.node.answer(chain.strategy, OptimalStableToTotalDebtRatio{}, U256(15));
            chain.node.answer(chain.strategy, GetBaseStableBorrowRate{}, U256(16));
            chain.node.answer(chain.strategy, GetStableRateSlope1{}, U256(17));
            chain.node.answer(chain.strategy, GetStableRateSlope2{}, U256(18));
            chain.node.answer(chain.strategy, GetStableRateExcessOffset{}, U256(19));
        }
        const Reading reading = read(chain.node, {chain.wallet});
        const Reserve& usdc = FullPool::usdc_of(reading);
        REQUIRE(usdc.totals);
        CHECK(usdc.totals->a_token_holding == U256(31));
        REQUIRE(usdc.totals->rates);
        CHECK(usdc.totals->rates->optimal_usage == 11);
        CHECK(usdc.totals->rates->variable_slope2 == 14);
        REQUIRE(usdc.totals->rates->stable.has_value() == prices_stable);
        if (prices_stable) {
            CHECK(usdc.totals->rates->stable->optimal_share == 15);
            CHECK(usdc.totals->rates->stable->base_rate == 16);
            CHECK(usdc.totals->rates->stable->slope1 == 17);
            CHECK(usdc.totals->rates->stable->slope2 == 18);
            CHECK(usdc.totals->rates->stable->excess_offset == 19);
        }
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("a strategy of another kind leaves no rates and no gap") {
        FullPool chain(10);
        chain.node.revert(chain.strategy, GetInterestRateData{}, chain.usdc.asset());
        const Reading reading = read(chain.node, {chain.wallet});
        CHECK_FALSE(FullPool::usdc_of(reading).totals->rates);
        CHECK(reading.market->missing().empty());
    }
    SECTION("what cannot be read is named, and health stands") {
        FullPool chain(10);
        chain.node.revert(chain.usdc.a_token(), ScaledTotalSupply{});
        const Reading reading = read(chain.node, {chain.wallet});
        CHECK_FALSE(reading.kind(0));
        CHECK_FALSE(FullPool::usdc_of(reading).totals);
        CHECK(reading.market->health(0).status == Status::Healthy);
        REQUIRE(reading.market->missing().size() == 1);
        CHECK(reading.market->missing()[0].what == "totals of USDC");
        CHECK(reading.market->missing()[0].kind == ErrorKind::Reverted);
    }
}

TEST_CASE("reading takes the same few rounds for any number of wallets", "[aave_v3][rounds]") {
    const std::uint64_t wallets = GENERATE(1U, 30U);
    const bool verify = GENERATE(false, true);
    Chain chain;
    std::vector<Address> all;
    for (std::uint64_t n = 0; n < wallets; ++n) {
        chain.pool.add(weth_against_usdc(0x9000 + n).build());
        all.push_back(address(0x9000 + n));
    }
    const Reading reading = read(chain.node, all, verify);
    // Provider; pool and users' words; reserves and prices; balances and the prices' ages.
    CHECK(reading.cost.rounds == 4);
    CHECK(reading.cost.splits == 2);  // which e-modes there are, and supplies, go by program
    for (std::size_t row = 0; row < all.size(); ++row) {
        REQUIRE(reading.market->wallet(row) == all[row]);
        REQUIRE(reading.market->health(row).health_factor == core::Wad(U256(2 * core::wad())));
    }
    CHECK(chain.node.times_asked(FakePool::pool, GetReserveData{}, address(0xa000)) == 1);
}

TEST_CASE("an unknown revision is refused by its number, for all wallets", "[aave_v3][coverage]") {
    const U256 revision = GENERATE(U256(99), U256(0), core::max_u256());
    FakeNode node;
    FakePool pool(node, revision);
    pool.add(weth_against_usdc(1).build());
    pool.add(weth_against_usdc(2).build());
    const Reading reading = read(node, {address(1), address(2)});
    CHECK(reading.market == nullptr);
    for (std::size_t row = 0; row < 2; ++row) {
        REQUIRE(reading.kind(row) == ErrorKind::UnknownRevision);
        CHECK_THAT(reading.failures[row]->what(),
                   Contains("revision " + core::to_decimal(revision) + " "));
    }
}

TEST_CASE("a configured behaviour stands above the revision", "[aave_v3][adapter]") {
    FakeNode node;
    FakePool pool(node, 99);
    // 3.4 floors a debt of 1 wei to nothing, 3.6 does not.
    pool.add(AccountBuilder().collateral(kWeth, core::wad()).debt(kPoolDai, 1).build());
    const auto status = [&](const std::string& name) {
        return read(node, {address(0xaa)}, false, pool_settings("", "behaviour = \"" + name + "\""))
            .market->health(0)
            .status;
    };
    CHECK(status("3.4") == Status::NoDebt);
    CHECK(status("3.6") == Status::Healthy);
}

TEST_CASE("a configuration that cannot be is refused with its key", "[aave_v3][config]") {
    const auto make = [](const settings::Settings& settings) {
        static_cast<void>(make_adapter(settings.markets.at(0), settings.revisions, {}));
    };
    CHECK_NOTHROW(make(pool_settings()));
    CHECK_THROWS_WITH(make(pool_settings("", "behaviour = \"4.0\"")),
                      Contains("behaviour") && Contains("4.0") && Contains("3.7"));
    CHECK_THROWS_WITH(make(pool_settings("", "behavior = \"3.6\"")), Contains("behavior"));
    CHECK_THROWS_AS(make(pool_settings("", "behaviour = 3")), core::ConfigError);
    CHECK_THROWS_WITH(make(pool_settings("[[revisions]]\nprotocol = \"aave_v3\"\nrevision = 50\n"
                                         "behaviour = \"5.0\"\n")),
                      Contains("5.0"));
    // Another protocol's revisions are none of ours.
    CHECK_NOTHROW(
        make(pool_settings("[[revisions]]\nprotocol = \"other\"\nrevision = 50\n"
                           "behaviour = \"5.0\"\n")));
}

TEST_CASE("a broken price makes those unknown who use it", "[aave_v3][coverage]") {
    Chain chain;
    chain.pool.add(AccountBuilder(2).collateral(kPoolDai, core::wad()).build());
    const Address weth = address(0xa000);
    ErrorKind want = ErrorKind::NoPrice;
    SECTION("the oracle reverts") { chain.node.revert(FakePool::oracle, GetAssetPrice{}, weth); }
    SECTION("the oracle answers zero") {
        chain.node.answer(FakePool::oracle, GetAssetPrice{}, U256(0), weth);
    }
    SECTION("the oracle answers nonsense") {
        chain.node.answer_raw(FakePool::oracle, GetAssetPrice{}, core::Bytes(7), weth);
        want = ErrorKind::BadData;
    }
    SECTION("the oracle needs too much gas") {
        chain.node.exhaust(FakePool::oracle, GetAssetPrice{}, weth);
        want = ErrorKind::OutOfGas;
    }
    const Reading reading = read(chain.node, {chain.wallet, address(2)});
    REQUIRE(reading.market);
    CHECK_FALSE(reading.kind(0));
    CHECK(reading.market->health(0).status == Status::Unknown);
    CHECK_THAT(reading.market->health(0).unknown_because, Contains("WETH"));
    CHECK(reading.market->health(1).status == Status::NoDebt);
    REQUIRE(reading.market->missing().size() == 1);
    CHECK(reading.market->missing()[0].kind == want);
}

TEST_CASE("a price of unknown source or age is still the price", "[aave_v3][adapter]") {
    Chain chain;
    SECTION("the oracle does not name its sources") {
        chain.node.revert(FakePool::oracle, GetSourceOfAsset{}, address(0xa000));
    }
    SECTION("the source does not tell") {
        chain.node.revert(address(0xe000), chains::evm::oracles::LatestRoundData{});
    }
    SECTION("the source's round never completed") {
        chain.node.answer(address(0xe000), chains::evm::oracles::LatestRoundData{},
                          FakePool::round(0));
    }
    SECTION("the source's time is no time") {
        chain.node.answer(address(0xe000), chains::evm::oracles::LatestRoundData{},
                          FakePool::round(core::max_u256()));
    }
    const Reading reading = read(chain.node, {chain.wallet});
    CHECK(reading.market->health(0).status == Status::Healthy);
    CHECK_FALSE(reading.market->legs(0)[0].price->updated_at);
    CHECK(reading.market->missing().empty());
}

TEST_CASE("a reserve id without a reserve is skipped as the contract skips it",
          "[aave_v3][adapter]") {
    Chain chain;
    // Bits of id 2, which was dropped, and of 127.
    chain.pool.add(weth_against_usdc().set_bit(4).set_bit(5).set_bit(255).build());
    const Reading reading = read(chain.node, {chain.wallet});
    CHECK_FALSE(reading.kind(0));
    CHECK(reading.market->health(0).health_factor == core::Wad(U256(2 * core::wad())));
}

TEST_CASE("a supply that is no collateral has no bit and is found all the same",
          "[aave_v3][adapter]") {
    Chain chain;
    chain.pool.add(weth_against_usdc().supply(kPoolDai, U256(7 * core::wad())).build());
    const Reading reading = read(chain.node, {chain.wallet});
    const auto legs = reading.market->legs(0);
    REQUIRE(legs.size() == 3);
    CHECK(legs[2].symbol == "DAI");
    CHECK(legs[2].side == Side::Supply);
    CHECK(legs[2].amount == U256(7 * core::wad()));
    CHECK(reading.market->health(0).collateral == U256(20'000 * kDollar));
}

TEST_CASE("a reserve that cannot be read is a gap for all and an unknown for its users",
          "[aave_v3][coverage]") {
    Chain chain;
    chain.pool.add(weth_against_usdc(2).debt(kPoolDai, 1).build());
    const Address dai = address(0xa003);
    ErrorKind want = ErrorKind::Reverted;
    SECTION("its data") { chain.node.revert(FakePool::pool, GetReserveData{}, dai); }
    SECTION("its grace period") {
        chain.node.revert(FakePool::pool, GetLiquidationGracePeriod{}, dai);
    }
    SECTION("its id is over 127") {
        chain.node.answer(FakePool::pool, GetReserveData{},
                          FakePool::data(chain.pool.reserves[2], 128), dai);
        want = ErrorKind::BadData;
    }
    SECTION("its id is another's") {
        chain.node.answer(FakePool::pool, GetReserveData{},
                          FakePool::data(chain.pool.reserves[2], 1), dai);
        want = ErrorKind::BadData;
    }
    const Reading reading = read(chain.node, {chain.wallet, address(2)});
    REQUIRE(reading.market);
    CHECK_FALSE(reading.kind(0));
    CHECK(reading.market->health(0).health_factor == core::Wad(U256(2 * core::wad())));
    CHECK(reading.kind(1) == want);
    CHECK(reading.market->health(1).status == Status::Unknown);
    CHECK(reading.market->is_active(1));
    REQUIRE(reading.market->missing().size() == 1);
    CHECK(reading.market->missing()[0].kind == want);
    CHECK_THAT(reading.market->missing()[0].what, Contains(dai.to_string()));
    CHECK_FALSE(reading.market->missing()[0].wallet);
}

TEST_CASE("a balance that cannot be read", "[aave_v3][coverage]") {
    Chain chain;
    chain.pool.add(weth_against_usdc(2).build());
    SECTION("makes the account unknown where it counts") {
        const bool debt = GENERATE(true, false);
        chain.node.revert(debt ? address(0xc001) : address(0xb000), ScaledBalanceOf{},
                          chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet, address(2)});
        CHECK(reading.kind(0) == ErrorKind::Reverted);
        CHECK(reading.market->health(0).status == Status::Unknown);
        CHECK_FALSE(reading.kind(1));
        CHECK(reading.market->health(1).status == Status::Healthy);
    }
    SECTION("is the wallet's own gap where no bit speaks of it") {
        chain.node.revert(address(0xb003), ScaledBalanceOf{}, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet, address(2)});
        CHECK_FALSE(reading.kind(0));
        CHECK(reading.market->health(0).status == Status::Healthy);
        REQUIRE(reading.market->missing().size() == 1);
        CHECK(reading.market->missing()[0].wallet == chain.wallet);
        CHECK(reading.market->missing()[0].kind == ErrorKind::Reverted);
        CHECK_THAT(reading.market->missing()[0].what, Contains("DAI"));
    }
    SECTION("also the account's own words") {
        chain.node.revert(FakePool::pool, GetUserConfiguration{}, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet, address(2)});
        CHECK(reading.kind(0) == ErrorKind::Reverted);
        CHECK(reading.market->health(0).status == Status::Unknown);
        CHECK(reading.market->health(1).status == Status::Healthy);
    }
}

TEST_CASE("a provider that is none is a failure of every wallet", "[aave_v3][coverage]") {
    FakeNode node;
    ErrorKind want = ErrorKind::EmptyReply;  // nothing there at this block
    SECTION("no contract") {}
    SECTION("one that names no pool") {
        FakePool pool(node);
        node.answer(FakePool::provider, GetPool{}, Address());
        want = ErrorKind::BadData;
    }
    SECTION("one that reverts") {
        FakePool pool(node);
        node.revert(FakePool::provider, GetPriceOracle{});
        want = ErrorKind::Reverted;
    }
    const Reading reading = read(node, {address(1), address(2)});
    CHECK(reading.market == nullptr);
    CHECK(reading.kind(0) == want);
    CHECK(reading.kind(1) == want);
}

TEST_CASE("the price oracle sentinel is asked where there is one", "[aave_v3][sentinel]") {
    Chain chain;
    // 20000 * 0.8 / 16500 = 0.97, liquidatable and above 0.95.
    chain.pool.add(weth_against_usdc().debt(kUsdc, U256(16'500) * 1'000'000).build());
    chain.node.answer(FakePool::provider, GetPriceOracleSentinel{}, FakePool::sentinel);
    using Names = std::vector<std::string>;
    SECTION("none is named") {
        chain.node.answer(FakePool::provider, GetPriceOracleSentinel{}, Address());
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0).empty());
    }
    SECTION("the provider has no such function") {
        chain.node.revert(FakePool::provider, GetPriceOracleSentinel{});
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0).empty());
    }
    SECTION("it allows") {
        chain.node.answer(FakePool::sentinel, IsLiquidationAllowed{}, true);
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0).empty());
    }
    SECTION("it forbids") {
        chain.node.answer(FakePool::sentinel, IsLiquidationAllowed{}, false);
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0) ==
              Names{"price_oracle_sentinel"});
    }
    SECTION("it reverts, and so would the liquidation") {
        chain.node.revert(FakePool::sentinel, IsLiquidationAllowed{});
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0) ==
              Names{"price_oracle_sentinel"});
    }
    SECTION("it answers nonsense: a gap") {
        chain.node.answer_raw(FakePool::sentinel, IsLiquidationAllowed{}, core::Bytes(32, 7));
        const Reading reading = read(chain.node, {chain.wallet});
        CHECK(reading.market->health(0).status == Status::Liquidatable);
        CHECK(reading.market->blocked_by(0).empty());
        REQUIRE(reading.market->missing().size() == 1);
        CHECK(reading.market->missing()[0].kind == ErrorKind::BadData);
    }
    SECTION("the provider's answer could not be read: not the same as none") {
        chain.node.answer_raw(FakePool::provider, GetPriceOracleSentinel{}, core::Bytes(31));
        const Reading reading = read(chain.node, {chain.wallet});
        CHECK(reading.kind(0) == ErrorKind::BadData);
        CHECK(reading.market == nullptr);
    }
    SECTION("3.7 has none") {
        FakePool newer(chain.node, 11);
        chain.node.answer(FakePool::sentinel, IsLiquidationAllowed{}, false);
        CHECK(read(chain.node, {chain.wallet}).market->blocked_by(0).empty());
    }
}

TEST_CASE("an account's e-mode category is read once for all who are in it", "[aave_v3][emode]") {
    FakeNode node;
    const std::uint64_t revision = GENERATE(7U, 10U, 11U);
    CAPTURE(revision);
    FakePool pool(node, revision);
    pool.add(weth_against_usdc(1).emode(1).build());
    pool.add(weth_against_usdc(2).emode(1).build());
    pool.add(weth_against_usdc(3).build());
    const std::uint8_t category = 1;
    node.answer(FakePool::pool, GetEModeCategoryCollateralConfig{}, EmodeTerms{9000, 9300, 10'100},
                category);
    node.answer(FakePool::pool, GetEModeCategoryCollateralBitmap{}, chains::abi::Uint<128>{1},
                category);
    node.answer(FakePool::pool, GetEModeCategoryBorrowableBitmap{}, chains::abi::Uint<128>{2},
                category);
    if (revision >= 10) {
        node.answer(FakePool::pool, GetEModeCategoryLtvzeroBitmap{}, chains::abi::Uint<128>{1},
                    category);
    }
    if (revision == 11) {
        node.answer(FakePool::pool, GetIsEModeCategoryIsolated{}, true, category);
    }
    SECTION("and applies") {
        const Reading reading = read(node, {address(1), address(2), address(3)});
        // 20000 * 0.93 / 8000
        const core::Wad in_category(U256(core::wad() / 1000 * 2325));
        CHECK(reading.market->health(0).health_factor == in_category);
        CHECK(reading.market->health(1).health_factor == in_category);
        CHECK(reading.market->health(2).health_factor == core::Wad(U256(2 * core::wad())));
        // From 3.6 the category's zero-LTV bit.
        CHECK(reading.market->health(0).max_ltv == core::Bps(revision >= 10 ? 0 : 9000));
        CHECK(reading.market->emode_category(0) == 1);
        CHECK_FALSE(reading.market->emode_category(2));
        CHECK(node.times_asked(FakePool::pool, GetEModeCategoryCollateralBitmap{}, category) == 1);
        CHECK(reading.cost.rounds == 4);
        CHECK(reading.market->missing().empty());
    }
    SECTION("or makes them unknown when it cannot be read") {
        node.revert(FakePool::pool, GetEModeCategoryCollateralConfig{}, category);
        const Reading reading = read(node, {address(1), address(2), address(3)});
        CHECK(reading.kind(0) == ErrorKind::Reverted);
        CHECK(reading.kind(1) == ErrorKind::Reverted);
        CHECK_FALSE(reading.kind(2));
        CHECK(reading.market->health(0).status == Status::Unknown);
        CHECK(reading.market->health(2).status == Status::Healthy);
    }
    SECTION("also when only a later revision's part cannot be read") {
        if (revision >= 10) {
            node.revert(FakePool::pool, GetEModeCategoryLtvzeroBitmap{}, category);
            CHECK(read(node, {address(1)}).kind(0) == ErrorKind::Reverted);
        }
    }
    SECTION("and over 255 it is none") {
        node.answer(FakePool::pool, GetUserEMode{}, U256(256), address(1));
        const Reading reading = read(node, {address(1), address(2)});
        CHECK(reading.kind(0) == ErrorKind::BadData);
        CHECK_FALSE(reading.kind(1));
    }
}

TEST_CASE("an old e-mode category is read with the price of its own source", "[aave_v3][emode]") {
    FakeNode node;
    FakePool pool(node, 1);
    pool.reserves[0].terms.emode = 2;
    pool.install(pool.reserves[0]);
    pool.add(weth_against_usdc().emode(2).build());
    const Address source = address(0x777);
    const std::uint8_t category = 2;
    node.answer(FakePool::pool, GetEModeCategoryData{},
                std::tuple<OldEmode>({9000, 9300, 10'100, source, "ETH correlated"}), category);
    SECTION("its price counts: 21000 * 0.93 / 8000") {
        node.answer(FakePool::oracle, GetAssetPrice{}, U256(2100 * kDollar), source);
        const Reading reading = read(node, {address(0xaa)});
        CHECK(reading.market->health(0).health_factor ==
              core::Wad(U256(core::wad() / 100'000 * 244'125)));
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("an answer of zero leaves the assets' own: 20000 * 0.93 / 8000") {
        node.answer(FakePool::oracle, GetAssetPrice{}, U256(0), source);
        CHECK(read(node, {address(0xaa)}).market->health(0).health_factor ==
              core::Wad(U256(core::wad() / 1000 * 2325)));
    }
    SECTION("a revert stops every health check in the category") {
        node.revert(FakePool::oracle, GetAssetPrice{}, source);
        const Reading reading = read(node, {address(0xaa)});
        CHECK(reading.kind(0) == ErrorKind::Reverted);
        CHECK(reading.market->health(0).status == Status::Unknown);
    }
    SECTION("without a source there is nothing to ask") {
        node.answer(FakePool::pool, GetEModeCategoryData{},
                    std::tuple<OldEmode>({9000, 9300, 10'100, Address(), ""}), category);
        CHECK(read(node, {address(0xaa)}).market->health(0).health_factor ==
              core::Wad(U256(core::wad() / 1000 * 2325)));
    }
}

namespace {

const State& state_of(const Reading& reading) {
    return dynamic_cast<const AaveMarket&>(*reading.market).state();
}

EmodeCategory category_of(std::uint64_t id) {
    EmodeCategory out;
    out.id = id;
    out.ltv_bps = 9000;
    out.liquidation_threshold_bps = 9300 + id;
    out.liquidation_bonus_bps = 10'100;
    out.collateral.set(kWeth);
    out.borrowable.set(kUsdc);
    return out;
}

std::vector<std::uint64_t> ids_of(const ById<std::uint64_t, EmodeCategory>& emodes) {
    std::vector<std::uint64_t> out;
    for (const auto& [id, category] : emodes) {
        out.push_back(id);
    }
    return out;
}

}  // namespace

TEST_CASE("every e-mode is read, whoever is in it, in no further round", "[aave_v3][emode]") {
    const std::uint64_t revision = GENERATE(1U, 4U, 7U, 10U, 11U);
    CAPTURE(revision);
    const bool is_old = revision <= 4;
    FakeNode node;
    FakePool pool(node, revision);
    pool.add(weth_against_usdc(1).build());
    pool.add(weth_against_usdc(2).emode(2).build());
    auto priced = category_of(5);
    priced.price = margin::PriceQuote{
        .answer = U256(2100 * kDollar), .source = address(0x777), .updated_at = {}};
    auto isolated = category_of(3);
    isolated.is_isolated = true;
    isolated.zero_ltv.set(kPoolDai);
    for (const auto& category : {category_of(2), isolated, priced}) {
        pool.install_emode(category);
    }
    const Reading reading = read(node, {address(1), address(2)});
    const State& state = state_of(reading);
    CHECK(ids_of(state.emodes) == std::vector<std::uint64_t>{2, 3, 5});
    CHECK(state.unread_emodes.empty());
    CHECK(state.emodes_asked == (is_old ? 16 : 255));
    CHECK(reading.cost.rounds == 4);
    const EmodeCategory& found = state.emodes.at(3);
    CHECK(found.id == 3);
    CHECK(found.ltv_bps == 9000);
    CHECK(found.liquidation_threshold_bps == 9303);
    CHECK(found.liquidation_bonus_bps == 10'100);
    CHECK(found.collateral == (is_old ? ReserveBitmap() : ReserveBitmap().set(kWeth)));
    CHECK(found.borrowable == (is_old ? ReserveBitmap() : ReserveBitmap().set(kUsdc)));
    CHECK(found.zero_ltv.test(kPoolDai) == (revision >= 10));
    CHECK(found.is_isolated == (revision == 11));
    CHECK(state.emodes.at(5).price.has_value() == is_old);
    // What account and market both need is asked once.
    const std::uint8_t used = 2;
    CHECK(node.times_asked(FakePool::pool, GetEModeCategoryCollateralBitmap{}, used) ==
          (is_old ? 0 : 1));
    CHECK(node.times_asked(FakePool::pool, GetEModeCategoryData{}, used) == (is_old ? 1 : 0));
}

TEST_CASE("e-modes have any ids up to 255", "[aave_v3][emode]") {
    const std::uint64_t revision = GENERATE(1U, 10U);
    FakeNode node;
    FakePool pool(node, revision);
    pool.add(weth_against_usdc().build());
    for (const std::uint64_t id : {7U, 16U, 17U, 255U}) {
        pool.install_emode(category_of(id));
    }
    SECTION("since 3.2 all are found; until 3.1 those beyond 16 only when a reserve is in them") {
        const Reading reading = read(node, {address(0xaa)});
        CHECK(ids_of(state_of(reading).emodes) ==
              (revision == 1 ? std::vector<std::uint64_t>{7, 16}
                             : std::vector<std::uint64_t>{7, 16, 17, 255}));
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("a reserve names one") {
        pool.reserves[0].terms.emode = 255;
        pool.install(pool.reserves[0]);
        const Reading reading = read(node, {address(0xaa)});
        CHECK(state_of(reading).emodes.count(255) == 1);
        CHECK(state_of(reading).emodes.count(17) == (revision == 1 ? 0 : 1));
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("on a node that runs no programs, too") {
        node.refuse_call = [](const chains::evm::RpcCall& call) {
            const bool is_program = call.params.find(R"("to":)") == std::string::npos;
            return call.method == "eth_call" && is_program
                       ? std::optional(test::rpc_error(-32000, "invalid opcode"))
                       : std::nullopt;
        };
        const Reading reading = read(node, {address(0xaa)});
        CHECK(state_of(reading).emodes.count(16) == 1);
        CHECK(state_of(reading).emodes.count(255) == (revision == 1 ? 0 : 1));
        CHECK(state_of(reading).unread_emodes.empty());
    }
}

TEST_CASE("an e-mode that cannot be read is named and stops nobody outside of it",
          "[aave_v3][emode][coverage]") {
    FakeNode node;
    FakePool pool(node, 11);
    pool.add(weth_against_usdc(1).build());
    pool.install_emode(category_of(3));
    pool.install_emode(category_of(4));
    const std::uint8_t unread = 3;
    SECTION("its terms") {
        node.revert(FakePool::pool, GetEModeCategoryCollateralConfig{}, unread);
    }
    SECTION("its reserves") {
        node.revert(FakePool::pool, GetEModeCategoryBorrowableBitmap{}, unread);
    }
    SECTION("its zero LTVs") {
        node.revert(FakePool::pool, GetEModeCategoryLtvzeroBitmap{}, unread);
    }
    SECTION("whether it is isolated") {
        node.revert(FakePool::pool, GetIsEModeCategoryIsolated{}, unread);
    }
    const Reading reading = read(node, {address(1)});
    CHECK_FALSE(reading.kind(0));
    CHECK(reading.market->missing().empty());
    CHECK(reading.market->health(0).status == Status::Healthy);
    CHECK(ids_of(state_of(reading).emodes) == std::vector<std::uint64_t>{4});
    REQUIRE(state_of(reading).unread_emodes.count(3) == 1);
    CHECK_THAT(state_of(reading).unread_emodes.at(3), Contains("EMode") && Contains("reverted"));
}

TEST_CASE("an e-mode that accounts are in is never taken for one that does not exist",
          "[aave_v3][emode][coverage]") {
    FakeNode node;
    FakePool pool(node);
    pool.add(weth_against_usdc(1).emode(3).build());
    pool.add(weth_against_usdc(2).build());
    pool.install_emode(category_of(3));
    const std::uint8_t unread = 3;
    node.revert(FakePool::pool, GetEModeCategoryCollateralBitmap{}, unread);
    const Reading reading = read(node, {address(1), address(2)});
    CHECK(reading.kind(0) == ErrorKind::Reverted);
    CHECK_FALSE(reading.kind(1));
    CHECK(state_of(reading).unread_emodes.count(3) == 1);
}

TEST_CASE("only reserves in use are asked about by themselves", "[aave_v3][reads]") {
    Chain chain;
    const FakeReserve& weth = chain.pool.reserves[0];
    const FakeReserve& usdc = chain.pool.reserves[1];
    const FakeReserve& dai = chain.pool.reserves[2];
    SECTION("supplies come with the program, idle ones too") {
        chain.pool.add(weth_against_usdc().supply(kPoolDai, core::wad()).build());
        const Reading reading = read(chain.node, {chain.wallet});
        REQUIRE(state_of(reading).accounts[0].balances.size() == 3);
        CHECK(state_of(reading).accounts[0].balances[2].scaled_supply == core::wad());
        for (const FakeReserve& reserve : chain.pool.reserves) {
            CHECK(chain.node.times_asked(reserve.a_token(), ScaledBalanceOf{}, chain.wallet) == 1);
        }
        // Debt where the bit says so.
        CHECK(chain.node.times_asked(usdc.debt_token(), ScaledBalanceOf{}, chain.wallet) == 1);
        CHECK(chain.node.times_asked(dai.debt_token(), ScaledBalanceOf{}, chain.wallet) == 0);
        CHECK(reading.cost.rounds == 4);
    }
    SECTION("collateral that the program does not name is asked about again") {
        chain.pool.add(AccountBuilder().collateral(kWeth, 0).build());
        const Reading reading = read(chain.node, {chain.wallet});
        CHECK_FALSE(reading.kind(0));
        CHECK(chain.node.times_asked(weth.a_token(), ScaledBalanceOf{}, chain.wallet) == 2);
        CHECK(chain.node.times_asked(dai.a_token(), ScaledBalanceOf{}, chain.wallet) == 1);
    }
    SECTION("a node that runs no programs gives the same account") {
        chain.pool.add(weth_against_usdc().supply(kPoolDai, core::wad()).build());
        chain.node.refuse_call = [](const chains::evm::RpcCall& call) {
            const bool is_program = call.params.find(R"("to":)") == std::string::npos;
            return call.method == "eth_call" && is_program
                       ? std::optional(test::rpc_error(-32000, "invalid opcode"))
                       : std::nullopt;
        };
        const Reading reading = read(chain.node, {chain.wallet});
        REQUIRE(state_of(reading).accounts[0].balances.size() == 3);
        CHECK(state_of(reading).accounts[0].balances[0].scaled_supply == 10 * core::wad());
        CHECK(state_of(reading).accounts[0].balances[2].scaled_supply == core::wad());
        CHECK(reading.market->health(0).health_factor == core::Wad(U256(2 * core::wad())));
        CHECK(reading.cost.rounds == 4);  // e-modes were refused before supplies were asked
    }
}

TEST_CASE("a stable debt is read where revisions have it", "[aave_v3][debt]") {
    const bool has_stable = GENERATE(true, false);
    FakeNode node;
    FakePool pool(node, has_stable ? 1 : 10);
    auto account = AccountBuilder().collateral(kWeth, U256(10 * core::wad()));
    account.set_bit(2 * kPoolDai);
    account.at(kPoolDai).stable_debt = StableDebt{
        .principal = 4000 * core::wad(), .rate = 0, .last_update = core::Timestamp(kBlockTime)};
    pool.add(account.build());
    const Reading reading = read(node, {address(0xaa)});
    // 20000 * 0.8 / 4000
    CHECK(reading.market->health(0).health_factor ==
          (has_stable ? std::optional(core::Wad(U256(4 * core::wad()))) : std::nullopt));
}

TEST_CASE("in 3.3 the debt of a reserve without virtual accounting is its token's balance",
          "[aave_v3][debt]") {
    const bool is_virtual = GENERATE(true, false);
    FakeNode node;
    FakePool pool(node, 7);
    pool.reserves[2].terms.virtual_accounting = is_virtual;
    pool.install(pool.reserves[2]);
    auto account = AccountBuilder()
                       .collateral(kWeth, U256(10 * core::wad()))
                       .debt(kPoolDai, U256(4000 * core::wad()));
    account.at(kPoolDai).debt_by_balance = U256(2000 * core::wad());  // after a discount
    pool.add(account.build());
    const Reading reading = read(node, {address(0xaa)});
    CHECK(reading.market->health(0).debt == U256((is_virtual ? 4000 : 2000) * kDollar));
}

TEST_CASE("a symbol of 32 bytes, and none at all, still names the reserve", "[aave_v3][adapter]") {
    Chain chain;
    core::Bytes old_symbol(32);
    old_symbol[0] = 'M';
    old_symbol[1] = 'K';
    chain.node.answer_raw(address(0xa000), chains::erc20::Symbol{}, old_symbol);
    chain.node.revert(address(0xa001), chains::erc20::Symbol{});
    const auto legs = read(chain.node, {chain.wallet}).market->legs(0);
    CHECK(legs[0].symbol == "MK");
    CHECK(legs[1].symbol == "0x0000…a001");  // a lower-case a by its checksum
}

TEST_CASE("the protocol's own view is read on demand and compared", "[aave_v3][verify]") {
    Chain chain;
    std::tuple<U256, U256, U256, U256, U256, U256> view{
        20'000 * kDollar, 8000 * kDollar, 7000 * kDollar, 8000, 7500, 2 * core::wad()};
    SECTION("and agrees") {
        chain.node.answer(FakePool::pool, GetUserAccountData{}, view, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet}, true);
        CHECK(reading.market->has_referee(0));
        CHECK(reading.market->verify(0).empty());
    }
    SECTION("and differs in a figure") {
        std::get<5>(view) -= 1;
        chain.node.answer(FakePool::pool, GetUserAccountData{}, view, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet}, true);
        REQUIRE(reading.market->verify(0).size() == 1);
        CHECK(reading.market->verify(0)[0].what == "health factor");
    }
    SECTION("and differs in a balance, also one of which the token says nothing is there") {
        chain.node.answer(FakePool::pool, GetUserAccountData{}, view, chain.wallet);
        const U256 theirs = GENERATE(U256(1), U256(0));
        chain.node.answer(address(0xb000), chains::erc20::BalanceOf{}, theirs, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet}, true);
        REQUIRE(reading.market->verify(0).size() == 1);
        CHECK(reading.market->verify(0)[0].what == "supply of WETH");
        CHECK(reading.market->verify(0)[0].theirs == core::to_decimal(theirs));
    }
    SECTION("and reverts") {
        chain.node.revert(FakePool::pool, GetUserAccountData{}, chain.wallet);
        const Reading reading = read(chain.node, {chain.wallet}, true);
        CHECK_FALSE(reading.market->has_referee(0));
        CHECK(reading.market->health(0).status == Status::Healthy);
    }
    SECTION("but not unless asked for") {
        chain.node.answer(FakePool::pool, GetUserAccountData{}, view, chain.wallet);
        CHECK_FALSE(read(chain.node, {chain.wallet}).market->has_referee(0));
        CHECK(chain.node.times_asked(FakePool::pool, GetUserAccountData{}, chain.wallet) == 0);
    }
}

TEST_CASE("a market that was read is restored from its archive", "[aave_v3][archive]") {
    Chain chain;
    const Reading reading = read(chain.node, {chain.wallet});
    const auto restored = restore_market(reading.market->archive());
    CHECK(restored->name() == reading.market->name());
    CHECK(restored->health(0).health_factor == reading.market->health(0).health_factor);
    CHECK_THROWS_AS(restore_market(core::Archive()), core::InputError);
}

TEST_CASE("every behaviour says how it is proven", "[aave_v3]") {
    REQUIRE(describe().size() == 8);
    for (const adapters::RevisionProof& row : describe()) {
        CHECK_FALSE(row.proof.empty());
    }
}
