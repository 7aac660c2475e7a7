#include "report/totals.hpp"

#include <catch2/catch.hpp>

#include "tests/support/snapshots.hpp"

namespace margrave::report {
namespace {

using margin::Status;
using test::account;
using test::numbered;

snapshot::Snapshot one_account() {
    return test::snapshot_of(
        test::market({account(1, test::health_of(Status::Healthy, "1237500000000000000"))}));
}

WalletTotal total_of(const snapshot::Snapshot& snapshot) {
    const Report report = make_report(snapshot, test::options());
    REQUIRE(report.totals.size() == 1);
    return report.totals[0];
}

snapshot::CoverageGap gap(std::string chain, std::string protocol, std::string market) {
    return {.chain = std::move(chain),
            .protocol = std::move(protocol),
            .market = std::move(market),
            .wallet = numbered(1),
            .kind = core::ErrorKind::Timeout,
            .detail = "no answer"};
}

TEST_CASE("a wallet's total adds up its legs and its balances", "[report][totals]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.holdings = {test::weth_holding(1, core::wad())};
    const WalletTotal total = total_of(snapshot);
    CHECK(total.wallet == numbered(1));
    CHECK(total.collateral_and_supply == test::dollars(15'000));
    CHECK(total.debt == test::dollars(10'000));
    CHECK(total.idle == test::dollars(2500));
    CHECK(total.complete());
}

TEST_CASE("debt is the larger of the protocol's figure and the legs",
          "[report][totals][rounding]") {
    test::FakeAccount row = account(1, test::health_of(Status::Healthy, "1237500000000000000"));
    // The leg is worth 10,000 dollars; a 1e-18th of a dollar stands for what rounding took from it.
    const core::Usd a_little_more(test::dollars(10'000).value() + 1);
    const core::Usd a_little_less(test::dollars(10'000).value() - 1);
    SECTION("the legs were rounded down") {
        row.health.debt_usd = a_little_more;
        CHECK(total_of(test::snapshot_of(test::market({row}))).debt == a_little_more);
    }
    SECTION("the protocol's quote drops digits") {
        row.health.debt_usd = a_little_less;
        CHECK(total_of(test::snapshot_of(test::market({row}))).debt == test::dollars(10'000));
    }
    SECTION("of two accounts both count") {
        row.health.debt_usd = a_little_more;
        auto second =
            std::make_unique<test::FakeMarket>(margin::MarketName{"aave_v3", "ethereum", "prime"});
        second->accounts = {row};
        snapshot::Snapshot snapshot = test::snapshot_of(test::market({row}));
        snapshot.markets.push_back(std::move(second));
        CHECK(total_of(snapshot).debt == core::Usd(test::dollars(20'000).value() + 2));
    }
}

TEST_CASE("a wallet with nothing at all has a total of zero", "[report][totals]") {
    snapshot::Snapshot snapshot;
    snapshot.wallets = {numbered(1)};
    const WalletTotal total = total_of(snapshot);
    CHECK(total.collateral_and_supply == core::Usd());
    CHECK(total.debt == core::Usd());
    CHECK(total.complete());
}

TEST_CASE("a wallet that stands twice in the snapshot has one total", "[report][totals]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.wallets = {numbered(1), numbered(1)};
    CHECK(total_of(snapshot).debt == test::dollars(10'000));
}

TEST_CASE("collateral without a value leaves the assets incomplete", "[report][totals][coverage]") {
    auto market = test::market({account(1, test::unknown("no price"))});
    market->accounts[0].legs[0].value.reset();
    const WalletTotal total = total_of(test::snapshot_of(std::move(market)));
    CHECK_FALSE(total.assets_complete);
    CHECK(total.debt_complete);
}

TEST_CASE("debt without a value leaves the debt incomplete", "[report][totals][coverage]") {
    auto market = test::market({account(1, test::unknown("no price"))});
    market->accounts[0].legs[1].value.reset();
    const WalletTotal total = total_of(test::snapshot_of(std::move(market)));
    CHECK(total.assets_complete);
    CHECK_FALSE(total.debt_complete);
}

TEST_CASE("an unpriced balance leaves the assets incomplete", "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.holdings = {test::weth_holding(1, 1)};
    snapshot.holdings[0].price.reset();
    CHECK_FALSE(total_of(snapshot).assets_complete);
    CHECK(total_of(snapshot).debt_complete);
}

TEST_CASE("a sum that exceeds 256 bits is incomplete, not wrapped", "[report][totals][boundary]") {
    auto market = test::market({account(1, test::no_debt())});
    market->accounts[0].legs.push_back(test::weth_collateral());
    market->accounts[0].legs[1].value = core::Usd(core::max_u256());
    const WalletTotal total = total_of(test::snapshot_of(std::move(market)));
    CHECK(total.collateral_and_supply == test::dollars(15'000));
    CHECK_FALSE(total.assets_complete);
}

TEST_CASE("an account that could not be read leaves assets and debt incomplete",
          "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.gaps = {gap("ethereum", "aave_v3", "prime")};
    CHECK_FALSE(total_of(snapshot).assets_complete);
    CHECK_FALSE(total_of(snapshot).debt_complete);
}

TEST_CASE("a chain that could not be read leaves assets and debt incomplete",
          "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.gaps = {gap("arbitrum", "", "")};
    snapshot.gaps[0].wallet.reset();
    CHECK_FALSE(total_of(snapshot).assets_complete);
    CHECK_FALSE(total_of(snapshot).debt_complete);
}

TEST_CASE("a token balance that could not be read leaves only the assets incomplete",
          "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.gaps = {gap("ethereum", "", "")};
    CHECK_FALSE(total_of(snapshot).assets_complete);
    CHECK(total_of(snapshot).debt_complete);
}

TEST_CASE("a gap of a market leaves complete what an account read there shows in full",
          "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.gaps = {gap("ethereum", "aave_v3", "core")};
    CHECK(total_of(snapshot).complete());
}

TEST_CASE("a gap of another wallet leaves this wallet's total alone",
          "[report][totals][coverage]") {
    snapshot::Snapshot snapshot = one_account();
    snapshot.gaps = {gap("ethereum", "aave_v3", "prime")};
    snapshot.gaps[0].wallet = numbered(2);
    const Report report = make_report(snapshot, test::options());
    REQUIRE(report.totals.size() == 2);
    CHECK(report.totals[0].complete());
    CHECK(report.totals[1].wallet == numbered(2));
    CHECK_FALSE(report.totals[1].complete());
}

}  // namespace
}  // namespace margrave::report
