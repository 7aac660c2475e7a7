#include <catch2/catch.hpp>

#include "tests/src/risk/rescue_examples.hpp"

// What the wallet's other accounts can spare. The account that is low needs 2200 USDC.
namespace margrave::risk {
namespace {

RescueOptions without_help() {
    RescueOptions out = options();
    out.idle_only = true;
    return out;
}

/// A pool in which USDC is collateral at a threshold of 80 %, with 10000 of it against so much DAI.
LendingMarket saver(std::uint64_t dai, const core::Address& wallet = kWallet,
                    const std::string& name = "saver") {
    LendingMarket out = pool(name);
    out.assets[kUsdc].threshold_bps = 8000;
    out.add(wallet, {{kUsdc, collateral(usdc(10'000))}, {kDai, debt(usdc(dai))}});
    return out;
}

AccountRescue rescue_beside(LendingMarket other, std::vector<snapshot::Holding> holdings = {}) {
    // The snapshot outlives what is asked of it.
    static std::vector<std::unique_ptr<snapshot::Snapshot>> kept;
    kept.push_back(std::make_unique<snapshot::Snapshot>(
        snapshot_of({with_account(pool(), low_account()), std::move(other)}, std::move(holdings))));
    return rescue(*kept.back(), without_help());
}

TEST_CASE("what another account can spare is withdrawn and repaid, to the unit",
          "[rescue][donor]") {
    // 8000 weighted against 4000: health 2. At 1.25 6250 USDC suffice, so 3750 are spare.
    const auto found = rescue_beside(saver(4'000));
    REQUIRE(found.verdict == RescueVerdict::Planned);
    const RescuePlan& plan = found.plans.front();
    REQUIRE(plan.steps.size() == 2);
    const RescueStep& withdrawal = plan.steps[0];
    REQUIRE(withdrawal.elsewhere);
    CHECK(withdrawal.elsewhere->market->name().name == "saver");
    CHECK(withdrawal.action->kind == margin::ActionKind::Withdraw);
    CHECK(withdrawal.action->amount == usdc(2'200));
    CHECK(withdrawal.after.health_factor == test::wad("1560000000000000000"));  // 6240 / 4000
    CHECK(withdrawal.call);
    const RescueStep& repayment = plan.steps[1];
    CHECK(!repayment.elsewhere);
    CHECK(repayment.action->amount == usdc(2'200));
    REQUIRE(repayment.portions.size() == 1);
    CHECK(repayment.portions[0].from == Funds::Account);
    CHECK(repayment.after.health_factor == test::wad("1250000000000000000"));
    CHECK(plan.transactions == 3);  // withdraw, approve, repay
    CHECK(plan.cost() == test::dollars(15));
    CHECK(!plan.uses_outside);
    CHECK(plan.spent.empty());
    REQUIRE(plan.moved.size() == 1);
}

TEST_CASE("an account spares nothing below its own target", "[rescue][donor]") {
    // 7500 of weighted collateral, 9375 USDC, must stay against 6000: 625 are spare, the wallet has
    // the other 1575.
    const auto enough = rescue_beside(saver(6'000), {holding(kUsdc, "USDC", 6, usdc(1'575))});
    REQUIRE(enough.verdict == RescueVerdict::Planned);
    REQUIRE(enough.plans.front().moved.size() == 1);
    CHECK(enough.plans.front().moved[0].action.amount == usdc(625));
    CHECK(enough.plans.front().steps[0].after.health_factor == test::wad("1250000000000000000"));

    CHECK(enough.plans.front().steps.size() == 2);
    // With a unit less something must be sold besides.
    const auto lacking = rescue_beside(saver(6'000), {holding(kUsdc, "USDC", 6, usdc(1'575) - 1)});
    REQUIRE(lacking.verdict == RescueVerdict::Planned);
    CHECK(lacking.plans.front().steps.size() > 2);
    // 8000 / 6400 is the target itself: nothing to spare at all.
    CHECK(rescue_beside(saver(6'400)).plans.size() == rescue_beside(saver(7'000)).plans.size());
}

TEST_CASE("interest until the end of the validity counts for the sparing account too",
          "[rescue][donor]") {
    auto other = saver(4'000);
    other.assets[kDai].debt_growth = core::wad() / 36'000;  // a tenth in 3600 seconds
    auto asked = without_help();
    asked.valid_for_s = 3600;
    // 4400 owed at the end need 6875 USDC: 3125 are spare. The wallet lacks 2200.
    const auto snapshot = snapshot_of({with_account(pool(), low_account()), std::move(other)}, {});
    const auto found = rescue(snapshot, asked);
    REQUIRE(found.verdict == RescueVerdict::Planned);
    CHECK(found.plans.front().moved.at(0).action.amount == usdc(2'200));

    auto poorer = saver(4'000);
    poorer.assets[kDai].debt_growth = core::wad() / 7'200;  // half: 6000 at the end, 625 are spare
    const auto tight = snapshot_of({with_account(pool(), low_account()), std::move(poorer)},
                                   {holding(kUsdc, "USDC", 6, usdc(1'575))});
    const auto both = rescue(tight, asked);
    REQUIRE(both.verdict == RescueVerdict::Planned);
    CHECK(both.plans.front().moved.at(0).action.amount == usdc(625));
}

TEST_CASE("another wallet's account, another chain's or an unknown one spares nothing",
          "[rescue][donor]") {
    const auto alone = rescue_beside(pool("empty"));
    CHECK(rescue_beside(saver(4'000, numbered(2))).plans.size() == alone.plans.size());
    auto unknown = saver(4'000);
    unknown.unpriced.insert(kDai);
    CHECK(rescue_beside(unknown).plans.size() == alone.plans.size());
}

TEST_CASE("what the account itself lends is withdrawn and repaid", "[rescue][donor]") {
    auto row = low_account();
    row[kUsdc].supply = usdc(3'000);
    const auto snapshot = snapshot_of({with_account(pool(), row)}, {});
    const auto found = rescue(snapshot, without_help());
    REQUIRE(found.verdict == RescueVerdict::Planned);
    const RescuePlan& plan = found.plans.front();
    REQUIRE(plan.steps.size() == 2);
    CHECK(plan.steps[0].elsewhere->market == snapshot.markets[0].get());
    CHECK(plan.steps[0].action->amount == usdc(2'200));
    CHECK(plan.steps[1].after.health_factor == test::wad("1250000000000000000"));
}

TEST_CASE("what is withdrawn may be swapped first", "[rescue][donor]") {
    auto other = pool("saver");
    other.add(kWallet, {{kDai, {.collateral = 0, .supply = usdc(5'000), .debt = 0}}});
    const auto found = rescue_beside(std::move(other));
    REQUIRE(found.verdict == RescueVerdict::Planned);
    const RescuePlan& plan = found.plans.front();
    REQUIRE(plan.steps.size() == 3);
    // 2200 USDC and 1 % of it.
    CHECK(plan.steps[0].action->amount == usdc(2'222));
    CHECK(plan.steps[1].sold->amount == usdc(2'222));
    CHECK(plan.steps[2].action->amount == usdc(2'200));
    // Withdraw; approve, swap; approve, repay.
    CHECK(plan.transactions == 5);
}

TEST_CASE("two accounts do not take the same surplus", "[rescue][donor]") {
    // 3750 are spare; each needs 2200.
    const auto snapshot = snapshot_of({with_account(pool("one"), low_account()),
                                       with_account(pool("two"), low_account()), saver(4'000)},
                                      {});
    const auto found = rescue_portfolio(snapshot,
                                        {{.market = snapshot.markets[0].get(), .row = 0},
                                         {.market = snapshot.markets[1].get(), .row = 0},
                                         {.market = snapshot.markets[2].get(), .row = 0}},
                                        options());
    U256 moved = 0;
    for (const AccountRescue& account : found.accounts) {
        for (const Withdrawal& taken :
             account.plans.empty() ? std::vector<Withdrawal>{} : account.plans.front().moved) {
            moved += *taken.action.amount;
        }
    }
    CHECK(moved >= usdc(2'200));
    CHECK(moved <= usdc(3'750));
    // A sale of collateral is cheaper than help from outside.
    CHECK(found.outside == core::Usd());
}

TEST_CASE("an e-mode that is refused today is taken after a repayment", "[rescue][emode]") {
    // In category 1 WETH counts 70 %: 14000 / 18500. Category 2 would count 90 %, 18000 / 18500,
    // still below 1: refused. At 1.25 it lets 14400 be owed: 4100 are repaid first.
    LendingMarket market = pool();
    market.categories[1] = {{kWeth, 7'000}};
    market.categories[2] = {{kWeth, 9'000}};
    market.add(kWallet, {{kWeth, collateral(ether(10))}, {kUsdc, debt(usdc(18'500))}});
    market.emodes[0] = 1;
    const auto snapshot =
        snapshot_of({std::move(market)}, {holding(kUsdc, "USDC", 6, usdc(5'000))});
    const auto found = rescue(snapshot, without_help());
    REQUIRE(found.verdict == RescueVerdict::Planned);
    const RescuePlan& plan = found.plans.front();
    REQUIRE(plan.steps.size() == 2);
    CHECK(plan.steps[0].action->kind == margin::ActionKind::Repay);
    CHECK(plan.steps[0].action->amount == usdc(4'100));
    CHECK(plan.steps[1].action->kind == margin::ActionKind::SetEmode);
    CHECK(plan.steps[1].action->category == 2);
    CHECK(plan.after.health_factor == test::wad("1250000000000000000"));
    CHECK(plan.transactions == 3);  // approve, repay, switch
}

}  // namespace
}  // namespace margrave::risk
