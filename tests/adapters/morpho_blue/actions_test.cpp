#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "tests/adapters/morpho_blue/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::morpho_blue;
using namespace margrave::test::morpho_blue;
using Catch::Matchers::Contains;
using margin::Action;
using margin::ActionKind;
using margin::ParameterShock;
using margin::Status;

namespace {

const core::Address kWeth = test::address(0xa000);
const core::Address kLoan = test::address(0xa001);

/// One WETH, 800 USDC of debt, 50 USDC lent.
MorphoMarket market_of(State state = usdc_against_weth()) {
    state.accounts.push_back(account(wei(1), U256(800) * kUsdc, U256(50) * kUsdc));
    return MorphoMarket(std::move(state));
}

Action action_of(ActionKind kind, std::optional<U256> amount) {
    Action action;
    action.kind = kind;
    const bool is_collateral =
        kind == ActionKind::SupplyCollateral || kind == ActionKind::WithdrawCollateral;
    action.asset = is_collateral ? kWeth : kLoan;
    action.amount = std::move(amount);
    return action;
}

/// What moved, or the refusal's name.
std::string outcome(margin::Market& market, ActionKind kind, std::optional<U256> amount) {
    const auto done = market.apply(0, action_of(kind, std::move(amount)));
    return done ? core::to_decimal(done->amount) : done.error().reason;
}

std::optional<U256> amount_of(const margin::Market& market, margin::Side side) {
    for (const margin::Leg& leg : market.legs(0)) {
        if (leg.side == side) {
            return leg.amount;
        }
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("supplying mints shares rounded down", "[morpho_blue][actions][rounding]") {
    State state = usdc_against_weth();
    // 3 assets for 1e6 shares: a share costs 4 / 2e6.
    state.totals = {
        .supply_assets = 3, .supply_shares = 1'000'000, .borrow_assets = 0, .borrow_shares = 0};
    state.accounts.push_back(account(0, 0));
    MorphoMarket market(state);
    CHECK(outcome(market, ActionKind::Supply, 7) == "7");
    CHECK(market.state().accounts[0].supply_shares == 3'500'000);  // 7 * 2e6 / 4
    CHECK(market.state().totals.supply_assets == 10);
    CHECK(market.state().totals.supply_shares == 4'500'000);
    CHECK(amount_of(market, margin::Side::Supply) == U256(7));  // 3.5e6 * 11 / 5.5e6
}

TEST_CASE("withdrawing burns shares rounded up; all goes by shares, assets rounded down",
          "[morpho_blue][actions][rounding]") {
    State state = usdc_against_weth();
    state.totals = {
        .supply_assets = 10, .supply_shares = 3'000'000, .borrow_assets = 0, .borrow_shares = 0};
    Account lender = account(0, 0);
    lender.supply_shares = 1'000'000;
    state.accounts.push_back(lender);
    MorphoMarket market(state);
    const auto whole = market.fork();
    CHECK(outcome(*whole, ActionKind::Withdraw, std::nullopt) == "2");  // 1e6 * 11 / 4e6 = 2.75
    CHECK_FALSE(whole->is_active(0));
    CHECK(outcome(market, ActionKind::Withdraw, 1) == "1");
    // 1 * 4e6 / 11 = 363636.36, up
    CHECK(market.state().accounts[0].supply_shares == 636'363);
    CHECK(outcome(market, ActionKind::Withdraw, 2) == "supply_exceeded");
    CHECK(outcome(market, ActionKind::Withdraw, 0) == "zero_amount");
}

TEST_CASE("what is borrowed cannot be withdrawn, to the last unit",
          "[morpho_blue][actions][boundary]") {
    State state = usdc_against_weth();
    state.accounts.push_back(account(0, 0, U256(600'000) * kUsdc));
    MorphoMarket market(state);
    // 1,000,000 are lent and 500,000 borrowed.
    CHECK(outcome(market, ActionKind::Withdraw, U256(500'000) * kUsdc + 1) ==
          "insufficient_liquidity");
    CHECK(outcome(market, ActionKind::Withdraw, U256(500'000) * kUsdc) == "500000000000");
    CHECK(outcome(market, ActionKind::Withdraw, 1) == "insufficient_liquidity");
}

TEST_CASE("borrowing stops where the account would be unhealthy",
          "[morpho_blue][actions][boundary]") {
    MorphoMarket market = market_of();
    // 2000 * 0.8 - 800
    CHECK(outcome(market, ActionKind::Borrow, U256(800) * kUsdc + 1) == "insufficient_collateral");
    CHECK(outcome(market, ActionKind::Borrow, U256(800) * kUsdc) == "800000000");
    CHECK(market.health(0).health_factor == core::Wad(wei(1)));
    CHECK(outcome(market, ActionKind::Borrow, 1) == "insufficient_collateral");
    CHECK(outcome(market, ActionKind::Borrow, std::nullopt) == "amount_needed");
}

TEST_CASE("borrowing stops where nothing is left to lend", "[morpho_blue][actions][boundary]") {
    State state = usdc_against_weth();
    state.accounts.push_back(account(wei(1'000'000), 0));
    MorphoMarket market(state);
    CHECK(outcome(market, ActionKind::Borrow, U256(500'000) * kUsdc + 1) ==
          "insufficient_liquidity");
    CHECK(outcome(market, ActionKind::Borrow, U256(500'000) * kUsdc) == "500000000000");
    CHECK(market.capacities().at(0).liquid == 0);
}

TEST_CASE("repaying burns shares rounded down; all goes by shares, assets rounded up",
          "[morpho_blue][actions][rounding]") {
    State state = usdc_against_weth();
    state.totals.borrow_assets = 10;
    state.totals.borrow_shares = 3'000'000;
    Account debtor = account(wei(1), 0);
    debtor.borrow_shares = 1'000'000;
    state.accounts.push_back(debtor);
    MorphoMarket market(state);
    const auto whole = market.fork();
    CHECK(outcome(*whole, ActionKind::Repay, std::nullopt) == "3");  // 1e6 * 11 / 4e6 = 2.75
    CHECK(whole->health(0).status == Status::NoDebt);
    CHECK(outcome(*whole, ActionKind::Repay, std::nullopt) == "zero_amount");
    CHECK(outcome(market, ActionKind::Repay, 1) == "1");
    CHECK(market.state().accounts[0].borrow_shares == 636'364);  // 363636.36, down
    CHECK(market.state().totals.borrow_assets == 9);
    CHECK(outcome(market, ActionKind::Repay, 2) == "debt_exceeded");
    CHECK(outcome(market, ActionKind::Repay, 0) == "zero_amount");
}

TEST_CASE("repaying one unit more than the market owes leaves it owing nothing",
          "[morpho_blue][actions][rounding]") {
    State state = usdc_against_weth();
    state.totals.borrow_assets = 0;
    state.totals.borrow_shares = 5;
    Account debtor = account(wei(1), 0);
    debtor.borrow_shares = 5;
    state.accounts.push_back(debtor);
    MorphoMarket market(state);
    CHECK(outcome(market, ActionKind::Repay, std::nullopt) == "1");  // ceil(5 * 1 / 1000005)
    CHECK(market.state().totals.borrow_assets == 0);
}

TEST_CASE("collateral is posted without limit and taken back while the account stays healthy",
          "[morpho_blue][actions][boundary]") {
    MorphoMarket market = market_of();
    CHECK(outcome(market, ActionKind::SupplyCollateral, wei(1)) == "1000000000000000000");
    CHECK(market.health(0).collateral == wei(2));
    // 800 of debt need 0.5 WETH at 2000 and 80 %.
    CHECK(outcome(market, ActionKind::WithdrawCollateral, wei(2) / 4 * 3 + 1) ==
          "insufficient_collateral");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, wei(2) / 4 * 3) == "1500000000000000000");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, wei(1)) == "collateral_exceeded");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, std::nullopt) ==
          "insufficient_collateral");
    CHECK(outcome(market, ActionKind::SupplyCollateral, 0) == "zero_amount");
    CHECK(outcome(market, ActionKind::SupplyCollateral, std::nullopt) == "amount_needed");
    CHECK(outcome(market, ActionKind::SupplyCollateral, U256(1) << 128U) == "out_of_range");
    REQUIRE(outcome(market, ActionKind::Repay, std::nullopt) == "800000000");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, std::nullopt) == "500000000000000000");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, std::nullopt) == "zero_amount");
}

TEST_CASE("a broken oracle stops what needs it and nothing else",
          "[morpho_blue][actions][coverage]") {
    State state = usdc_against_weth();
    state.price.reset();
    state.price_trouble = {.detail = "reverted", .kind = core::ErrorKind::NoPrice};
    MorphoMarket market = market_of(state);
    CHECK(outcome(market, ActionKind::Borrow, 1) == "no_price");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, 1) == "no_price");
    CHECK(outcome(market, ActionKind::Supply, 1) == "1");
    CHECK(outcome(market, ActionKind::Withdraw, 1) == "1");
    CHECK(outcome(market, ActionKind::SupplyCollateral, 1) == "1");
    CHECK(outcome(market, ActionKind::Repay, std::nullopt) == "800000000");
    CHECK(outcome(market, ActionKind::WithdrawCollateral, 1) == "1");  // without debt
}

TEST_CASE("an action stores interest first, but posting collateral does not",
          "[morpho_blue][actions][interest]") {
    State state = usdc_against_weth();
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::Quoted;
    state.model.rate = core::wad() / 1'000'000;
    state.fee = core::wad() / 10;
    state.last_update = core::Timestamp(kBlockTime - 1);
    Account recipient = account(0, 0);
    recipient.wallet = state.fee_recipient;
    state.accounts.push_back(account(wei(1), U256(800) * kUsdc));
    state.accounts.push_back(recipient);
    MorphoMarket market(state);
    const auto fee_before = market.legs(1).at(0).amount;
    REQUIRE(outcome(market, ActionKind::SupplyCollateral, 1) == "1");
    CHECK(market.state().last_update == core::Timestamp(kBlockTime - 1));
    REQUIRE(outcome(market, ActionKind::Repay, 1) == "1");
    CHECK(market.state().last_update == core::Timestamp(kBlockTime));
    // 500,000 USDC * 1e-6 are half a USDC.
    CHECK(market.state().totals.supply_assets == U256(1'000'000) * kUsdc + 500'000);
    CHECK(market.state().totals.borrow_assets == U256(500'000) * kUsdc + 500'000 - 1);
    CHECK(market.state().accounts[1].supply_shares > 0);
    CHECK(market.legs(1).at(0).amount == fee_before);
    // From here on the foreign IRM would quote another rate.
    REQUIRE(market.warnings(0).size() == 1);
    CHECK_THAT(market.warnings(0)[0], Contains("assumed"));
}

TEST_CASE("the adaptive curve goes on from where an action left it",
          "[morpho_blue][actions][interest]") {
    State state = usdc_against_weth();
    state.params.irm = test::address(0x1234);
    state.model.kind = RateModel::Kind::AdaptiveCurve;
    state.model.rate_at_target = 1'000'000'000;
    MorphoMarket market = market_of(state);
    market.accrue(core::Timestamp(kBlockTime + 86'400));
    const AdaptiveRate first = adaptive_rate(1'000'000'000, state.totals, 86'400);
    REQUIRE(outcome(market, ActionKind::Supply, 1) == "1");
    CHECK(market.state().model.rate_at_target == first.end_rate_at_target);
    CHECK(market.state().last_update == core::Timestamp(kBlockTime + 86'400));
    CHECK(market.warnings(0).empty());
    // Again in the same block nothing moves.
    REQUIRE(outcome(market, ActionKind::Supply, 1) == "1");
    CHECK(market.state().model.rate_at_target == first.end_rate_at_target);
}

TEST_CASE("a market without a collateral token takes none", "[morpho_blue][actions][refused]") {
    State state = usdc_against_weth();
    state.params.collateral_token = core::Address();
    state.accounts.push_back(account(0, 0, U256(5) * kUsdc));
    MorphoMarket market(state);
    margin::Action post = action_of(ActionKind::SupplyCollateral, U256(1));
    post.asset = core::Address();
    const auto done = market.apply(0, post);
    REQUIRE(!done);
    CHECK(done.error().reason == "unknown_asset");
    // Zero is looked at first, and what is not there cannot be taken back.
    post.amount = 0;
    CHECK(market.apply(0, post).error().reason == "zero_amount");
    post.kind = ActionKind::WithdrawCollateral;
    post.amount = 1;
    CHECK(market.apply(0, post).error().reason == "collateral_exceeded");
    // Lending is all there is.
    CHECK(outcome(market, ActionKind::Supply, 1) == "1");
}

TEST_CASE("actions that Morpho does not have are refused", "[morpho_blue][actions][refused]") {
    MorphoMarket market = market_of();
    CHECK(outcome(market, ActionKind::SetEmode, 1) == "not_modelled");
    CHECK(outcome(market, ActionKind::SetCollateral, 1) == "not_modelled");
    Action other = action_of(ActionKind::Borrow, U256(1));
    other.asset = kWeth;
    CHECK(market.apply(0, other).error().reason == "unknown_asset");
    other = action_of(ActionKind::SupplyCollateral, U256(1));
    other.asset = kLoan;
    CHECK(market.apply(0, other).error().reason == "unknown_asset");
}

TEST_CASE("a shocked borrow rate and LLTV move health as asked", "[morpho_blue][what_if]") {
    MorphoMarket market = market_of();
    const auto shock = [&](ParameterShock::Kind kind, const core::Address& asset,
                           const U256& value) {
        const auto done = market.shock({.kind = kind, .asset = asset, .value = value});
        return done ? std::string() : done.error().reason;
    };
    CHECK(shock(ParameterShock::Kind::LiquidationThreshold, kLoan, 1) == "unknown_asset");
    CHECK(shock(ParameterShock::Kind::LiquidationThreshold, kWeth, 10'001) == "out_of_range");
    CHECK(shock(ParameterShock::Kind::LiquidationThreshold, kWeth, 4000).empty());
    CHECK(market.health(0).health_factor == core::Wad(wei(1)));  // 2000 * 0.4 / 800
    CHECK(market.health(0).liquidation_threshold == core::Bps(4000));
    CHECK(shock(ParameterShock::Kind::Pause, kWeth, 0) == "not_modelled");
    // 31,536,000 seconds at 100 % a year: x = 1 - rounding; 1 + 1 + 1/2 + 1/6
    CHECK(shock(ParameterShock::Kind::BorrowRate, kWeth, 1) == "unknown_asset");
    CHECK(shock(ParameterShock::Kind::BorrowRate, kLoan, core::ray()).empty());
    market.accrue(core::Timestamp(kBlockTime + 31'536'000));
    const double debt = market.health(0).debt->convert_to<double>();
    CHECK(debt == Approx(800e6 * (1 + 1 + 0.5 + 1.0 / 6)).epsilon(1e-9));
    CHECK(market.capacities().at(0).borrow_rate->value().convert_to<double>() ==
          Approx(1e27).epsilon(1e-9));
}

TEST_CASE("calls are the contract's own, for the market's parameters", "[morpho_blue][calls]") {
    State state = usdc_against_weth();
    const ParamsTuple params{state.params.loan_token, state.params.collateral_token,
                             state.params.oracle, state.params.irm, state.params.lltv};
    const MorphoMarket market = market_of(state);
    const core::Address wallet = test::address(0xaa);
    const auto calls = [&](ActionKind kind, std::optional<U256> amount) {
        const auto made = market.calls(0, action_of(kind, std::move(amount)));
        REQUIRE(made);
        CHECK(made->call.to == test::address(0x100));
        CHECK(made->call.value == 0);
        return made.value();
    };
    const U256 ten = U256(10) * kUsdc;
    SECTION("repay") {
        const auto made = calls(ActionKind::Repay, ten);
        CHECK(made.call.data == RepayCall::encode(params, ten, 0, wallet, core::Bytes{}));
        CHECK(core::to_hex(made.call.data).substr(0, 10) == "0x20b76e81");
        REQUIRE(made.approvals.size() == 1);
        CHECK(made.approvals[0].token == kLoan);
        CHECK(made.approvals[0].spender == test::address(0x100));
        CHECK(made.approvals[0].amount == ten);
        CHECK_THAT(made.call.what, Contains("repay 10 USDC"));
    }
    SECTION("repay all, by shares") {
        const auto made = calls(ActionKind::Repay, std::nullopt);
        CHECK(made.call.data ==
              RepayCall::encode(params, 0, U256(800) * kUsdc * 1'000'000, wallet, core::Bytes{}));
        CHECK(made.approvals.at(0).amount == U256(800) * kUsdc);
    }
    SECTION("withdraw all, by shares") {
        const auto made = calls(ActionKind::Withdraw, std::nullopt);
        CHECK(made.call.data ==
              WithdrawCall::encode(params, 0, U256(50) * kUsdc * 1'000'000, wallet, wallet));
        CHECK(made.approvals.empty());
    }
    SECTION("borrow, supply and collateral") {
        CHECK(calls(ActionKind::Borrow, ten).call.data ==
              BorrowCall::encode(params, ten, 0, wallet, wallet));
        CHECK(calls(ActionKind::Supply, ten).call.data ==
              SupplyCall::encode(params, ten, 0, wallet, core::Bytes{}));
        const auto posted = calls(ActionKind::SupplyCollateral, wei(1));
        CHECK(posted.call.data ==
              SupplyCollateralCall::encode(params, wei(1), wallet, core::Bytes{}));
        CHECK(posted.approvals.at(0).token == kWeth);
        CHECK(calls(ActionKind::WithdrawCollateral, wei(1) / 4).call.data ==
              WithdrawCollateralCall::encode(params, wei(1) / 4, wallet, wallet));
    }
    SECTION("not for what the contract would refuse") {
        const auto made = market.calls(0, action_of(ActionKind::WithdrawCollateral, wei(1)));
        REQUIRE_FALSE(made);
        CHECK(made.error().reason == "insufficient_collateral");
    }
}

TEST_CASE("the prepared functions have the selectors of the contract", "[morpho_blue][vectors]") {
    // Of the published ABI, computed with viem.
    CHECK(core::to_hex(SupplyCall::kSelector) == "0xa99aad89");
    CHECK(core::to_hex(WithdrawCall::kSelector) == "0x5c2bea49");
    CHECK(core::to_hex(BorrowCall::kSelector) == "0x50d8cd4b");
    CHECK(core::to_hex(RepayCall::kSelector) == "0x20b76e81");
    CHECK(core::to_hex(SupplyCollateralCall::kSelector) == "0x238d6579");
    CHECK(core::to_hex(WithdrawCollateralCall::kSelector) == "0x8720316d");
}

TEST_CASE("what a market still lends", "[morpho_blue][what_if]") {
    const auto capacities = market_of().capacities();
    REQUIRE(capacities.size() == 1);
    CHECK(capacities[0].asset == kLoan);
    CHECK(capacities[0].supplied == U256(1'000'000) * kUsdc);
    CHECK(capacities[0].borrowed == U256(500'000) * kUsdc);
    CHECK(capacities[0].liquid == U256(500'000) * kUsdc);
    CHECK_FALSE(capacities[0].supply_cap);
    CHECK(capacities[0].borrow_rate == core::Ray(U256(0)));
}
