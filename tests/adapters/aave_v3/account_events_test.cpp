#include "adapters/aave_v3/account_events.hpp"

#include <catch2/catch.hpp>

#include "adapters/aave_v3/contracts.hpp"
#include "adapters/aave_v3/market.hpp"
#include "chains/evm/log_decoder.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using adapters::AccountEvents;
using Catch::Matchers::Contains;
using chains::Log;
using chains::Topic;
using core::InputError;
using core::U256;
using test::address;

namespace {

constexpr std::uint64_t kOwner = 0xaa;
constexpr std::uint64_t kOther = 0xbb;
constexpr std::uint64_t kAsset = 0xa000;
constexpr std::uint64_t kPool = 0x900;

Topic word(std::uint64_t number) {
    Topic out{};
    core::to_big_endian(U256(number), out.data());
    return out;
}

AccountEvents events() {
    DeploymentConfig config;
    config.market = "core";
    config.from_block = core::BlockNumber(7);
    Reserves reserves;
    reserves.by_id = pool("3.6").reserves;
    reserves.by_id.at(kDai).stable_debt_token = address(0xd002);
    return account_events(config, {.pool = address(kPool), .oracle = {}, .sentinel = {}}, reserves);
}

Log log(std::uint64_t contract, const Topic& event, const std::vector<std::uint64_t>& indexed,
        const std::vector<std::uint64_t>& data) {
    Log out;
    out.address = address(contract);
    out.topics = {event};
    out.topic_count = 1;
    for (const std::uint64_t one : indexed) {
        out.topics.at(out.topic_count++) = word(one);
    }
    for (const std::uint64_t one : data) {
        const Topic bytes = word(one);
        out.data.insert(out.data.end(), bytes.begin(), bytes.end());
    }
    return out;
}

std::vector<core::Address> wallets_in(const AccountEvents& from, const Log& one) {
    std::vector<core::Address> out;
    for (const adapters::NamedAccount& account : from.accounts_in(one)) {
        CHECK(account.market == "core");
        out.push_back(account.wallet);
    }
    return out;
}

Balance balance(unsigned id, std::uint64_t supply, std::uint64_t debt) {
    Balance out;
    out.reserve_id = id;
    out.scaled_supply = supply;
    out.scaled_debt = debt;
    return out;
}

/// WETH as collateral, DAI and USDC owed.
State with_borrower() {
    State state = pool("3.6");
    state.reserves.at(kDai).totals = ReserveTotals{};
    state.reserves.at(kDai).totals->scaled_debt = 50;
    Account account;
    account.wallet = address(kOwner);
    // Bits 2i: borrowed, 2i + 1: collateral.
    account.configuration =
        UserConfiguration(U256((2U << (2 * kWeth)) | (1U << (2 * kUsdc)) | (1U << (2 * kDai))));
    account.emode_category = 3;
    account.balances = {balance(kWeth, 1000, 0), balance(kUsdc, 9, 20), balance(kDai, 0, 30)};
    state.accounts = {account};
    return state;
}

}  // namespace

TEST_CASE("a liquidation of Aave tells whose it is, the pair and both amounts",
          "[aave_v3][backtest]") {
    const AccountEvents from = events();
    // IPool.LiquidationCall: collateral, debt and user as topics; repaid, seized, liquidator,
    // whether as aTokens
    const Log one =
        log(kPool, LiquidationCall::kTopic, {kAsset, 0xd000, kOwner}, {100, 7, kOther, 1});
    CHECK(chains::evm::matches(from.liquidations, one));
    CHECK_FALSE(chains::evm::matches(
        from.liquidations,
        log(0x901, LiquidationCall::kTopic, {kAsset, 0xd000, kOwner}, {100, 7, kOther, 1})));
    const adapters::NamedLiquidation told = from.liquidation_in(one);
    CHECK(told.account.market == "core");
    CHECK(told.account.wallet == address(kOwner));
    CHECK(told.collateral == address(kAsset));
    CHECK(told.seized == 7);
    CHECK_THROWS_AS(
        from.liquidation_in(log(kPool, LiquidationCall::kTopic, {kAsset, 0xd000, kOwner}, {100})),
        chains::abi::DecodeError);
}

TEST_CASE("a market of Aave asks its oracle by asset", "[aave_v3][backtest]") {
    const AaveMarket market(pool("3.6"));
    const auto calls = market.answer_calls();
    REQUIRE(calls.size() == market.answers().size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
        CHECK(calls[i].asset == market.answers()[i].asset);
        CHECK(calls[i].contract == market.state().oracle);
        // getAssetPrice(address)
        CHECK(core::to_hex(calls[i].data) ==
              "0xb3596f07" + std::string(24, '0') + core::to_hex(calls[i].asset.raw()).substr(2));
    }
}

TEST_CASE("each event of Aave names whose balances, flags or e-mode changed", "[aave_v3][book]") {
    const AccountEvents from = events();
    struct Row {
        Log log;
        std::vector<core::Address> wallets;
    };
    const auto owner = std::vector{address(kOwner)};
    // Signatures of IPool.sol; of Borrow the second indexed argument, on whose behalf.
    const std::vector<Row> rows{
        {log(kPool, Borrow::kTopic, {kAsset, kOwner, 0}, {kOther, 5, 2, 0}), owner},
        {log(kPool, UserEModeSet::kTopic, {kOwner}, {3}), owner},
        {log(kPool, CollateralEnabled::kTopic, {kAsset, kOwner}, {}), owner},
        {log(kPool, CollateralDisabled::kTopic, {kAsset, kOwner}, {}), owner},
        // An aToken that moves, debt that is burnt, stable debt that is made.
        {log(0xb000, Transfer::kTopic, {kOwner, kOther}, {5}), {address(kOwner), address(kOther)}},
        {log(0xc001, Transfer::kTopic, {kOwner, 0}, {5}), {address(kOwner), address(0)}},
        {log(0xd002, Transfer::kTopic, {0, kOwner}, {5}), {address(0), address(kOwner)}},
    };
    for (const Row& row : rows) {
        CHECK(chains::evm::matches(from.changes, row.log));
        CHECK(wallets_in(from, row.log) == row.wallets);
    }
}

TEST_CASE("a debt begins with the pool's Borrow alone", "[aave_v3][book]") {
    const AccountEvents from = events();
    const auto borrow = log(kPool, Borrow::kTopic, {kAsset, kOwner, 0}, {kOther, 5, 2, 0});
    CHECK(chains::evm::matches(from.borrows, borrow));
    CHECK(from.borrows.from == core::BlockNumber(7));
    CHECK(from.markets == std::vector<std::string>{"core"});
    CHECK_FALSE(chains::evm::matches(from.borrows, log(0xb000, Transfer::kTopic, {1, 2}, {5})));
    auto elsewhere = borrow;
    elsewhere.address = address(0x901);
    CHECK_FALSE(chains::evm::matches(from.borrows, elsewhere));
}

TEST_CASE("a row of Aave keeps what counts and comes back as it was", "[aave_v3][book]") {
    const State state = with_borrower();
    AaveMarket market(state);
    const auto row = market.kept_row(0);
    // USDC's supply of 9 is no collateral. Kinds: 1 collateral, 2 debt.
    CHECK(row == std::vector<U256>{state.accounts[0].configuration.word(), 3, kWeth + 256, 1000,
                                   kUsdc + 512, 20, kDai + 512, 30});
    const auto empty = market.without_accounts();
    auto& again = dynamic_cast<AaveMarket&>(*empty);
    again.add_row(address(kOwner), row);
    const Account& back = again.state().accounts.at(0);
    CHECK(back.emode_category == 3);
    REQUIRE(back.balances.size() == 3);
    CHECK(back.balances[0].scaled_supply == 1000);
    CHECK(back.balances[1].scaled_debt == 20);
    CHECK(back.balances[2].scaled_debt == 30);
    CHECK(again.kept_row(0) == row);
}

TEST_CASE("a row of Aave that was read whole takes the kept one's place", "[aave_v3][book]") {
    const State state = with_borrower();
    const AaveMarket market(state);
    const auto empty = market.without_accounts();
    auto& book = dynamic_cast<AaveMarket&>(*empty);
    book.add_row(address(kOwner), market.kept_row(0));
    book.take_row(market, 0);
    REQUIRE(book.account_count() == 1);
    CHECK(book.state().accounts[0].balances[1].scaled_supply ==
          state.accounts[0].balances[1].scaled_supply);  // is no collateral
    State other = state;
    other.accounts[0].wallet = address(kOther);
    book.take_row(AaveMarket(other), 0);
    CHECK(book.account_count() == 2);
    other.accounts[0].balances[0].reserve_id = 99;
    CHECK_THROWS_AS(book.take_row(AaveMarket(other), 0), core::InputError);
}

TEST_CASE("stable debt and debt by balance are kept too", "[aave_v3][book]") {
    State state = with_borrower();
    state.accounts[0].balances[1].stable_debt =
        StableDebt{.principal = 5, .rate = 6, .last_update = core::Timestamp(7)};
    state.accounts[0].balances[2].debt_by_balance = U256(8);
    AaveMarket market(state);
    const auto row = market.kept_row(0);
    const auto empty = market.without_accounts();
    auto& again = dynamic_cast<AaveMarket&>(*empty);
    again.add_row(address(kOwner), row);
    const Account& back = again.state().accounts.at(0);
    REQUIRE(back.balances[1].stable_debt);
    CHECK(back.balances[1].stable_debt->principal == 5);
    CHECK(back.balances[1].stable_debt->rate == 6);
    CHECK(back.balances[1].stable_debt->last_update == core::Timestamp(7));
    CHECK(back.balances[2].debt_by_balance == U256(8));
    CHECK(back.balances[2].scaled_debt == 30);
}

TEST_CASE("an account of Aave without debt has no row", "[aave_v3][book]") {
    State state = with_borrower();
    state.accounts[0].balances.resize(1);
    CHECK(AaveMarket(state).kept_row(0).empty());
}

TEST_CASE("scaled debts are compared with the debt token's, reserve by reserve",
          "[aave_v3][book]") {
    const AaveMarket market(with_borrower());
    const auto sums = market.debt_sums();
    REQUIRE(sums.size() == 3);
    CHECK(sums[kDai].what == "scaled debt of DAI");
    CHECK(sums[kDai].of_accounts == 30);
    CHECK(sums[kDai].of_market == U256(50));  // 20 are missing
    CHECK(sums[kUsdc].of_accounts == 20);
    CHECK_FALSE(sums[kUsdc].of_market);  // its total was not read
}

TEST_CASE("numbers that are no row of Aave are refused", "[aave_v3][book][errors]") {
    AaveMarket market(pool("3.6"));
    const U256 over = U256(1) << 128U;
    const std::vector<std::pair<std::vector<U256>, const char*>> rows{
        {{}, "too early"},
        {{1}, "too early"},
        {{1, 256}, "too large"},
        {{1, 0}, "no debt"},
        {{1, 0, kWeth + 256, 5}, "no debt"},
        {{1, 0, kWeth + 512}, "too early"},
        {{1, 0, kWeth, 5}, "no kind"},
        {{1, 0, kWeth + 16 * 256, 5}, "no kind"},
        {{1, 0, kWeth + 512, over}, "too large"},
        {{1, 0, 77 + 512, 5}, "no reserve 77"},
        {{1, 0, kUsdc + 512, 5, kWeth + 512, 5}, "out of order"},
        {{1, 0, kUsdc + 512, 5, kUsdc + 512, 5}, "out of order"},
    };
    for (const auto& [row, why] : rows) {
        CHECK_THROWS_WITH(market.add_row(address(kOwner), row), Contains(why));
    }
    CHECK(market.account_count() == 0);
}
