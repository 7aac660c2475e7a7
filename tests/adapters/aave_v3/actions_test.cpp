#include <catch2/catch.hpp>
#include <string>

#include "adapters/aave_v3/rates.hpp"
#include "core/errors.hpp"
#include "snapshot/archive_json.hpp"
#include "tests/adapters/aave_v3/lending.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using core::U256;
using margin::ActionKind;

namespace {

std::string text_of(const AaveMarket& market) {
    std::string out;
    snapshot::append_json(market.archive(), 0, out);
    return out;
}

const Account& account_of(const AaveMarket& market) { return market.state().accounts.at(0); }

const Balance& balance_of(const AaveMarket& market, unsigned id) {
    for (const Balance& balance : account_of(market).balances) {
        if (balance.reserve_id == id) {
            return balance;
        }
    }
    throw core::InvariantError("the account has no balance there");
}

bool is_collateral(const AaveMarket& market, unsigned id) {
    return account_of(market).configuration.is_collateral(id);
}
bool is_borrowing(const AaveMarket& market, unsigned id) {
    return account_of(market).configuration.is_borrowing(id);
}

/// An index at which one share is one and a half units.
void raise_indexes(State& state, unsigned id) {
    state.reserves.at(id).liquidity_index = core::ray() * 3 / 2;
    state.reserves.at(id).borrow_index = core::ray() * 3 / 2;
}

std::string every_revision() {
    return GENERATE("3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7");
}
std::string isolating_revision() {
    return GENERATE("3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6");
}

using Shock = margin::ParameterShock::Kind;

margin::ParameterShock shock_of(Shock kind, std::optional<core::Address> asset = std::nullopt,
                                U256 value = 0) {
    margin::ParameterShock out;
    out.kind = kind;
    out.asset = asset;
    out.value = std::move(value);
    return out;
}

/// 10 WETH (20,000 dollars, LTV 75 %, threshold 80 %), no debt.
AccountBuilder ten_weth() { return AccountBuilder().collateral(kWeth, weth(10)); }

}  // namespace

// ------------------------------------------------------------------------------------------ supply

TEST_CASE("a first supply becomes collateral by itself, a later one leaves the flag",
          "[aave_v3][actions]") {
    auto market = market_with(lending_pool(every_revision()), AccountBuilder());
    REQUIRE(refusal_of(market, act(ActionKind::Supply, kWeth, weth(1))).empty());
    CHECK(is_collateral(market, kWeth));
    CHECK(market.state().reserves.at(kWeth).totals->scaled_supply == weth(1'001));
    CHECK(free_liquidity(market.state().reserves.at(kWeth)) == weth(1'001));
    REQUIRE(refusal_of(market, flag(kWeth, false)).empty());
    REQUIRE(refusal_of(market, act(ActionKind::Supply, kWeth, weth(1))).empty());
    CHECK_FALSE(is_collateral(market, kWeth));
}

TEST_CASE("an asset of LTV 0 or with a debt ceiling does not become collateral by itself",
          "[aave_v3][actions]") {
    State state = lending_pool(isolating_revision());
    const bool by_ltv = GENERATE(true, false);
    state.reserves[kWeth].configuration =
        by_ltv ? listed({.ltv = 0, .threshold = 8000}) : listed({.ltv = 7500, .debt_ceiling = 100});
    auto market = market_with(state, AccountBuilder());
    REQUIRE(refusal_of(market, act(ActionKind::Supply, kWeth, weth(1))).empty());
    CHECK_FALSE(is_collateral(market, kWeth));
}

TEST_CASE("shares of a supply are rounded half-up until 3.4, then down",
          "[aave_v3][actions][rounding]") {
    State state = lending_pool(GENERATE("3.4", "3.5"));
    raise_indexes(state, kWeth);
    auto market = market_with(state, AccountBuilder());
    const bool is_old = state.behaviour->name == "3.4";
    // 1 / 1.5 = 0.67: one share, or none, which is refused
    CHECK(refusal_of(market, act(ActionKind::Supply, kWeth, U256(1))) ==
          (is_old ? "" : "invalid_amount"));
    // 4 / 1.5 = 2.67
    auto other = market_with(state, AccountBuilder());
    REQUIRE(refusal_of(other, act(ActionKind::Supply, kWeth, U256(4))).empty());
    CHECK(balance_of(other, kWeth).scaled_supply == (is_old ? 3 : 2));
}

TEST_CASE("the supply cap counts what the treasury is owed, to the unit", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    // 2000 WETH may be there; 1000 are, and 10 are the treasury's.
    state.reserves[kWeth].configuration =
        listed({.ltv = 7500, .threshold = 8000, .supply_cap = 2'000});
    state.reserves[kWeth].accrued_to_treasury = weth(10);
    auto market = market_with(state, AccountBuilder());
    CHECK(refusal_of(market, act(ActionKind::Supply, kWeth, weth(990) + 1)) ==
          "supply_cap_exceeded");
    CHECK(refusal_of(market, act(ActionKind::Supply, kWeth, weth(990))).empty());
}

TEST_CASE("what is closed refuses in the contract's order: inactive, paused, frozen",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    auto supply_to = [&](const Listing& terms) {
        state.reserves[kWeth].configuration = listed(terms);
        auto market = market_with(state, ten_weth());
        return refusal_of(market, act(ActionKind::Supply, kWeth, weth(1)));
    };
    CHECK(supply_to({.active = false, .frozen = true, .paused = true}) == "reserve_inactive");
    CHECK(supply_to({.frozen = true, .paused = true}) == "paused");
    CHECK(supply_to({.frozen = true}) == "frozen");
    // Frozen stops supplies and borrows alone.
    state.reserves[kWeth].configuration = listed({.ltv = 7500, .threshold = 8000, .frozen = true});
    auto frozen = market_with(state, ten_weth());
    CHECK(refusal_of(frozen, act(ActionKind::Borrow, kWeth, weth(1))) == "frozen");
    CHECK(refusal_of(frozen, act(ActionKind::Withdraw, kWeth, weth(1))).empty());
}

// ---------------------------------------------------------------------------------------- withdraw

TEST_CASE("a withdrawal of everything clears the flag and takes what has grown",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kWeth].liquidity_index = core::ray() * 3 / 2;
    auto market = market_with(state, ten_weth());
    const auto done = market.apply(0, act(ActionKind::Withdraw, kWeth));
    REQUIRE(done);
    CHECK(done->amount == weth(15));
    CHECK(balance_of(market, kWeth).scaled_supply == 0);
    CHECK_FALSE(is_collateral(market, kWeth));
}

TEST_CASE("more than one's own, or more than is there, cannot be withdrawn", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    fill_reserve(state, kWeth, 1'000, 995);
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(10) + 1)) ==
          "not_enough_balance");
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(5) + 1)) ==
          "insufficient_liquidity");
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(5))).empty());
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kUsdc)) == "invalid_amount");
}

TEST_CASE("a withdrawal may go down to health 1 and not below", "[aave_v3][actions]") {
    // 8000 dollars of debt need 10,000 of WETH at 80 %: five of ten may leave.
    auto market = market_with(lending_pool(every_revision()), weth_against_usdc());
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(5) + core::pow10(8))) ==
          "health_factor_too_low");
    REQUIRE(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(5))).empty());
    CHECK(market.health(0).health_factor->value() == core::wad());
}

TEST_CASE("while an asset of LTV 0 is collateral only such assets may leave",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kDai].configuration = listed({.ltv = 0, .threshold = 7500});
    const AccountBuilder account = weth_against_usdc().collateral(kDai, dai(100));
    auto market = market_with(state, account);
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(1))) == "ltv_validation_failed");
    CHECK(refusal_of(market, flag(kWeth, false)) == "health_factor_too_low");
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kDai, dai(50))).empty());
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kDai)).empty());
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth, weth(1))).empty());
}

// ------------------------------------------------------------------------------------------ borrow

TEST_CASE("a borrow may use the LTV up and not a unit more", "[aave_v3][actions]") {
    // 20,000 dollars at 75 %: 15,000 of DAI, whose least unit is worth less than the oracle's: a
    // hundred millionth of a dollar is 1e10 of it.
    auto market = market_with(lending_pool(every_revision()), ten_weth());
    const U256 step = core::pow10(10);
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(15'000) + step)) ==
          "collateral_cannot_cover_new_borrow");
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kDai, dai(15'000))).empty());
    CHECK(is_borrowing(market, kDai));
    CHECK(market.state().reserves.at(kDai).totals->scaled_debt == dai(15'000));
    CHECK(free_liquidity(market.state().reserves.at(kDai)) == dai(985'000));
}

TEST_CASE("a borrow updates the rate at once", "[aave_v3][actions][rates]") {
    State state = lending_pool(every_revision());
    fill_reserve(state, kDai, 20'000);
    auto market = market_with(state, ten_weth());
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kDai, dai(8'000))).empty());
    // 40 % of use: 1 % + 7 % / 2; lenders 4.5 % * 0.4 * 0.9 = 1.62 %
    CHECK(market.state().reserves.at(kDai).borrow_rate == 450 * kRayPerBps);
    CHECK(market.state().reserves.at(kDai).liquidity_rate == 162 * kRayPerBps);
}

TEST_CASE("a borrow may end at health 1, and from there not a unit more is lent",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    // LTV is the threshold, so that health decides: 20,000 dollars at 80 % carry 16,000.
    state.reserves[kWeth].configuration = listed({.ltv = 8000, .threshold = 8000});
    fill_reserve(state, kUsdc, 1'000'000, 16'000);
    auto market = market_with(state, ten_weth().debt(kUsdc, usdc(15'000)));
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kUsdc, usdc(1'000))).empty());
    CHECK(market.health(0).health_factor->value() == core::wad());
    // Until 3.4 health before must be more than 1. Since 3.5 health after must be 1, and a value
    // of 0.1 of the oracle's least unit counts as one.
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, core::pow10(9))) ==
          "health_factor_too_low");
}

TEST_CASE("an account without collateral is refused by the name of its generation",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    auto market = market_with(state, AccountBuilder().supply(kWeth, weth(10)));
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))) ==
          (state.behaviour->rounds_against_user ? "ltv_validation_failed"
                                                : "collateral_balance_is_zero"));
}

TEST_CASE("shares of a borrow are rounded half-up until 3.4, then up",
          "[aave_v3][actions][rounding]") {
    State state = lending_pool(GENERATE("3.4", "3.5"));
    raise_indexes(state, kDai);
    auto market = market_with(state, ten_weth());
    // 2 / 1.5 = 1.33
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kDai, U256(2))).empty());
    CHECK(balance_of(market, kDai).scaled_debt == (state.behaviour->name == "3.4" ? 1 : 2));
}

TEST_CASE("the borrow cap holds to the unit", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kDai].configuration = listed({.borrow_cap = 5'000});
    fill_reserve(state, kDai, 1'000'000, 4'000);
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1'000) + 1)) ==
          "borrow_cap_exceeded");
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1'000))).empty());
}

TEST_CASE("nobody borrows what is not there; since 3.1 more than all supplies is another refusal",
          "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    fill_reserve(state, kDai, 10'000, 9'000);
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1'000) + 1)) ==
          "insufficient_liquidity");
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(10'001))) ==
          (state.behaviour->name == "3.0" ? "insufficient_liquidity" : "invalid_amount"));
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1'000))).empty());
}

TEST_CASE("a sentinel that says no stops borrowing until 3.6", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.borrow_allowed = false;
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))) ==
          (state.behaviour->name == "3.7" ? "" : "price_oracle_sentinel"));
}

TEST_CASE("a reserve that lends nothing refuses", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kDai].configuration = listed({.borrowing = false});
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))) == "borrowing_not_enabled");
}

TEST_CASE("a siloed asset is borrowed alone, until 3.6", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    const std::string refusal = state.behaviour->name == "3.7" ? "" : "siloed_borrowing_violation";
    state.reserves[kDai].configuration = listed({.siloed = true});
    fill_reserve(state, kDai, 1'000'000, 100);
    fill_reserve(state, kUsdc, 1'000'000, 100);
    auto owes_silo = market_with(state, ten_weth().debt(kDai, dai(100)));
    CHECK(refusal_of(owes_silo, act(ActionKind::Borrow, kDai, dai(1))).empty());
    CHECK(refusal_of(owes_silo, act(ActionKind::Borrow, kUsdc, usdc(1))) == refusal);
    auto owes_other = market_with(state, ten_weth().debt(kUsdc, usdc(100)));
    CHECK(refusal_of(owes_other, act(ActionKind::Borrow, kDai, dai(1))) == refusal);
}

TEST_CASE("isolated collateral borrows what is allowed, up to its ceiling; repaying makes room",
          "[aave_v3][actions]") {
    State state = lending_pool(isolating_revision());
    // A ceiling of 5000.00 dollars, of which 4000.00 are used.
    state.reserves[kWeth].configuration =
        listed({.ltv = 7500, .threshold = 8000, .debt_ceiling = 500'000});
    state.reserves[kWeth].isolation_mode_total_debt = 400'000;
    state.reserves[kDai].configuration = listed({.in_isolation = true});
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kUsdc, usdc(1))) ==
          "asset_not_borrowable_in_isolation");
    const U256 cent = core::pow10(16);
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1'000) + cent)) ==
          "debt_ceiling_exceeded");
    // Less than a cent more does not count.
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kDai, U256(dai(1'000) + cent - 1))).empty());
    CHECK(market.state().reserves.at(kWeth).isolation_mode_total_debt == 500'000);
    REQUIRE(refusal_of(market, act(ActionKind::Repay, kDai, dai(400))).empty());
    CHECK(market.state().reserves.at(kWeth).isolation_mode_total_debt == 460'000);
}

TEST_CASE("3.7 knows no isolation mode", "[aave_v3][actions]") {
    State state = lending_pool("3.7");
    state.reserves[kWeth].configuration =
        listed({.ltv = 7500, .threshold = 8000, .debt_ceiling = 1});
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kUsdc, usdc(100))).empty());
    CHECK(market.state().reserves.at(kWeth).isolation_mode_total_debt == 0);
}

// ------------------------------------------------------------------------------------------- repay

TEST_CASE("a full repayment pays what has grown and clears the flag", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    state.reserves[kUsdc].borrow_index = core::ray() * 5 / 4;
    auto market = market_with(state, weth_against_usdc());
    // 8000 * 1.25; any more than that is not taken
    const auto done =
        market.apply(0, act(ActionKind::Repay, kUsdc,
                            GENERATE(std::optional<U256>(), std::optional<U256>(usdc(20'000)))));
    REQUIRE(done);
    CHECK(done->amount == usdc(10'000));
    CHECK_FALSE(is_borrowing(market, kUsdc));
    CHECK(market.state().reserves.at(kUsdc).totals->scaled_debt == 0);
    CHECK(market.health(0).status == margin::Status::NoDebt);
    CHECK(refusal_of(market, act(ActionKind::Repay, kUsdc)) == "no_debt");
}

TEST_CASE("shares of a repayment are rounded half-up until 3.4, then down",
          "[aave_v3][actions][rounding]") {
    State state = lending_pool(GENERATE("3.4", "3.5"));
    fill_reserve(state, kDai, 1'000, 10);
    raise_indexes(state, kDai);
    auto market = market_with(state, ten_weth().debt(kDai, U256(10)));
    // 4 / 1.5 = 2.67
    REQUIRE(refusal_of(market, act(ActionKind::Repay, kDai, U256(4))).empty());
    CHECK(balance_of(market, kDai).scaled_debt == (state.behaviour->name == "3.4" ? 7 : 8));
}

TEST_CASE("stable debt keeps the borrow flag when the variable one is paid", "[aave_v3][actions]") {
    State state = lending_pool("3.0");
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    AccountBuilder account = weth_against_usdc();
    account.at(kUsdc).stable_debt =
        StableDebt{.principal = usdc(10), .rate = 0, .last_update = core::Timestamp(kBlockTime)};
    auto market = market_with(state, account);
    REQUIRE(refusal_of(market, act(ActionKind::Repay, kUsdc)).empty());
    CHECK(is_borrowing(market, kUsdc));
    CHECK(market.health(0).debt == 10 * kDollar);
}

// --------------------------------------------------------------------------- collateral and e-mode

TEST_CASE("a collateral flag needs a supply, an LTV and no isolation beside it",
          "[aave_v3][actions]") {
    State state = lending_pool(isolating_revision());
    state.reserves[kDai].configuration = listed({.ltv = 0, .threshold = 7500});
    state.reserves[kUsdc].configuration =
        listed({.ltv = 8000, .threshold = 8500, .decimals = 6, .debt_ceiling = 100});
    auto market = market_with(state, ten_weth().supply(kUsdc, usdc(1)).supply(kDai, dai(1)));
    CHECK(refusal_of(market, flag(kDai, true)) == "isolation_or_zero_ltv");
    CHECK(refusal_of(market, flag(kUsdc, true)) == "isolation_or_zero_ltv");
    CHECK(refusal_of(market, flag(kWeth, true)).empty());  // it is on: nothing to do
    REQUIRE(refusal_of(market, flag(kWeth, false)).empty());
    CHECK(refusal_of(market, flag(kUsdc, true)).empty());
    CHECK(refusal_of(market, flag(kWeth, true)) == "isolation_or_zero_ltv");
    REQUIRE(refusal_of(market, act(ActionKind::Withdraw, kWeth)).empty());
    CHECK(refusal_of(market, flag(kWeth, true)) == "no_supply");
}

namespace {

/// Category 1: WETH and USDC, LTV 90 %, threshold 93 %; category 2: DAI.
State pool_of_emodes(const std::string& revision) {
    State state = lending_pool(revision);
    for (const std::uint64_t id : {1U, 2U}) {
        EmodeCategory category;
        category.id = id;
        category.ltv_bps = 9000;
        category.liquidation_threshold_bps = 9300;
        state.emodes[id] = category;
    }
    state.emodes[1].collateral.set(kWeth).set(kUsdc);
    state.emodes[1].borrowable.set(kWeth).set(kUsdc);
    state.emodes[2].collateral.set(kDai);
    state.emodes[2].borrowable.set(kDai);
    state.reserves[kWeth].configuration = listed({.ltv = 7500, .threshold = 8000, .emode = 1});
    state.reserves[kUsdc].configuration =
        listed({.ltv = 8000, .threshold = 8500, .decimals = 6, .emode = 1});
    state.reserves[kDai].configuration = listed({.ltv = 7000, .threshold = 7500, .emode = 2});
    return state;
}

}  // namespace

TEST_CASE("an e-mode is entered only with debts it knows, and lends only its own assets",
          "[aave_v3][actions][emode]") {
    State state = pool_of_emodes(every_revision());
    const bool is_bitmap = state.behaviour->emode != EmodeKind::OnePerAsset;
    const bool is_own_terms = state.behaviour->emode == EmodeKind::OwnTerms;
    INFO(std::string(state.behaviour->name));
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    auto market = market_with(state, weth_against_usdc());
    CHECK(refusal_of(market, enter_emode(2)) == (is_own_terms ? "debt_not_allowed_in_emode"
                                                 : is_bitmap  ? "not_borrowable_in_emode"
                                                              : "inconsistent_emode_category"));
    REQUIRE(refusal_of(market, enter_emode(1)).empty());
    CHECK(market.emode_category(0) == 1);
    CHECK(market.health(0).liquidation_threshold == core::Bps(9300));
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))) ==
          (is_bitmap ? "not_borrowable_in_emode" : "inconsistent_emode_category"));
    CHECK(refusal_of(market, act(ActionKind::Borrow, kUsdc, usdc(1))).empty());
    CHECK(refusal_of(market, enter_emode(7)) == "emode_not_read");
}

TEST_CASE("an e-mode that was asked for and is not there is refused as the contract does",
          "[aave_v3][actions][emode]") {
    State state = pool_of_emodes(every_revision());
    state.emodes_asked = 7;
    state.unread_emodes[5] = "getEModeCategoryBorrowableBitmap reverted";
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, enter_emode(7)) == "inconsistent_emode_category");
    CHECK(refusal_of(market, enter_emode(8)) == "emode_not_read");
    const auto unread = market.apply(0, enter_emode(5));
    REQUIRE_FALSE(unread);
    CHECK(unread.error().reason == "emode_not_read");
    CHECK(unread.error().detail == "getEModeCategoryBorrowableBitmap reverted");
    const State restored = restore_state(market.archive());
    CHECK(restored.emodes_asked == 7);
    CHECK(restored.unread_emodes == market.state().unread_emodes);
}

TEST_CASE("an e-mode is not left while health needs it", "[aave_v3][actions][emode]") {
    State state = pool_of_emodes(every_revision());
    fill_reserve(state, kUsdc, 1'000'000, 17'000);
    // 20,000 dollars carry 18,600 in it and 16,000 outside.
    auto market = market_with(state, ten_weth().debt(kUsdc, usdc(17'000)).emode(1));
    CHECK(refusal_of(market, enter_emode(0)) == "health_factor_too_low");
    REQUIRE(refusal_of(market, act(ActionKind::Repay, kUsdc, usdc(1'000))).empty());
    CHECK(refusal_of(market, enter_emode(0)).empty());
    CHECK_FALSE(market.emode_category(0));
}

TEST_CASE("entering an e-mode whose threshold is too low is checked since 3.2 only",
          "[aave_v3][actions][emode]") {
    State state = pool_of_emodes(GENERATE("3.0", "3.1", "3.2", "3.5"));
    state.emodes[1].liquidation_threshold_bps = 3000;
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    auto market = market_with(state, weth_against_usdc());
    CHECK(refusal_of(market, enter_emode(1)) ==
          (state.behaviour->emode == EmodeKind::OnePerAsset ? "" : "health_factor_too_low"));
}

TEST_CASE("since 3.6 an e-mode that is left must leave nothing it alone allowed",
          "[aave_v3][actions][emode]") {
    State state = pool_of_emodes(GENERATE("3.5", "3.6", "3.7"));
    const bool is_own_terms = state.behaviour->emode == EmodeKind::OwnTerms;
    fill_reserve(state, kUsdc, 1'000'000, 100);
    SECTION("a debt in what is not lent outside") {
        state.reserves[kUsdc].configuration =
            listed({.ltv = 8000, .threshold = 8500, .decimals = 6, .borrowing = false});
        auto market = market_with(state, ten_weth().debt(kUsdc, usdc(100)).emode(1));
        CHECK(refusal_of(market, enter_emode(0)) ==
              (is_own_terms ? "debt_not_allowed_in_emode" : ""));
        // Inside it the bitmap alone decides.
        CHECK(refusal_of(market, act(ActionKind::Borrow, kUsdc, usdc(1))) ==
              (is_own_terms ? "" : "borrowing_not_enabled"));
    }
    SECTION("a collateral without an LTV outside") {
        state.reserves[kWeth].configuration = listed({.ltv = 0, .threshold = 8000});
        auto market = market_with(state, ten_weth().debt(kUsdc, usdc(100)).emode(1));
        CHECK(refusal_of(market, enter_emode(0)) ==
              (is_own_terms ? "collateral_not_allowed_in_emode" : ""));
    }
}

// -------------------------------------------------------------------------------------------- edge

TEST_CASE("a refused call changes nothing, however late it is refused", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kWeth].configuration =
        listed({.ltv = 7500, .threshold = 8000, .debt_ceiling = 500'000});
    state.reserves[kDai].configuration = listed({.in_isolation = true});
    fill_reserve(state, kDai, 100, 0);
    state.reserves[kDai].liquidity_rate = 100 * kRayPerBps;
    auto market = market_with(state, ten_weth());
    market.accrue(core::Timestamp(kBlockTime + 1'000));
    const std::string before = text_of(market);
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(101))) != "");
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(100) + 1)) != "");
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kDai)) == "invalid_amount");
    CHECK(refusal_of(market, act(ActionKind::Repay, kDai)) == "no_debt");
    CHECK(text_of(market) == before);
    REQUIRE(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))).empty());
    CHECK(text_of(market) != before);
}

TEST_CASE("impossible actions are refused in one word", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Supply, 99, weth(1))) == "unknown_asset");
    CHECK(refusal_of(market, act(ActionKind::Supply, kWeth, core::max_u256())) == "out_of_range");
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai)) == "invalid_amount");
    CHECK(refusal_of(market, act(ActionKind::SupplyCollateral, kWeth, weth(1))) == "not_modelled");

    state.reserves[kWeth].totals.reset();
    auto unread = market_with(state, ten_weth());
    CHECK(refusal_of(unread, act(ActionKind::Supply, kWeth, weth(1))) == "not_read");

    Account troubled = ten_weth().build();
    troubled.trouble = "a balance timed out";
    State partly = lending_pool("3.6");
    partly.accounts.push_back(troubled);
    AaveMarket market_of_trouble(partly);
    CHECK(refusal_of(market_of_trouble, act(ActionKind::Repay, kWeth)) == "not_read");
}

TEST_CASE("without a price nothing is borrowed against the asset", "[aave_v3][actions]") {
    State state = lending_pool(every_revision());
    state.reserves[kWeth].price.reset();
    auto market = market_with(state, ten_weth());
    CHECK(refusal_of(market, act(ActionKind::Borrow, kDai, dai(1))) == "health_unknown");
    CHECK(refusal_of(market, act(ActionKind::Withdraw, kWeth)).empty());
}

// ------------------------------------------------------------------------- shocks and capacities

TEST_CASE("a shocked borrow rate holds from now on, through later changes", "[aave_v3][shock]") {
    State state = lending_pool(every_revision());
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    auto market = market_with(state, weth_against_usdc());
    const U256 rate = 2'000 * kRayPerBps;
    REQUIRE(market.shock(shock_of(Shock::BorrowRate, asset(kUsdc), rate)));
    CHECK(market.state().reserves.at(kUsdc).borrow_rate == rate);
    REQUIRE(refusal_of(market, act(ActionKind::Repay, kUsdc, usdc(4'000))).empty());
    CHECK(market.state().reserves.at(kUsdc).borrow_rate == rate);
    // Lenders, of whose million 4000 are owed: 20 % * 0.004 * 0.9 = 7.2 basis points
    CHECK(market.state().reserves.at(kUsdc).liquidity_rate * 10 == 72 * kRayPerBps);
    market.accrue(core::Timestamp(kBlockTime + 31'536'000));
    // 4000 * e^0.2 to three terms is 4885.3…, of either series
    CHECK(market.health(0).debt > 4'885 * kDollar);
    CHECK(market.health(0).debt < 4'886 * kDollar);
}

TEST_CASE("a shocked threshold is the asset's own, inside an e-mode too", "[aave_v3][shock]") {
    State state = pool_of_emodes(every_revision());
    fill_reserve(state, kUsdc, 1'000'000, 8'000);
    auto market = market_with(
        state, weth_against_usdc().emode(GENERATE(0U, 1U)).collateral(kUsdc, usdc(10'000)));
    REQUIRE(market.shock(shock_of(Shock::LiquidationThreshold, asset(kWeth), 5'000)));
    // 20,000 at 50 % and 10,000 at 85 % or, in the e-mode, 93 %: 18,500 or 19,300 of 30,000
    const bool is_in_emode = market.emode_category(0).has_value();
    CHECK(market.health(0).liquidation_threshold == core::Bps(is_in_emode ? 6433 : 6166));
    const auto fork = market.fork();
    CHECK(fork->health(0).liquidation_threshold == market.health(0).liquidation_threshold);
    CHECK(market
              .shock({.kind = margin::ParameterShock::Kind::LiquidationThreshold,
                      .asset = asset(kWeth),
                      .value = 10'001})
              .error()
              .reason == "out_of_range");
}

TEST_CASE("a pause of one asset stops that one, of the market all", "[aave_v3][shock]") {
    auto market = market_with(lending_pool(every_revision()), ten_weth());
    REQUIRE(market.shock(shock_of(Shock::Pause, asset(kWeth))));
    CHECK(refusal_of(market, act(ActionKind::Supply, kWeth, weth(1))) == "paused");
    CHECK(refusal_of(market, act(ActionKind::Supply, kDai, dai(1))).empty());
    REQUIRE(market.shock(shock_of(Shock::Pause)));
    CHECK(refusal_of(market, act(ActionKind::Supply, kDai, dai(1))) == "paused");
    CHECK(market.shock(shock_of(Shock::Pause, asset(9))).error().reason == "unknown_asset");
}

TEST_CASE("capacities tell what is there, owed and allowed", "[aave_v3][capacities]") {
    State state = lending_pool(every_revision());
    state.reserves[kDai].configuration = listed({.borrow_cap = 500, .supply_cap = 2'000});
    fill_reserve(state, kDai, 1'000, 400);
    state.reserves[kDai].borrow_index = core::ray() * 5 / 4;
    state.reserves[kDai].liquidity_index = core::ray() * 9 / 8;
    state.reserves[kDai].accrued_to_treasury = dai(8);
    state.reserves[kWeth].totals.reset();
    const auto market = market_with(state, ten_weth());
    const auto all = market.capacities();
    REQUIRE(all.size() == 2);  // WETH was not read
    const margin::AssetCapacity& dai_now = all.back();
    CHECK(dai_now.symbol == "DAI");
    CHECK(dai_now.supplied == dai(1'134));  // (1000 + 8) * 1.125
    CHECK(dai_now.borrowed == dai(500));    // 400 * 1.25
    CHECK(dai_now.liquid == dai(600));
    CHECK(dai_now.supply_cap == dai(2'000));
    CHECK(dai_now.borrow_cap == dai(500));
    CHECK_FALSE(all.front().supply_cap);
}
