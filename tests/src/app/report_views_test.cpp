#include "app/report_views.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/snapshots.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::json;

/// "ethereum" as in the examples of reports, and "base", which was not read yet.
ReportViews::News news() {
    ReportViews::News out;
    out["ethereum"].report = std::make_shared<const report::Report>(
        report::make_report(test::example(), test::options()));
    out["base"] = {};
    return out;
}

const std::string kWallet2 = test::numbered(2).to_string();

}  // namespace

TEST_CASE("accounts are those of the last report, of one wallet or of all", "[report_views]") {
    ReportViews views;
    const Json all = Json::parse(views.accounts(news(), {}).body);
    CHECK(all["accounts"].size() == 5);
    CHECK(all["unread"] == Json::array({"base"}));
    CHECK(all["chains"].size() == 1);
    CHECK(all["gaps"].size() == 2);
    const Json one =
        Json::parse(views.accounts(news(), {{"wallet", kWallet2}, {"chain", "ethereum"}}).body);
    REQUIRE(one["accounts"].size() == 1);
    CHECK(one["accounts"][0]["wallet"] == kWallet2);
    CHECK(one["accounts"][0]["health_factor"] == "0.99");
    CHECK(one["unread"].empty());
    CHECK(one["holdings"].empty());
}

TEST_CASE("a chain that was not read is named, not empty", "[report_views][coverage]") {
    ReportViews views;
    for (const Json& json : {Json::parse(views.accounts(news(), {{"chain", "base"}}).body),
                             Json::parse(views.portfolio(news(), {{"chain", "base"}}).body),
                             Json::parse(views.gaps(news(), {{"chain", "base"}}).body)}) {
        CHECK(json["unread"] == Json::array({"base"}));
    }
}

TEST_CASE("portfolio and gaps are the report's own parts", "[report_views]") {
    ReportViews views;
    const auto now = news();
    const Json report = Json::parse(report::to_json(*now.at("ethereum").report));
    const Json portfolios = Json::parse(views.portfolio(now, {}).body)["portfolios"];
    REQUIRE(portfolios.size() == 1);
    CHECK(portfolios[0]["chain"] == "ethereum");
    for (const char* part : {"totals", "exposure", "portfolio", "gaps", "chains"}) {
        CHECK(portfolios[0][part] == report[part]);
    }
    CHECK(Json::parse(views.gaps(now, {}).body)["gaps"] == report["gaps"]);
}

TEST_CASE("the next report is shown once it is there", "[report_views]") {
    ReportViews views;
    auto now = news();
    CHECK(Json::parse(views.accounts(now, {}).body)["accounts"].size() == 5);
    now["ethereum"].report = std::make_shared<const report::Report>();
    CHECK(Json::parse(views.accounts(now, {}).body)["accounts"].empty());
}

TEST_CASE("what is asked wrongly is refused, not guessed", "[report_views]") {
    ReportViews views;
    CHECK(views.accounts(news(), {{"wallet", "0x12"}}).status == 400);
    CHECK(views.accounts(news(), {{"walet", kWallet2}}).status == 400);
    CHECK(views.portfolio(news(), {{"wallet", kWallet2}}).status == 400);
    CHECK(views.gaps(news(), {{"chain", "bese"}}).status == 404);
}

}  // namespace margrave::app
