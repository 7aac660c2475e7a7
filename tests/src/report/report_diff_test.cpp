#include "report/report_diff.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"

namespace margrave::report {
namespace {

using Catch::Contains;
using nlohmann::json;

json leg(const char* side, const char* amount) {
    return {{"asset", "0xaa"}, {"symbol", "WETH"},     {"decimals", 18},
            {"side", side},    {"amount_raw", amount}, {"oracle_price_raw", "5"}};
}

json account(const char* wallet, const char* status, const char* health, json legs) {
    return {{"chain", "ethereum"}, {"protocol", "aave_v3"},  {"market", "core"},
            {"wallet", wallet},    {"status", status},       {"health_factor", health},
            {"debt_raw", "7"},     {"legs", std::move(legs)}};
}

json report_of(json accounts, const char* block) {
    return {{"schema", "margrave.report/1"},
            {"chains", {{{"chain", "ethereum"}, {"chain_id", 1}, {"block", {{"number", block}}}}}},
            {"accounts", std::move(accounts)},
            {"holdings", json::array()},
            {"exposure", {{{"factor", "ETH/USD"}, {"net_usd", "5"}}}},
            {"gaps", json::array()}};
}

NamedReport named(const json& report) { return {.name = "r.json", .json = report.dump()}; }

TEST_CASE("two reports differ by accounts that came, went and changed", "[report][diff]") {
    // Compilers are not of one mind of what {json} is.
    const json legs = json::array({leg("collateral", "1000000000000000000")});
    const json before = report_of(
        {account("0x1", "healthy", "1.5", legs), account("0x2", "healthy", "2", legs)}, "100");
    json after = report_of({account("0x1", "at_risk", "1.05",
                                    {leg("collateral", "500000000000000000"), leg("debt", "3")}),
                            account("0x3", "healthy", "9", legs)},
                           "200");
    after["gaps"].push_back({{"chain", "base"}, {"kind", "timeout"}, {"detail", "no answer"}});
    const json diff = json::parse(diff_to_json(named(before), named(after)));
    CHECK(diff["schema"] == "margrave.diff/1");
    CHECK(diff["chains"]["changed"][0]["changes"]["block"]["after"]["number"] == "200");
    const json& accounts = diff["accounts"];
    CHECK(accounts["new"][0]["wallet"] == "0x3");
    CHECK(accounts["gone"][0]["wallet"] == "0x2");
    REQUIRE(accounts["changed"].size() == 1);
    const json& changed = accounts["changed"][0];
    CHECK(changed["changes"]["status"] == json({{"before", "healthy"}, {"after", "at_risk"}}));
    CHECK_FALSE(changed["changes"].contains("debt_raw"));
    CHECK(changed["legs"]["new"][0]["side"] == "debt");
    CHECK(changed["legs"]["changed"][0]["changes"]["amount_raw"]["after"] == "500000000000000000");
    CHECK(diff["gaps"]["new"][0]["kind"] == "timeout");
    CHECK(diff["exposure"].empty());

    const std::string text = diff_to_text(named(before), named(after), 100);
    CHECK_THAT(text, Contains("health_factor 1.5 -> 1.05") && Contains("amount 1 -> 0.5") &&
                         Contains("new ethereum aave_v3 core 0x3") && Contains("block 100 -> 200"));
}

TEST_CASE("a report is the same as itself, whatever the order of its accounts", "[report][diff]") {
    const json legs = json::array({leg("collateral", "1")});
    const json a = report_of(
        {account("0x1", "healthy", "1", legs), account("0x2", "healthy", "2", legs)}, "1");
    const json b = report_of(
        {account("0x2", "healthy", "2", legs), account("0x1", "healthy", "1", legs)}, "1");
    CHECK(diff_to_text(named(a), named(b), 80) == "The two say the same.\n");
}

TEST_CASE("amounts that differ look different", "[report][diff][boundary]") {
    const auto with = [](const char* amount) {
        return report_of(
            json::array({account("0x1", "healthy", "1", json::array({leg("collateral", amount)}))}),
            "1");
    };
    CHECK_THAT(
        diff_to_text(named(with("2000000000000000000")), named(with("2000000000000000001")), 100),
        Contains("amount 2 -> 2.000000000000000001"));
    CHECK_THAT(
        diff_to_text(named(with("1999999999999999999")), named(with("1500000000000000000")), 100),
        Contains("amount 1.99999999 -> 1.5"));
    json unread = with("2000000000000000000");
    unread["accounts"][0]["legs"][0]["amount_raw"] = nullptr;
    CHECK_THAT(diff_to_text(named(with("2000000000000000000")), named(unread), 100),
               Contains("amount 2 -> none"));
    // Without decimals it is the raw number, and called so.
    json bare = with("2");
    json later = with("3");
    bare["accounts"][0]["legs"][0].erase("decimals");
    later["accounts"][0]["legs"][0].erase("decimals");
    CHECK_THAT(diff_to_text(named(bare), named(later), 100), Contains("amount_raw 2 -> 3"));
}

TEST_CASE("what is no report is refused with its name", "[report][diff][hostile]") {
    const json good = report_of(json::array(), "1");
    json without = good;
    without.erase("accounts");
    json wrong = good;
    wrong["gaps"] = json::array({7});
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    for (const std::string& text : {std::string(), std::string("{}"), without.dump(), wrong.dump(),
                                    deep, R"({"schema":"margrave.report/2"})"_json.dump()}) {
        CHECK_THROWS_WITH(diff_to_json(named(good), {.name = "b.json", .json = text}),
                          Catch::StartsWith("b.json: "));
    }
    // Names from a chain cannot move a terminal's cursor.
    json hostile = good;
    hostile["accounts"] = json::array({account("\x1b[2J", "healthy", "1", json::array())});
    CHECK_THAT(diff_to_text(named(good), named(hostile), 80), !Contains("\x1b"));
    // C1's CSI
    hostile["accounts"] = json::array({account("\xc2\x9b", "healthy", "1", json::array())});
    CHECK_THAT(diff_to_json(named(good), named(hostile)), Contains("\\u009b"));
    // Many names in one object are looked up in no time.
    json wide = good;
    for (int i = 0; i < 200'000; ++i) {
        wide["x" + std::to_string(i)] = i;
    }
    CHECK_FALSE(diff_to_json(named(good), named(wide)).empty());
}

}  // namespace
}  // namespace margrave::report
