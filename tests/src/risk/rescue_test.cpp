#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/src/risk/rescue_examples.hpp"

namespace margrave::risk {
namespace {

const RescueStep& only_step(const RescuePlan& plan) {
    REQUIRE(plan.steps.size() == 1);
    return plan.steps.front();
}

/// The plan whose steps these are, in words; fails the test when there is none.
const RescuePlan& plan_with(const AccountRescue& rescue, Funds from) {
    for (const RescuePlan& plan : rescue.plans) {
        for (const RescueStep& step : plan.steps) {
            if (!step.portions.empty() && step.portions.front().from == from) {
                return plan;
            }
        }
    }
    FAIL("no such plan");
    return rescue.plans.front();
}

bool was_rejected(const AccountRescue& rescue, const std::string& what, const std::string& reason) {
    for (const RejectedLever& lever : rescue.rejected) {
        if (lever.what == what) {
            return lever.refusal.reason == reason;
        }
    }
    return false;
}

TEST_CASE("the debt is repaid from the wallet when that suffices, to the unit", "[rescue]") {
    const auto snapshot = snapshot_of({with_account(pool(), low_account())},
                                      {holding(kUsdc, "USDC", 6, usdc(3'000))});
    const auto found = rescue(snapshot);
    REQUIRE(found.verdict == RescueVerdict::Planned);
    const RescuePlan& plan = found.plans.front();
    const RescueStep& step = only_step(plan);
    CHECK(step.action->kind == margin::ActionKind::Repay);
    CHECK(step.action->amount == usdc(2'200));
    CHECK(step.after.health_factor == test::wad("1250000000000000000"));
    CHECK(plan.transactions == 2);  // approve, repay
    CHECK(plan.cost() == test::dollars(10));
    CHECK(plan.capital == test::dollars(2'200));
    CHECK(!plan.uses_outside);
    REQUIRE(plan.spent.size() == 1);
    CHECK(plan.spent.front().amount == usdc(2'200));
    REQUIRE(step.approvals.size() == 1);
    CHECK(step.approvals.front().amount == usdc(2'200));

    // One unit less misses the target.
    const auto fork = snapshot.markets.front()->fork();
    REQUIRE(fork->apply(0, {.kind = margin::ActionKind::Repay,
                            .asset = kUsdc,
                            .amount = usdc(2'200) - 1,
                            .enable = true,
                            .category = 0}));
    CHECK(*fork->health(0).health_factor < options().target);
}

TEST_CASE("every alternative is sized and ranked, outside funds last", "[rescue]") {
    const auto snapshot =
        snapshot_of({with_account(pool(), low_account())},
                    {holding(kUsdc, "USDC", 6, usdc(3'000)), holding(kWeth, "WETH", 18, ether(2))});
    const auto found = rescue(snapshot);
    // The same two transactions, but 1.71875 WETH are 3437.50 dollars.
    REQUIRE(found.plans.size() >= 2);
    const RescuePlan& second = found.plans[1];
    CHECK(only_step(second).action->kind == margin::ActionKind::Supply);
    CHECK(only_step(second).action->amount == U256("1718750000000000000"));
    CHECK(second.cost() == test::dollars(10));
    // 2200 USDC and a hundredth on top buy with 1.111 WETH; 4 transactions and 22 dollars.
    const RescuePlan& swapped = plan_with(found, Funds::Swap);
    CHECK(swapped.steps.front().sold->amount == U256("1111000000000000000"));
    CHECK(swapped.cost() == test::dollars(42));
    const RescuePlan& outside = plan_with(found, Funds::Outside);
    CHECK(outside.outside == test::dollars(2'200));
    CHECK(found.plans.back().uses_outside);
}

TEST_CASE("collateral is sold without a flash loan where its withdrawal leaves 1", "[rescue]") {
    const auto snapshot = snapshot_of({with_account(pool(), low_account())}, {});
    const auto found = rescue(snapshot);
    // x = 2750 / (1.25 - 0.8 * 1.01) = 6221.719457 of debt, 3.142 WETH of 10: withdrawn first,
    // 6.858 WETH would carry 10973 against 15000.
    CHECK(was_rejected(found, "repay USDC, from WETH withdrawn", "crosses_one") ==
          false);  // the protocol itself refuses first
    CHECK(was_rejected(found, "repay USDC, from WETH withdrawn", "not_enough"));
    const RescuePlan& flash = plan_with(found, Funds::Flash);
    CHECK(flash.needs_flash_loan);
    CHECK(flash.steps.front().action->amount == U256(6'221'719'458));
    CHECK(flash.transactions == 6);  // approve, repay, withdraw, approve, swap, loan

    // Against 12000 the target 1.35 lacks 16200 - 16000 = 200: x = 200 / (1.35 - 0.808).
    auto higher = options();
    higher.target = test::wad("1350000000000000000");
    const auto roomy = snapshot_of(
        {with_account(pool(), {{kWeth, collateral(ether(10))}, {kUsdc, debt(usdc(12'000))}})}, {});
    const auto sold = rescue(roomy, higher);
    const RescuePlan& sale = plan_with(sold, Funds::Sale);
    CHECK(!sale.needs_flash_loan);
    REQUIRE(sale.steps.size() == 3);
    CHECK(sale.steps[0].action->kind == margin::ActionKind::Withdraw);
    CHECK(sale.steps[0].after.health_factor >= test::wad("1000000000000000000"));
    CHECK(sale.steps[2].action->amount == U256(369'003'691));  // 200 / 0.542
}

TEST_CASE("of many alternatives the one with outside funds is kept", "[rescue]") {
    auto market = pool();
    std::vector<snapshot::Holding> holdings;
    for (std::uint8_t i = 0; i < 15; ++i) {
        const core::Address token = numbered(static_cast<std::uint8_t>(0xa0 + i));
        market.assets[token] = market.assets[kDai];
        holdings.push_back(holding(token, "T", 6, usdc(5'000)));
    }
    const auto found = rescue(snapshot_of({with_account(market, low_account())}, holdings));
    CHECK(found.plans.size() == 12);
    CHECK(!found.plans.front().uses_outside);
    CHECK(found.plans.back().uses_outside);
}

TEST_CASE("a plan holds at the end of its validity, one unit less does not", "[rescue]") {
    auto market = pool();
    market.assets[kUsdc].debt_growth = 3'170'979'198;  // 10 % a year in seconds, 1e18
    const auto snapshot = snapshot_of({with_account(market, low_account())},
                                      {holding(kUsdc, "USDC", 6, usdc(3'000))});
    auto asked = options();
    asked.valid_for_s = 86'400;
    const auto found = rescue(snapshot, asked);
    const RescuePlan& plan = found.plans.front();
    // 15000 * 3170979198e-18 * 86400 = 4.109589040... more is owed by then.
    CHECK(only_step(plan).action->amount == usdc(2'200) + 4'109'590);
    CHECK(plan.after_late.health_factor >= asked.target);
    CHECK(plan.after.health_factor > plan.after_late.health_factor);

    const auto late = snapshot.markets.front()->fork();
    late->accrue(core::Timestamp(late->time().value() + 86'400));
    REQUIRE(late->apply(0, {.kind = margin::ActionKind::Repay,
                            .asset = kUsdc,
                            .amount = usdc(2'200) + 4'109'589,
                            .enable = true,
                            .category = 0}));
    CHECK(*late->health(0).health_factor < asked.target);
}

TEST_CASE("an account that only interest brings below the target is rescued", "[rescue]") {
    auto market = pool();
    market.assets[kUsdc].debt_growth = 3'170'979'198;
    const auto snapshot = snapshot_of(
        {with_account(market, {{kWeth, collateral(ether(10))}, {kUsdc, debt(usdc(12'800))}})}, {});
    CHECK(rescue(snapshot).verdict == RescueVerdict::NotNeeded);  // 1.25 exactly, now
    auto asked = options();
    asked.valid_for_s = 3'600;
    CHECK(rescue(snapshot, asked).verdict == RescueVerdict::Planned);
}

TEST_CASE("switching to an e-mode or enabling a supply costs one transaction", "[rescue]") {
    auto market = pool();
    market.categories[7] = {{kWeth, 9'500}};  // 19000 / 15000
    market.categories[9] = {{kWeth, 7'000}};
    const auto emode = snapshot_of({with_account(market, low_account())},
                                   {holding(kUsdc, "USDC", 6, usdc(3'000))});
    const auto found = rescue(emode);
    CHECK(only_step(found.plans.front()).action->kind == margin::ActionKind::SetEmode);
    CHECK(only_step(found.plans.front()).action->category == 7);
    CHECK(found.plans.front().cost() == test::dollars(5));

    auto row = low_account();
    row[kWeth].supply = ether(2);
    const auto supply = snapshot_of({with_account(pool(), row)}, {});
    const auto enabled = rescue(supply);
    CHECK(only_step(enabled.plans.front()).action->kind == margin::ActionKind::SetCollateral);
}

TEST_CASE("several balances are combined where one does not suffice", "[rescue]") {
    const auto snapshot =
        snapshot_of({with_account(pool(), low_account())},
                    {holding(kUsdc, "USDC", 6, usdc(1'000)), holding(kDai, "DAI", 6, usdc(5'000))});
    const auto found = rescue(snapshot);
    const RescuePlan& plan = found.plans.front();
    // 1000 USDC from the wallet and 1200 for 1212 DAI cost 4 transactions and 12 dollars; all 2200
    // for DAI would cost the same transactions and 22.
    REQUIRE(plan.steps.size() == 2);
    CHECK(plan.steps[0].sold->amount == usdc(1'212));
    CHECK(plan.steps[1].action->amount == usdc(2'200));
    CHECK(plan.steps[1].portions.size() == 2);
    CHECK(plan.cost() == test::dollars(32));
    CHECK(was_rejected(found, "repay USDC from the wallet", "not_enough"));
}

TEST_CASE("a balance that is needed whole is split between adding and swapping", "[rescue]") {
    auto asked = options();
    asked.idle_only = true;
    asked.gas = core::Usd();
    const auto snapshot = snapshot_of({with_account(pool(), low_account())},
                                      {holding(kWeth, "WETH", 18, ether(1) + ether(1) / 2)});
    const auto found = rescue(snapshot, asked);
    // 1.5 WETH added are 2400 of the 2750 that are lacking. Each dollar that repays gives 1.25 and
    // takes 1.01 * 0.8 = 0.808 of what is added: 350 / 0.442 = 791.85520362 USDC. What is paid for
    // them is rounded up to a unit of USDC: of 791.855204 that takes 0.77e-6 and the rounding of
    // the amount gives 0.17e-6, of …205 0.76e-6 and 0.61e-6, of …206 0.75e-6 and 1.05e-6.
    const RescuePlan& plan = found.plans.front();
    REQUIRE(plan.steps.size() == 3);
    CHECK(plan.steps[0].tokens.amount == U256(791'855'206));
    CHECK(plan.steps[1].action->kind == margin::ActionKind::Repay);
    CHECK(plan.steps[2].action->kind == margin::ActionKind::Supply);
    CHECK(plan.spent.front().amount + plan.spent.back().amount == ether(1) + ether(1) / 2);
}

TEST_CASE("a cap ends what can be added, and says so", "[rescue]") {
    auto market = pool();
    market.assets[kWeth].supply_cap = ether(11);
    auto asked = options();
    asked.idle_only = true;
    asked.swap_cost = core::Bps(10'000);
    const auto snapshot =
        snapshot_of({with_account(market, low_account())}, {holding(kWeth, "WETH", 18, ether(2))});
    const auto found = rescue(snapshot, asked);
    // 1 WETH of the 1.71875 that are needed: (16000 + 1600) / 15000 = 1.1733
    CHECK(was_rejected(found, "add WETH from the wallet", "not_enough"));
    market.assets[kWeth].supply_cap = ether(10);
    const auto full =
        snapshot_of({with_account(market, low_account())}, {holding(kWeth, "WETH", 18, ether(2))});
    CHECK(was_rejected(rescue(full, asked), "add WETH from the wallet", "supply_cap_exceeded"));
}

TEST_CASE("a target that only no debt reaches repays everything", "[rescue]") {
    auto market = pool();
    market.assets[kUsdc].debt_growth = 3'170'979'198;
    auto asked = options();
    asked.target = test::wad("1000000000000000000000000000");
    asked.valid_for_s = 3'600;
    const auto snapshot = snapshot_of({with_account(market, low_account())},
                                      {holding(kUsdc, "USDC", 6, usdc(20'000))});
    const RescuePlan plan = rescue(snapshot, asked).plans.front();
    CHECK(!only_step(plan).action->amount);
    CHECK(plan.after.status == margin::Status::NoDebt);
    // What is owed at the end: 15000 * 3170979198e-18 * 3600 = 0.171232877 more, rounded up.
    CHECK(only_step(plan).tokens.amount == usdc(15'000) + 171'233);
    CHECK(only_step(plan).approvals.front().amount == usdc(15'000) + 171'233);
}

TEST_CASE("an unknown health has no plan, a silent protocol no way", "[rescue][coverage]") {
    auto market = pool();
    market.unpriced = {kWeth};
    const auto unknown = rescue(snapshot_of({with_account(market, low_account())}, {}));
    CHECK(unknown.verdict == RescueVerdict::Unknown);
    CHECK(unknown.because == "no price");
    CHECK(unknown.plans.empty());

    auto silent = pool();
    silent.has_actions = false;
    const auto found = rescue(snapshot_of({with_account(silent, low_account())}, {}));
    CHECK(found.verdict == RescueVerdict::Unreachable);
    CHECK(found.because == "margrave does not model what users do to this protocol");
}

TEST_CASE("without outside funds a target may be out of reach", "[rescue]") {
    auto asked = options();
    asked.idle_only = true;
    asked.target = test::wad("9000000000000000000");
    const auto found =
        rescue(snapshot_of({with_account(pool(), {{kDai, debt(usdc(100))}})}, {}), asked);
    CHECK(found.verdict == RescueVerdict::Unreachable);
}

TEST_CASE("accounts of a wallet do not spend a balance twice", "[rescue]") {
    // The second is lower: 16000 / 15500; it needs 15500 - 12800 = 2700, the first 2200.
    const auto snapshot = snapshot_of(
        {with_account(pool("one"), low_account()),
         with_account(pool("two"), {{kWeth, collateral(ether(10))}, {kUsdc, debt(usdc(15'500))}})},
        {holding(kUsdc, "USDC", 6, usdc(3'000)), holding(kDai, "DAI", 6, usdc(4'000))});
    const auto found = rescue_portfolio(snapshot,
                                        {{.market = snapshot.markets[0].get(), .row = 0},
                                         {.market = snapshot.markets[1].get(), .row = 0}},
                                        options());
    REQUIRE(found.accounts.size() == 2);
    CHECK(found.accounts[0].market->name().name == "two");
    U256 spent_usdc = 0;
    U256 spent_dai = 0;
    for (const AccountRescue& account : found.accounts) {
        REQUIRE(account.verdict == RescueVerdict::Planned);
        for (const TokenAmount& spent : account.plans.front().spent) {
            (spent.token.address == kUsdc ? spent_usdc : spent_dai) += spent.amount;
        }
    }
    // 4900 in all: 3000 USDC, and 1900 for 1919 DAI, whoever swaps.
    CHECK(spent_usdc == usdc(3'000));
    CHECK(spent_dai == usdc(1'919));
    CHECK(found.outside == core::Usd());
    // 2 transactions for the one that repays from the wallet alone, 4 for the other.
    CHECK(found.gas == test::dollars(30));
    CHECK(found.swap_cost == test::dollars(19));
}

// ------------------------------------------------------------------------------------- brute force

/// A case small enough to try everything: WETH at 2 dollars and a threshold of 80 %, USDC and DAI
/// at one. Amounts are in base units.
struct SmallCase {
    int unit = 1;  ///< base units of a token: 1 or 10
    int weth = 0;
    int usdc_debt = 0;
    int dai_debt = 0;
    int idle_usdc = 0;
    int idle_dai = 0;
    int idle_weth = 0;
    int gas = 0;            ///< dollars a transaction
    int swap_cost_bps = 0;  ///< of what is bought
    bool has_emode = false;
};

/// One way to spend, as brute force sees it.
struct Try {
    bool emode = false;
    int usdc_for_usdc = 0;  ///< repaid from the wallet
    int dai_for_dai = 0;
    int weth_added = 0;
    int dai_for_usdc = 0;  ///< USDC bought with DAI, repaid
    int usdc_for_dai = 0;
    int weth_for_usdc = 0;
    int weth_for_dai = 0;
    int sale_for_usdc = 0;  ///< bought with collateral, repaid
    int sale_for_dai = 0;
};

/// Sold for `bought` dollars, in tokens of `price` dollars, rounded up.
int sold_for(const SmallCase& c, int bought, int price) {
    const int paid = (bought * (10'000 + c.swap_cost_bps) + 9'999) / 10'000;
    return (paid + price - 1) / price;
}

/// An approval for every token that is repaid, a call for what the wallet repays of it, and so for
/// a supply and a swap; a sale after everything else: withdrawal, approval, swap, repayment. Where
/// the withdrawal would leave less than a health of 1 a flash loan comes first, and what it repays
/// and the wallet repays is one call.
int transactions_of(const Try& t, bool needs_flash) {
    const auto one = [](bool is_done) { return is_done ? 1 : 0; };
    const bool usdc_by_wallet = t.usdc_for_usdc + t.dai_for_usdc + t.weth_for_usdc > 0;
    const bool dai_by_wallet = t.dai_for_dai + t.usdc_for_dai + t.weth_for_dai > 0;
    int out = one(t.emode) + 2 * one(t.weth_added > 0) + one(usdc_by_wallet) + one(dai_by_wallet) +
              one(usdc_by_wallet || t.sale_for_usdc > 0) + one(dai_by_wallet || t.sale_for_dai > 0);
    for (const int bought : {t.dai_for_usdc, t.usdc_for_dai, t.weth_for_usdc, t.weth_for_dai}) {
        out += 2 * one(bought > 0);
    }
    if (t.sale_for_usdc + t.sale_for_dai > 0) {
        const bool is_one_call = t.sale_for_usdc > 0 ? usdc_by_wallet : dai_by_wallet;
        out += 4 + one(needs_flash) - one(needs_flash && is_one_call);
    }
    return out;
}

/// In 1/10000 dollars; nullopt when the try spends too much or misses 1.25.
std::optional<int> brute_cost(const SmallCase& c, const Try& t) {
    const int usdc_repaid = t.usdc_for_usdc + t.dai_for_usdc + t.weth_for_usdc;
    const int dai_repaid = t.dai_for_dai + t.usdc_for_dai + t.weth_for_dai;
    const int sold = sold_for(c, t.sale_for_usdc, 2) + sold_for(c, t.sale_for_dai, 2);
    const int weth = c.weth + t.weth_added - sold;
    const bool is_possible =
        usdc_repaid + t.sale_for_usdc <= c.usdc_debt && dai_repaid + t.sale_for_dai <= c.dai_debt &&
        t.usdc_for_usdc + sold_for(c, t.usdc_for_dai, 1) <= c.idle_usdc &&
        t.dai_for_dai + sold_for(c, t.dai_for_usdc, 1) <= c.idle_dai &&
        t.weth_added + sold_for(c, t.weth_for_usdc, 2) + sold_for(c, t.weth_for_dai, 2) <=
            c.idle_weth &&
        weth >= 0;
    const int threshold = t.emode ? 85 : 80;
    const int sale = t.sale_for_usdc + t.sale_for_dai;
    const int debt_before = c.usdc_debt + c.dai_debt - usdc_repaid - dai_repaid;
    if (!is_possible || weth * 2 * threshold < 125 * (debt_before - sale)) {
        return std::nullopt;
    }
    const bool needs_flash = weth * 2 * threshold < 100 * debt_before;
    const int bought = t.dai_for_usdc + t.usdc_for_dai + t.weth_for_usdc + t.weth_for_dai + sale;
    return transactions_of(t, needs_flash) * c.gas * 10'000 + bought * c.swap_cost_bps / c.unit;
}

/// Every amount of every way in whole tokens, swaps of WETH into one debt at a time; sales, also
/// into one debt, in base units.
std::optional<int> brute_force(const SmallCase& c, bool with_sales) {
    std::optional<int> best;
    Try t;
    const auto consider = [&] {
        for (int sale = with_sales ? -c.usdc_debt : 0; sale <= (with_sales ? c.dai_debt : 0);
             ++sale) {
            t.sale_for_usdc = sale < 0 ? -sale : 0;
            t.sale_for_dai = sale > 0 ? sale : 0;
            const auto cost = brute_cost(c, t);
            if (cost && (!best || *cost < *best)) {
                best = cost;
            }
        }
    };
    for (int emode = 0; emode <= (c.has_emode ? 1 : 0); ++emode) {
        t.emode = emode == 1;
        for (t.usdc_for_usdc = 0; t.usdc_for_usdc <= c.idle_usdc; t.usdc_for_usdc += c.unit) {
            for (t.dai_for_dai = 0; t.dai_for_dai <= c.idle_dai; t.dai_for_dai += c.unit) {
                for (t.weth_added = 0; t.weth_added <= c.idle_weth; t.weth_added += c.unit) {
                    for (t.dai_for_usdc = 0; t.dai_for_usdc <= c.idle_dai;
                         t.dai_for_usdc += c.unit) {
                        for (t.usdc_for_dai = 0; t.usdc_for_dai <= c.idle_usdc;
                             t.usdc_for_dai += c.unit) {
                            for (int weth = -2 * c.idle_weth; weth <= 2 * c.idle_weth;
                                 weth += c.unit) {
                                t.weth_for_usdc = weth < 0 ? -weth : 0;
                                t.weth_for_dai = weth > 0 ? weth : 0;
                                consider();
                            }
                        }
                    }
                }
            }
        }
    }
    return best;
}

snapshot::Snapshot small_snapshot(const SmallCase& c) {
    LendingMarket market = pool();
    const unsigned decimals = c.unit == 10 ? 1 : 0;
    for (auto& [address, asset] : market.assets) {
        asset.decimals = decimals;
    }
    market.assets[kWeth].price_e8 = 2 * kDollarE8;
    if (c.has_emode) {
        market.categories[3] = {{kWeth, 8'500}};
    }
    return snapshot_of(
        {with_account(
            market,
            {{kWeth, collateral(c.weth)}, {kUsdc, debt(c.usdc_debt)}, {kDai, debt(c.dai_debt)}})},
        {holding(kUsdc, "USDC", decimals, c.idle_usdc), holding(kDai, "DAI", decimals, c.idle_dai),
         holding(kWeth, "WETH", decimals, c.idle_weth)});
}

SmallCase random_case(std::mt19937_64& random) {
    const auto upto = [&](int max) { return std::uniform_int_distribution<int>(0, max)(random); };
    return {.weth = 60,  // weighted 96: at 1.25 76 may be owed, in e-mode 81
            .usdc_debt = 40 + upto(6),
            .dai_debt = 34 + upto(6),
            .idle_usdc = upto(7),
            .idle_dai = upto(7),
            .idle_weth = upto(4),
            .gas = upto(2),
            .swap_cost_bps = 100 * upto(30),
            .has_emode = upto(2) == 0};
}

RescueOptions options_of(const SmallCase& c) {
    auto out = options();
    out.idle_only = true;
    out.gas = test::dollars(static_cast<std::uint64_t>(c.gas));
    out.swap_cost = core::Bps(static_cast<std::uint32_t>(c.swap_cost_bps));
    return out;
}

bool sells_collateral(const RescuePlan& plan) {
    return std::any_of(plan.steps.begin(), plan.steps.end(), [](const RescueStep& step) {
        return step.action && step.action->kind == margin::ActionKind::Withdraw;
    });
}

TEST_CASE("a plan is as cheap as brute force over all action sets", "[rescue][brute_force]") {
    std::mt19937_64 random(20'261'122);
    unsigned planned = 0;
    for (int i = 0; i < 60; ++i) {
        const SmallCase c = random_case(random);
        CAPTURE(i, c.usdc_debt, c.dai_debt, c.idle_usdc, c.idle_dai, c.idle_weth, c.gas,
                c.swap_cost_bps, c.has_emode);
        const auto snapshot = small_snapshot(c);
        const auto found = rescue(snapshot, options_of(c));
        if (found.verdict == RescueVerdict::NotNeeded) {
            CHECK(brute_force(c, false) == 0);
            continue;
        }
        const auto brute = brute_force(c, false);
        if (!brute) {
            continue;  // only a sale of collateral reaches the target, if anything does
        }
        ++planned;
        REQUIRE(found.verdict == RescueVerdict::Planned);
        // A whole token more of a swap is what rounding to whole tokens may cost.
        const U256 least = U256(*brute) * core::wad() / 10'000;
        const U256 slack = U256(c.swap_cost_bps) * core::wad() / 10'000;
        const RescuePlan& plan = found.plans.front();
        CHECK(plan.cost().value() <= least + slack);
        // Sales are not in this brute force, and may be cheaper still.
        if (!sells_collateral(plan)) {
            CHECK(plan.cost().value() >= least);
        }
    }
    CHECK(planned >= 30);
}

TEST_CASE("a plan that may sell collateral is as cheap as brute force", "[rescue][brute_force]") {
    std::mt19937_64 random(20'261'126);
    unsigned sales = 0;
    unsigned exact = 0;
    for (int i = 0; i < 80; ++i) {
        SmallCase c = random_case(random);
        // Finer than what rounding to whole tokens would hide.
        c.unit = 10;
        c.weth *= c.unit;
        c.usdc_debt *= c.unit;
        c.dai_debt *= c.unit;
        c.idle_usdc = c.idle_usdc % 3 * c.unit;
        c.idle_dai = c.idle_dai % 3 * c.unit;
        c.idle_weth = c.idle_weth % 2 * c.unit;
        CAPTURE(i, c.usdc_debt, c.dai_debt, c.idle_usdc, c.idle_dai, c.idle_weth, c.gas,
                c.swap_cost_bps, c.has_emode);
        const auto snapshot = small_snapshot(c);
        const auto found = rescue(snapshot, options_of(c));
        const auto brute = brute_force(c, true);
        REQUIRE(brute);
        if (found.verdict == RescueVerdict::NotNeeded) {
            CHECK(*brute == 0);
            continue;
        }
        REQUIRE(found.verdict == RescueVerdict::Planned);
        const RescuePlan& plan = found.plans.front();
        sales += sells_collateral(plan) ? 1 : 0;
        const U256 least = U256(*brute) * core::wad() / 10'000;
        // A unit of WETH more or less in the sale, 0.2 dollars of which 0.17 count, is as much as
        // 0.17 / (1.25 - 0.85 * 1.3) = 1.2 dollars repaid.
        const U256 slack = U256(c.swap_cost_bps) * core::wad() / 10'000 * 12 / 10;
        CHECK(plan.cost().value() <= least + slack);
        CHECK(plan.cost().value() + slack >= least);
        exact += plan.cost().value() == least ? 1 : 0;
    }
    CHECK(sales >= 30);
    CHECK(exact >= 50);
}

}  // namespace
}  // namespace margrave::risk
