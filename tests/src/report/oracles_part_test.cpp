#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "oracle/model.hpp"
#include "report/report.hpp"
#include "tests/src/exposure/examples.hpp"
#include "tests/support/oracles.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;
using core::Timestamp;
using core::U256;
using margin::OracleSource;
using Json = nlohmann::json;
using Shared = std::shared_ptr<const OracleSource>;

Shared at_block(const OracleSource& source, const core::Address& address) {
    OracleSource out = source;
    out.address = address;
    out.read_at = test::kBlockTime;
    if (out.updated_at) {
        out.updated_at = Timestamp(test::kBlockTime.value() - 7200);
    }
    for (auto& [name, value] : out.parameters) {
        if (name == "snapshot_timestamp") {
            value = test::kBlockTime.value();
        }
    }
    return std::make_shared<const OracleSource>(std::move(out));
}

/// The pool of the exposure examples with 10 wstETH against 15000 USDC; ETH/USD was updated two
/// hours ago, and the rate of wstETH, `ratio`, is capped at 1.2.
snapshot::Snapshot with_sources(const char* ratio, const char* eth = "ETH / USD") {
    auto pool = std::make_unique<test::MarginPool>(test::pool());
    pool->rows = {
        {.wallet = test::numbered(1),
         .balances = {{.asset = test::kWsteth, .collateral = test::tokens(10), .debt = 0},
                      {.asset = test::kUsdc, .collateral = 0, .debt = test::usdc(15'000)}}}};
    snapshot::Snapshot out;
    out.wallets = {test::numbered(1)};
    out.chains = {test::ethereum()};
    out.markets.push_back(std::move(pool));
    const Shared feed = at_block(*test::feed(1, 2000'00000000, eth), test::kFeed);
    const Shared capped = at_block(*test::capped_ratio(feed, test::decimal(ratio).value(),
                                                       {.snapshot = test::decimal("1.2").value(),
                                                        .growth = 0,
                                                        .scale = 1,
                                                        .seconds = 0,
                                                        .answer = 2400'00000000}),
                                   test::numbered(0x97));
    out.oracles = {{.chain = "ethereum",
                    .models = {oracle::make_model(feed), oracle::make_model(capped)},
                    .sequencer = std::nullopt}};
    return out;
}

Options options() { return {.at = std::nullopt, .at_risk_below = {}, .factors = test::factors()}; }

bool warns(const Report& report, const std::string& words) {
    const auto& warnings = report.accounts.at(0).warnings;
    return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& warning) {
        return warning.find(words) != std::string::npos;
    });
}

TEST_CASE("an account priced within caps and without known heartbeats has no warning",
          "[report][oracles]") {
    const Report report = make_report(with_sources("1.2"), options());
    CHECK(report.accounts.at(0).warnings.empty());
    REQUIRE(report.oracles.size() == 1);
    const auto& rows = report.oracles[0].rows;
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].used_for.size() == 1);  // of WETH
    CHECK(rows[1].used_for.at(0).symbol == "wstETH");
    CHECK_FALSE(rows[1].is_stale);
    CHECK(rows[1].updated_at == Timestamp(test::kBlockTime.value() - 7200));  // its feed's
}

TEST_CASE("a part that is older than its heartbeat and the slack is a warning",
          "[report][oracles][boundary]") {
    Options with = options();
    with.feeds[{"ethereum", test::kFeed}] = {.heartbeat_s = 6600};  // and 600 are 7200
    CHECK_FALSE(warns(make_report(with_sources("1.2"), with), "heartbeat"));
    with.feeds[{"ethereum", test::kFeed}] = {.heartbeat_s = 6599};
    const Report late = make_report(with_sources("1.2"), with);
    CHECK(warns(late, "(\"ETH / USD\") is 2h old"));
    CHECK(late.oracles[0].rows[1].is_stale == true);
    CHECK(late.accounts[0].health.health_factor);  // used as the protocol uses it
}

TEST_CASE("a ratio over its cap is a warning, one at it is not", "[report][oracles][capo]") {
    const Report report = make_report(with_sources("1.2000000000000001"), options());
    CHECK(warns(report, "the ratio is over the cap of"));
    CHECK_THAT(to_text(report, {}), Contains("AT LIMIT"));
    const Json json = Json::parse(to_json(report));
    const Json& bound = json.at("oracles").at(0).at("sources").at(1).at("bounds").at(0);
    CHECK(bound.at("what") == "ratio_cap");
    CHECK(bound.at("binds") == true);
    CHECK(bound.at("limit_raw") == "1200000000000000000");
    CHECK(bound.at("room").get<std::string>().front() == '-');
}

TEST_CASE("an answer within one deviation of its aggregator's bound is a warning",
          "[report][oracles][boundary]") {
    const auto reported = [](std::uint64_t lowest, std::optional<core::Bps> deviation) {
        snapshot::Snapshot snapshot = with_sources("1.2");
        OracleSource feed = snapshot.oracles[0].models[0]->source();
        feed.parameters["min_answer"] = lowest;
        snapshot.oracles[0].models[0] =
            oracle::make_model(std::make_shared<const OracleSource>(std::move(feed)));
        Options with = options();
        with.feeds[{"ethereum", test::kFeed}] = {.deviation = deviation};
        return make_report(snapshot, with).oracles[0].rows[0].warnings;
    };
    // 0.5 % of 2000 dollars are 10; 2 %, where nothing is configured, 40.
    CHECK(reported(1989'99999999, core::Bps(50)).empty());
    CHECK(reported(1990'00000000, core::Bps(50)).size() == 1);
    CHECK(reported(1959'99999999, std::nullopt).empty());
    CHECK_THAT(reported(1960'00000000, std::nullopt).at(0), Contains("is close to"));
    CHECK_THAT(reported(2000'00000000, std::nullopt).at(0), Contains("answers its aggregator's"));
}

TEST_CASE("a configuration that contradicts the chain is a warning", "[report][oracles]") {
    const Report report = make_report(with_sources("1.2", "USDT / USD"), options());
    CHECK(warns(report, "none of its configured factors"));
    CHECK(warns(report, "it is configured to follow ETH/USD"));
}

TEST_CASE("a sequencer that is down, or up again only lately, is a warning", "[report][l2]") {
    const auto reported = [](std::uint64_t answer, std::uint64_t ago) {
        snapshot::Snapshot snapshot = with_sources("1.2");
        snapshot.oracles[0].sequencer =
            margin::Sequencer{.feed = test::numbered(5),
                              .answer = answer,
                              .started_at = Timestamp(test::kBlockTime.value() - ago),
                              .grace_s = 3600};
        return make_report(snapshot, options());
    };
    CHECK(warns(reported(1, 60), "is down since"));
    CHECK(warns(reported(0, 3600), "within its grace period"));
    CHECK(reported(0, 3601).accounts.at(0).warnings.empty());
    CHECK(Json::parse(to_json(reported(0, 60))).at("oracles").at(0).at("sequencer").at("state") ==
          "grace");
}

}  // namespace
}  // namespace margrave::report
