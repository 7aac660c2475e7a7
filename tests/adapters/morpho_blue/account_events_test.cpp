#include "adapters/morpho_blue/account_events.hpp"

#include <catch2/catch.hpp>

#include "adapters/morpho_blue/market.hpp"
#include "chains/evm/log_decoder.hpp"
#include "core/errors.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using adapters::AccountEvents;
using adapters::NamedAccount;
using Catch::Matchers::Contains;
using chains::Log;
using chains::Topic;
using core::InputError;
using test::address;

namespace {

const Bytes32 kId{0x11};
constexpr std::uint64_t kOwner = 0xaa;
constexpr std::uint64_t kOther = 0xbb;

Topic word(std::uint64_t number) {
    Topic out{};
    core::to_big_endian(core::U256(number), out.data());
    return out;
}

DeploymentConfig config() {
    DeploymentConfig out;
    out.chain = "ethereum";
    out.morpho = address(0x100);
    out.from_block = core::BlockNumber(7);
    out.market_ids = {kId};
    return out;
}

/// An event as Morpho logs it: its indexed arguments, and the words of the others.
Log log(const Topic& event, std::vector<std::uint64_t> indexed, std::vector<std::uint64_t> data) {
    Log out;
    out.address = config().morpho;
    out.topics = {event, kId};
    out.topic_count = 2;
    for (const std::uint64_t one : indexed) {
        out.topics.at(out.topic_count++) = word(one);
    }
    for (const std::uint64_t one : data) {
        const Topic bytes = word(one);
        out.data.insert(out.data.end(), bytes.begin(), bytes.end());
    }
    return out;
}

}  // namespace

TEST_CASE("each event of Morpho names the position's owner, whoever called",
          "[morpho_blue][book]") {
    const AccountEvents events = account_events(config());
    // Signatures of EventsLib.sol; the owner is onBehalf, of a liquidation the borrower.
    const std::vector<Log> logs{
        log(Supply::kTopic, {kOther, kOwner}, {1, 1}),
        log(Withdraw::kTopic, {kOwner, kOther}, {kOther, 1, 1}),
        log(Borrow::kTopic, {kOwner, kOther}, {kOther, 1, 1}),
        log(Repay::kTopic, {kOther, kOwner}, {1, 1}),
        log(SupplyCollateral::kTopic, {kOther, kOwner}, {1}),
        log(WithdrawCollateral::kTopic, {kOwner, kOther}, {kOther, 1}),
        log(Liquidate::kTopic, {kOther, kOwner}, {1, 1, 1, 0, 0}),
    };
    for (const Log& one : logs) {
        CHECK(chains::evm::matches(events.changes, one));
        const std::vector<NamedAccount> named = events.accounts_in(one);
        REQUIRE(named.size() == 1);
        CHECK(named[0].wallet == address(kOwner));
        CHECK(named[0].market == core::to_hex(kId));
    }
}

TEST_CASE("a debt begins with Borrow in a market that is asked for", "[morpho_blue][book]") {
    const AccountEvents events = account_events(config());
    Log borrow = log(Borrow::kTopic, {kOwner, kOther}, {kOther, 1, 1});
    CHECK(chains::evm::matches(events.borrows, borrow));
    CHECK(events.borrows.from == core::BlockNumber(7));
    CHECK(events.markets == std::vector{core::to_hex(kId)});
    CHECK_FALSE(chains::evm::matches(events.borrows, log(Repay::kTopic, {kOther, kOwner}, {1, 1})));
    borrow.topics[1] = Bytes32{0x22};
    CHECK_FALSE(chains::evm::matches(events.borrows, borrow));
    // Without a list every market is asked for.
    DeploymentConfig all = config();
    all.market_ids.clear();
    CHECK(chains::evm::matches(account_events(all).borrows, borrow));
}

TEST_CASE("a liquidation of Morpho tells repaid, seized and written off assets",
          "[morpho_blue][backtest]") {
    const AccountEvents events = account_events(config());
    // EventsLib.Liquidate: repaid assets and shares, seized assets, bad debt assets and shares
    const Log one = log(Liquidate::kTopic, {kOther, kOwner}, {100, 101, 7, 3, 4});
    CHECK(chains::evm::matches(events.liquidations, one));
    CHECK_FALSE(
        chains::evm::matches(events.liquidations, log(Repay::kTopic, {kOther, kOwner}, {1, 1})));
    const adapters::NamedLiquidation told = events.liquidation_in(one);
    CHECK(told.account.market == core::to_hex(kId));
    CHECK(told.account.wallet == address(kOwner));
    CHECK_FALSE(told.collateral);
    CHECK(told.seized == 7);
    const Log short_of_a_word = log(Liquidate::kTopic, {kOther, kOwner}, {100, 101, 7, 3});
    CHECK_THROWS_AS(events.liquidation_in(short_of_a_word), chains::abi::DecodeError);
}

TEST_CASE("a market of Morpho asks its oracle for the price", "[morpho_blue][backtest]") {
    const MorphoMarket market(usdc_against_weth());
    const auto calls = market.answer_calls();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].asset == market.answers()[0].asset);
    CHECK(calls[0].contract == market.state().params.oracle);
    CHECK(core::to_hex(calls[0].data) == "0xa035b1fe");  // price()
}

TEST_CASE("an event that does not decode is an error, and names nobody", "[morpho_blue][book]") {
    const AccountEvents events = account_events(config());
    const Log short_of_a_word = log(Borrow::kTopic, {kOwner, kOther}, {kOther, 1});
    CHECK_THROWS_AS(events.accounts_in(short_of_a_word), chains::abi::DecodeError);
}

TEST_CASE("a borrower's row comes back from a book as it went in", "[morpho_blue][book]") {
    State state = usdc_against_weth();
    state.accounts = {account(wei(1), U256(800) * kUsdc), account(wei(2), 0, 5, 0xbb)};
    MorphoMarket market(state);
    CHECK(market.kept_row(0) == std::vector<U256>{U256(800) * kUsdc * 1'000'000, wei(1), 0});
    CHECK(market.kept_row(1).empty());  // no debt
    const margin::Health before = market.health(0);
    const auto row = market.kept_row(0);
    const auto empty = market.without_accounts();
    CHECK(empty->account_count() == 0);
    dynamic_cast<MorphoMarket&>(*empty).add_row(address(0xaa), row);
    CHECK(empty->health(0).health_factor == before.health_factor);
    CHECK(empty->wallet(0) == address(0xaa));
}

TEST_CASE("a row of Morpho that was read whole takes the kept one's place", "[morpho_blue][book]") {
    State read = usdc_against_weth();
    read.pre_liquidations = {{}, {}};
    read.pre_liquidations[1].contract = address(0x77);
    read.accounts = {account(wei(1), U256(800) * kUsdc), account(wei(2), 0, 5, 0xbb)};
    read.accounts[0].pre_liquidations = {1};
    MorphoMarket book(usdc_against_weth());
    book.add_row(address(0xaa), std::vector<U256>{1, 2, 3});
    book.take_row(MorphoMarket(read), 0);
    book.take_row(MorphoMarket(read), 1);  // lends, and is in no book
    const State& state = book.state();
    REQUIRE(state.accounts.size() == 2);
    CHECK(state.accounts[0].borrow_shares == read.accounts[0].borrow_shares);
    CHECK(state.pre_liquidations.at(state.accounts[0].pre_liquidations.at(0)).contract ==
          address(0x77));
    CHECK(state.accounts[1].supply_shares == read.accounts[1].supply_shares);
}

TEST_CASE("the borrow shares of a market's borrowers are compared with its own",
          "[morpho_blue][book]") {
    State state = usdc_against_weth();
    state.accounts = {account(wei(1), U256(400'000) * kUsdc)};
    MorphoMarket market(state);
    // 500,000 are borrowed in all: 100,000e6 units, a share worth 1e-6 of one, are missing.
    const margin::DebtSum sum = market.debt_sums().at(0);
    CHECK(*sum.of_market - sum.of_accounts == U256(100'000) * kUsdc * 1'000'000);
    market.add_row(address(0xbb), std::vector<U256>{U256(100'000) * kUsdc * 1'000'000, 0, 0});
    CHECK(market.debt_sums().at(0).of_accounts == market.debt_sums().at(0).of_market);
}

TEST_CASE("numbers that are no borrower of Morpho are refused", "[morpho_blue][book][errors]") {
    MorphoMarket market(usdc_against_weth());
    const U256 over = U256(1) << 128U;
    for (const std::vector<U256>& row : std::vector<std::vector<U256>>{
             {}, {1, 2}, {1, 2, 3, 4}, {0, 2, 3}, {over, 2, 3}, {1, over, 3}}) {
        CHECK_THROWS_AS(market.add_row(address(0xaa), row), InputError);
    }
    CHECK(market.account_count() == 0);
}
