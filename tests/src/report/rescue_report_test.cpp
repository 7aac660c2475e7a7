#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "report/rescue.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Contains;
using nlohmann::json;

risk::RescuePlan repay_plan() {
    risk::RescueStep step;
    step.action = margin::Action{.kind = margin::ActionKind::Repay,
                                 .asset = test::kUsdc,
                                 .amount = core::U256(2'200'000'000),
                                 .enable = true,
                                 .category = 0};
    step.tokens.token.address = test::kUsdc;
    step.tokens.token.symbol = "USDC";
    step.tokens.token.decimals = 6;
    step.tokens.amount = 2'200'000'000;
    step.tokens.value = test::dollars(2'200);
    step.portions = {{.from = risk::Funds::Idle, .amount = 2'200'000'000}};
    step.after = test::health_of(margin::Status::Healthy, "1250000000000000000");
    step.approvals = {
        {.token = test::kUsdc, .spender = test::numbered(0x71), .amount = 2'200'000'000}};
    step.call = margin::UnsignedCall{
        .to = test::numbered(0x71), .value = 0, .data = {0xab, 0xcd}, .what = "repay 2200 USDC"};
    risk::RescuePlan plan;
    plan.steps = {step};
    plan.transactions = 2;
    plan.gas = test::dollars(10);
    plan.capital = test::dollars(2'200);
    plan.after = step.after;
    plan.after_at_end = step.after;
    plan.after_late = step.after;
    return plan;
}

RescueReport report_of(const margin::Market& market) {
    risk::AccountRescue planned;
    planned.market = &market;
    planned.verdict = risk::RescueVerdict::Planned;
    planned.now = market.health(0);
    planned.at_end = planned.now;
    planned.plans = {repay_plan()};
    planned.rejected = {{.what = "add WETH from the wallet",
                         .refusal = {.reason = "supply_cap_exceeded", .detail = ""}}};
    risk::AccountRescue unknown;
    unknown.market = &market;
    unknown.row = 1;
    unknown.verdict = risk::RescueVerdict::Unknown;
    unknown.now = market.health(1);
    unknown.because = "the oracle gives no price of WETH";
    return {
        .options = {.target = test::wad("1250000000000000000"),
                    .valid_for_s = 3'600,
                    .swap_cost = core::Bps(30),
                    .gas = test::dollars(5),
                    .idle_only = false},
        .accounts = {{.rescue = planned,
                      .calls = {{.calls = {*planned.plans[0].steps[0].call}, .not_encoded = {}}}},
                     {.rescue = unknown, .calls = {}}},
        .gas = test::dollars(10),
        .swap_cost = {},
        .outside = {},
        .gaps = {}};
}

std::unique_ptr<test::FakeMarket> two_accounts() {
    return test::market(
        {test::account(3, test::health_of(margin::Status::Healthy, "1031250000000000000", 12'000)),
         test::account(1, test::unknown("the oracle gives no price of WETH"))});
}

TEST_CASE("a rescue as JSON names its amounts, its calls and what is unknown", "[report][rescue]") {
    const auto market = two_accounts();
    const auto out = json::parse(to_json(report_of(*market)));
    CHECK(out["schema"] == "margrave.rescue/1");
    CHECK(out["target"] == "1.25");
    CHECK(out["assumptions"]["gas_usd"] == "5");
    const auto& account = out["accounts"][0];
    CHECK(account["verdict"] == "planned");
    CHECK(account["alternatives"].empty());
    CHECK(account["rejected"][0]["reason"] == "supply_cap_exceeded");
    const auto& step = account["plan"]["steps"][0];
    CHECK(step["action"] == "repay");
    CHECK(step["amount_raw"] == "2200000000");
    CHECK(step["is_all"] == false);
    CHECK(step["from"][0]["source"] == "idle");
    CHECK(step["sold"].is_null());
    CHECK(step["call"]["data"] == "0xabcd");
    CHECK(account["plan"]["calls"].size() == 1);
    CHECK(account["plan"]["cost_usd"] == "10");
    const auto& unknown = out["accounts"][1];
    CHECK(unknown["verdict"] == "unknown");
    CHECK(unknown["plan"].is_null());
    CHECK(unknown["because"] == "the oracle gives no price of WETH");
    CHECK(out["total"]["cost_usd"] == "10");
}

TEST_CASE("a rescue as text says each step and what it costs", "[report][rescue]") {
    const auto market = two_accounts();
    const auto text = to_text(report_of(*market));
    CHECK_THAT(text, Contains("1. repay 2,200.00 USDC (from the wallet), health 1.25"));
    CHECK_THAT(text, Contains("$10.00 in 2 transactions"));
    CHECK_THAT(text, Contains("add WETH from the wallet: supply_cap_exceeded"));
    CHECK_THAT(text, Contains("no plan: the oracle gives no price of WETH"));
}

}  // namespace
}  // namespace margrave::report
