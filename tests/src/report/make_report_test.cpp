#include <catch2/catch.hpp>

#include "core/errors.hpp"
#include "report/report.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using Catch::Matchers::Contains;
using margin::Status;
using test::account;
using test::health_of;
using test::numbered;

Status reported_status(const margin::Health& health) {
    return test::report_of({account(1, health)}).accounts.at(0).health.status;
}

std::vector<core::Address> reported_wallets(const Report& report) {
    std::vector<core::Address> wallets;
    for (const Account& reported : report.accounts) {
        wallets.push_back(reported.wallet);
    }
    return wallets;
}

snapshot::CoverageGap gap(std::string market, std::optional<core::Address> wallet) {
    return {.chain = "ethereum",
            .protocol = "aave_v3",
            .market = std::move(market),
            .wallet = wallet,
            .kind = core::ErrorKind::Timeout,
            .detail = "no answer"};
}

TEST_CASE("a healthy account is at risk below the limit and not at it", "[report][boundary]") {
    CHECK(reported_status(health_of(Status::Healthy, "1099999999999999999")) == Status::AtRisk);
    CHECK(reported_status(health_of(Status::Healthy, "1100000000000000000")) == Status::Healthy);
    CHECK(reported_status(health_of(Status::Healthy, "1000000000000000000")) == Status::AtRisk);
}

TEST_CASE("the protocol alone decides what is liquidatable", "[report][boundary]") {
    CHECK(reported_status(health_of(Status::Liquidatable, "999999999999999999")) ==
          Status::Liquidatable);
    // A protocol whose check is "at most one" says so itself.
    CHECK(reported_status(health_of(Status::Liquidatable, "1000000000000000000")) ==
          Status::Liquidatable);
}

TEST_CASE("an account without debt or with unknown health is never at risk", "[report]") {
    CHECK(reported_status(test::no_debt()) == Status::NoDebt);
    CHECK(reported_status(test::unknown("no price")) == Status::Unknown);
}

TEST_CASE("accounts come worst first: unknown, by rising health, without debt last", "[report]") {
    const Report report = test::report_of({
        account(1, test::no_debt()),
        account(2, health_of(Status::Healthy, "2000000000000000000")),
        account(3, health_of(Status::Liquidatable, "999999999999999999")),
        account(4, test::unknown("no price")),
        account(5, health_of(Status::Healthy, "1000000000000000000")),
    });
    CHECK(reported_wallets(report) ==
          std::vector{numbered(4), numbered(3), numbered(5), numbered(2), numbered(1)});
}

TEST_CASE("accounts of equal health come by chain, market and wallet", "[report]") {
    const margin::Health health = health_of(Status::Healthy, "2000000000000000000");
    snapshot::Snapshot snapshot =
        test::snapshot_of(test::market({account(2, health), account(1, health)}, "prime"));
    snapshot.markets.push_back(test::market({account(3, health)}, "core"));
    snapshot::ChainCut arbitrum = test::ethereum();
    arbitrum.chain = "arbitrum";
    arbitrum.chain_id = core::ChainId(42'161);
    snapshot.chains.push_back(arbitrum);
    auto elsewhere = std::make_unique<test::FakeMarket>(
        margin::MarketName{.protocol = "aave_v3", .chain = "arbitrum", .name = "zeta"});
    elsewhere->accounts = {account(4, health)};
    snapshot.markets.push_back(std::move(elsewhere));

    const Report report = make_report(snapshot, test::options());
    CHECK(reported_wallets(report) ==
          std::vector{numbered(4), numbered(3), numbered(1), numbered(2)});
    CHECK(report.accounts[0].chain_id == core::ChainId(42'161));
    CHECK(report.accounts[1].chain_id == core::ChainId(1));
}

TEST_CASE("a row that holds nothing is left out", "[report]") {
    test::FakeAccount empty = account(1, test::no_debt());
    empty.active = false;
    CHECK(test::report_of({empty}).accounts.empty());

    SECTION("also when the protocol agrees that it holds nothing") {
        empty.referee = std::vector<margin::Difference>{};
        CHECK(test::report_of({empty}).accounts.empty());
    }
    SECTION("but not when the protocol says that it holds something") {
        empty.referee = {{.what = "debt", .ours = "0", .theirs = "1"}};
        CHECK(test::report_of({empty}).accounts.size() == 1);
    }
}

TEST_CASE("an empty snapshot gives an empty report", "[report]") {
    const Report report = make_report(snapshot::Snapshot{}, test::options());
    CHECK(report.accounts.empty());
    CHECK(report.holdings.empty());
    CHECK(report.totals.empty());
    CHECK(report.gaps.empty());
}

TEST_CASE("an unknown health that no gap names gets its own gap", "[report][coverage]") {
    snapshot::Snapshot snapshot =
        test::snapshot_of(test::market({account(1, test::unknown("debt times price overflows"))}));
    // None of these is about this account.
    snapshot.gaps = {gap("core", numbered(2)), gap("prime", std::nullopt)};
    const Report report = make_report(snapshot, test::options());
    REQUIRE(report.gaps.size() == 3);
    CHECK(report.gaps[2].chain == "ethereum");
    CHECK(report.gaps[2].protocol == "aave_v3");
    CHECK(report.gaps[2].market == "core");
    CHECK(report.gaps[2].wallet == numbered(1));
    CHECK(report.gaps[2].kind == core::ErrorKind::OutOfRange);
    CHECK(report.gaps[2].detail == "debt times price overflows");
}

TEST_CASE("an unknown health that a gap names gets no second one", "[report][coverage]") {
    snapshot::Snapshot snapshot =
        test::snapshot_of(test::market({account(1, test::unknown("no price"))}));
    snapshot.gaps = {
        gap("core", GENERATE(as<std::optional<core::Address>>{}, std::nullopt, numbered(1)))};
    CHECK(make_report(snapshot, test::options()).gaps.size() == 1);
}

TEST_CASE("gaps that the collector already merged from a market are not added again",
          "[report][coverage]") {
    auto market = test::market({account(1, test::unknown("no price"))});
    market->missing_parts = {{.wallet = std::nullopt, .what = "price", .detail = "none"}};
    snapshot::Snapshot snapshot = test::snapshot_of(std::move(market));
    snapshot.gaps = {gap("core", std::nullopt)};
    CHECK(make_report(snapshot, test::options()).gaps.size() == 1);
}

TEST_CASE("a report for a later time accrues interest and leaves the snapshot alone", "[report]") {
    test::FakeAccount row = account(1, health_of(Status::Healthy, "1200000000000000000"));
    row.health_later = health_of(Status::Liquidatable, "990000000000000000");
    row.referee = std::vector<margin::Difference>{};
    const snapshot::Snapshot snapshot = test::snapshot_of(test::market({row}));
    Options options = test::options();

    options.at = core::Timestamp(test::kBlockTime.value() + 1);
    const Report later = make_report(snapshot, options);
    CHECK(later.at == options.at);
    CHECK(later.accounts.at(0).health.status == Status::Liquidatable);
    // The protocol's own view is of the block, and so is what it is compared with.
    CHECK(later.accounts.at(0).verified);
    CHECK(later.accounts.at(0).differences.empty());

    options.at = test::kBlockTime;
    CHECK(make_report(snapshot, options).accounts.at(0).health.status == Status::Healthy);
    CHECK(snapshot.markets.at(0)->time() == test::kBlockTime);
}

TEST_CASE("a time before a chain's block is refused", "[report][refused]") {
    const snapshot::Snapshot snapshot = test::snapshot_of(test::market({}));
    Options options = test::options();
    options.at = core::Timestamp(test::kBlockTime.value() - 1);
    CHECK_THROWS_AS(make_report(snapshot, options), core::InputError);
    CHECK_THROWS_WITH(make_report(snapshot, options),
                      Contains("2025-06-15 15:06:40 UTC") && Contains("ethereum"));
}

TEST_CASE("what the protocol's own view says is carried into the report", "[report][verify]") {
    test::FakeAccount row = account(1, health_of(Status::Healthy, "1200000000000000000"));
    CHECK_FALSE(test::report_of({row}).accounts.at(0).verified);
    row.referee = {{.what = "health factor", .ours = "1.2", .theirs = "1.1"}};
    const Account reported = test::report_of({row}).accounts.at(0);
    CHECK(reported.verified);
    REQUIRE(reported.differences.size() == 1);
    CHECK(reported.differences[0].theirs == "1.1");
}

TEST_CASE("what could not be read is no difference, and leaves the account unverified",
          "[report][verify][coverage]") {
    test::FakeAccount row = account(1, test::unknown("the price of WETH"));
    row.referee = {{.what = "debt", .ours = "unknown", .theirs = "1"},
                   {.what = "health factor", .ours = "unknown", .theirs = "2"}};
    SECTION("when nothing else differs") {
        const Account reported = test::report_of({row}).accounts.at(0);
        CHECK_FALSE(reported.verified);
        CHECK(reported.differences.empty());
    }
    SECTION("but what is known and differs is told") {
        row.referee->push_back({.what = "supply of WETH", .ours = "3", .theirs = "4"});
        const Account reported = test::report_of({row}).accounts.at(0);
        CHECK(reported.verified);
        REQUIRE(reported.differences.size() == 1);
        CHECK(reported.differences[0].what == "supply of WETH");
    }
    SECTION("even where the account seems to hold nothing") {
        row.active = false;
        const Report report = test::report_of({row});
        REQUIRE(report.accounts.size() == 1);
        CHECK_FALSE(report.accounts[0].verified);
    }
}

TEST_CASE("a leg's price is given in dollars where the market's oracle counts in dollars",
          "[report]") {
    auto market = test::market({account(1, health_of(Status::Healthy, "1200000000000000000"))});
    market->asset_prices.pop_back();  // USDC
    const Report report = make_report(test::snapshot_of(std::move(market)), test::options());
    const std::vector<Leg>& legs = report.accounts.at(0).legs;
    REQUIRE(legs.size() == 2);
    CHECK(legs[0].price_usd == test::dollars(2500));
    CHECK_FALSE(legs[1].price_usd);
}

TEST_CASE("holdings of nothing are left out and others valued", "[report]") {
    snapshot::Snapshot snapshot = test::snapshot_of(test::market({}));
    snapshot.holdings = {test::weth_holding(1, 0), test::weth_holding(1, core::wad())};
    const Report report = make_report(snapshot, test::options());
    REQUIRE(report.holdings.size() == 1);
    CHECK(report.holdings[0].value == test::dollars(2500));
    CHECK(report.holdings[0].price_usd == test::dollars(2500));
}

TEST_CASE("a holding whose value exceeds 256 bits has none", "[report][boundary]") {
    snapshot::Snapshot snapshot = test::snapshot_of(test::market({}));
    snapshot.wallets = {numbered(1)};
    snapshot.holdings = {test::weth_holding(1, core::max_u256())};
    const Report report = make_report(snapshot, test::options());
    REQUIRE(report.holdings.size() == 1);
    CHECK_FALSE(report.holdings[0].value);
    CHECK_FALSE(report.totals.at(0).complete());
}

TEST_CASE("the same snapshot gives the same report", "[report]") {
    const snapshot::Snapshot snapshot = test::example();
    CHECK(to_json(make_report(snapshot, test::options())) ==
          to_json(make_report(snapshot, test::options())));
}

}  // namespace
}  // namespace margrave::report
