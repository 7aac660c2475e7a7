#include <catch2/catch.hpp>

#include "report/report.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;
using margin::Status;

std::string json_of(const margin::Health& health) {
    return to_json(test::report_of({test::account(1, health)}));
}

TEST_CASE("a report is written as its documented JSON", "[report][json][golden]") {
    CHECK(to_json(make_report(test::example(), test::options())) ==
          test::golden("src/report/golden/example.json"));
}

TEST_CASE("an empty report has every list", "[report][json]") {
    const std::string json = to_json(make_report(snapshot::Snapshot{}, test::options()));
    for (const char* list : {"chains", "accounts", "holdings", "totals", "exposure", "gaps"}) {
        CHECK_THAT(json, Contains("\"" + std::string(list) + "\": []"));
    }
    CHECK(json.back() == '\n');
}

TEST_CASE("a health factor just below one keeps all its digits", "[report][json][boundary]") {
    const std::string json = json_of(test::health_of(Status::Liquidatable, "999999999999999999"));
    CHECK_THAT(json, Contains(R"("health_factor": "0.999999999999999999")"));
    CHECK_THAT(json, Contains(R"("health_factor_raw": "999999999999999999")"));
    CHECK_THAT(json, Contains(R"("status": "liquidatable")"));
    CHECK_THAT(json, Contains(R"("collateral_distance": "0")"));
}

TEST_CASE("a health factor of exactly one leaves no room and says so", "[report][json][boundary]") {
    const std::string json = json_of(test::health_of(Status::Healthy, "1000000000000000000"));
    CHECK_THAT(json, Contains(R"("health_factor": "1")"));
    CHECK_THAT(json, Contains(R"("status": "at_risk")"));
    CHECK_THAT(json, Contains(R"("collateral_distance": "0")"));
}

TEST_CASE("the distance of collateral is negative", "[report][json]") {
    CHECK_THAT(json_of(test::health_of(Status::Healthy, "1250000000000000000")),
               Contains(R"("collateral_distance": "-0.2")"));
}

TEST_CASE("without debt there is no health factor", "[report][json]") {
    const std::string json = json_of(test::no_debt());
    CHECK_THAT(json, Contains(R"("status": "no_debt")"));
    CHECK_THAT(json, Contains(R"("health_factor": null)"));
    CHECK_THAT(json, Contains(R"("health_factor_raw": null)"));
    CHECK_THAT(json, Contains(R"("debt_raw": "0")"));
    CHECK_THAT(json, Contains(R"("current_ltv_bps": 0)"));
}

TEST_CASE("what is unknown is null and named in the gaps", "[report][json][coverage]") {
    const std::string json = json_of(test::unknown("no price of WETH"));
    for (const char* field : {"health_factor", "health_factor_raw", "collateral_raw", "debt_raw",
                              "debt_usd", "available_borrows_raw", "liquidation_threshold_bps",
                              "max_ltv_bps", "current_ltv_bps", "collateral_distance"}) {
        CHECK_THAT(json, Contains("\"" + std::string(field) + "\": null"));
    }
    CHECK_THAT(json, Contains(R"("status": "unknown")"));
    CHECK_THAT(json, Contains(R"("unknown_because": "no price of WETH")"));
    CHECK_THAT(json, Contains(R"("detail": "no price of WETH")"));
}

TEST_CASE("a leg that could not be read is null, not zero", "[report][json][coverage]") {
    auto row = test::account(1, test::unknown("no balance"));
    row.legs = {test::weth_collateral()};
    row.legs[0].amount.reset();
    row.legs[0].price.reset();
    row.legs[0].value.reset();
    const std::string json = to_json(test::report_of({row}));
    for (const char* field : {"amount_raw", "oracle_price_raw", "price_usd", "price_source",
                              "price_updated_at", "value_usd"}) {
        CHECK_THAT(json, Contains("\"" + std::string(field) + "\": null"));
    }
}

TEST_CASE("a negative net worth carries its sign", "[report][json]") {
    auto row = test::account(1, test::health_of(Status::Liquidatable, "500000000000000000", 7));
    row.legs = {test::usdc_debt(7)};
    CHECK_THAT(to_json(test::report_of({row})), Contains(R"("net_worth_usd": "-7")"));
}

TEST_CASE("a report for a later time names it", "[report][json]") {
    Options options = test::options();
    options.at = core::Timestamp(1'750'000'123);
    CHECK_THAT(to_json(make_report(test::snapshot_of(test::market({})), options)),
               Contains(R"("at": "1750000123")"));
}

TEST_CASE("hostile symbols come out as plain ASCII", "[report][json]") {
    auto row = test::account(1, test::no_debt());
    row.legs[0].symbol = "\x1b[2J\"\u202e\xff";
    CHECK_THAT(to_json(test::report_of({row})), Contains(R"("symbol": "\u001b[2J\"\u202e\ufffd")"));
}

TEST_CASE("differences from the contract are listed", "[report][json][verify]") {
    auto row = test::account(1, test::no_debt());
    row.referee = {{.what = "debt", .ours = "0", .theirs = "1"}};
    const std::string json = to_json(test::report_of({row}));
    CHECK_THAT(json, Contains(R"("verified": true)"));
    CHECK_THAT(json, Contains(R"("theirs": "1")"));
}

}  // namespace
}  // namespace margrave::report
