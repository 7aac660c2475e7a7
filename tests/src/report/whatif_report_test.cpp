#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "report/whatif.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;
using margin::Status;
using nlohmann::json;

const margin::MarketName kCore{.protocol = "aave_v3", .chain = "ethereum", .name = "core"};

risk::StepEffect effect(std::optional<core::U256> from, std::optional<core::U256> to,
                        std::optional<margin::Refusal> refusal = std::nullopt) {
    return {.market = kCore,
            .symbol = "WETH",
            .from = std::move(from),
            .to = std::move(to),
            .refusal = std::move(refusal)};
}

/// Wallet 1 falls, wallet 2 is new afterwards, wallet 3 was there before.
WhatIf example() {
    WhatIf whatif;
    whatif.steps = {
        {.text = "ETH=-20%", .effects = {effect(core::U256(250), core::U256(200))}},
        {.text = "repay:WETH:5@aave-v3",
         .effects = {effect({}, core::U256(5)),
                     effect({}, {}, margin::Refusal{.reason = "no_debt", .detail = "owes none"})}},
        {.text = "pause:WETH", .effects = {effect({}, {})}}};
    whatif.before =
        test::report_of({test::account(1, test::health_of(Status::Healthy, "1237500000000000000")),
                         test::account(3, test::no_debt())});
    whatif.after = test::report_of(
        {test::account(1, test::health_of(Status::Liquidatable, "990000000000000000", 12'500)),
         test::account(2, test::health_of(Status::Healthy, "1237500000000000000"))});
    return whatif;
}

TEST_CASE("a what-if pairs each account with itself", "[whatif][report]") {
    const WhatIf whatif = example();
    const auto pairs = pair_accounts(whatif);
    REQUIRE(pairs.size() == 3);
    CHECK(pairs[0].before != nullptr);
    CHECK(pairs[0].after->wallet == test::numbered(1));
    CHECK(pairs[1].before == nullptr);
    CHECK(pairs[1].after->wallet == test::numbered(2));
    CHECK(pairs[2].after == nullptr);
    CHECK(pairs[2].before->wallet == test::numbered(3));
}

TEST_CASE("a what-if says what each step did, and before and after", "[whatif][report]") {
    const std::string text = to_text(example(), {.columns = 100});
    CHECK_THAT(text,
               Contains("ETH=-20%") && Contains("aave_v3 core on ethereum WETH: raw 250 to 200"));
    CHECK_THAT(text, Contains("WETH: 5 base units") && Contains("refused, no_debt: owes none"));
    CHECK_THAT(text, Contains("WETH: done"));
    CHECK_THAT(text, Contains("1.2375 healthy") && Contains("0.9900 liquidatable"));
    CHECK_THAT(text, Contains("nothing"));
}

TEST_CASE("a what-if's JSON has both states, null where there was none", "[whatif][report]") {
    const json out = json::parse(to_json(example()));
    CHECK(out.at("schema") == "margrave.whatif/1");
    CHECK(out.at("steps").size() == 3);
    const json& refused = out.at("steps").at(1).at("effects").at(1);
    CHECK(refused.at("done") == false);
    CHECK(refused.at("reason") == "no_debt");
    const json& first = out.at("accounts").at(0);
    CHECK(first.at("before").at("status") == "healthy");
    CHECK(first.at("after").at("health_factor_raw") == "990000000000000000");
    CHECK(out.at("accounts").at(1).at("before").is_null());
    CHECK(out.at("accounts").at(2).at("after").is_null());
}

TEST_CASE("names from chains cannot move a terminal's cursor", "[whatif][report]") {
    WhatIf whatif = example();
    whatif.steps[0].effects[0].symbol = "W\x1b[2J";
    CHECK_THAT(to_text(whatif, {.columns = 100}), !Contains("\x1b"));
}

}  // namespace
}  // namespace margrave::report
