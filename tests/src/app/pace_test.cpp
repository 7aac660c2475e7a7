#include "app/pace.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <utility>
#include <vector>

#include "alert/observe.hpp"
#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::app {
namespace {

using test::address;
using Wallets = std::vector<core::Address>;

const core::U256 kPercent = core::wad() / core::U256(100);

/// With one account, whose collateral may fall by so many hundredths.
void add(report::Report& report, const core::Address& wallet, std::uint64_t percent) {
    report::Account& account = report.accounts.emplace_back();
    account.wallet = wallet;
    account.health.status = margin::Status::Healthy;
    account.collateral_fall = core::Wad(kPercent * core::U256(percent));
}

alert::Scope all_of(const Pace& pace) { return {.wallets = pace.wallets(), .is_of_all = true}; }
alert::Scope some(Wallets wallets) { return {.wallets = std::move(wallets), .is_of_all = false}; }

}  // namespace

TEST_CASE("who is near is looked at with every block, the others so often", "[pace]") {
    Pace pace(60, {address(1), address(2), address(3)});
    CHECK(pace.due(1'000).wallets == pace.wallets());  // nothing is known
    CHECK_FALSE(pace.is_nobody_near());
    report::Report report;
    add(report, address(1), 24);
    add(report, address(2), 25);
    report.accounts.emplace_back().wallet = address(3);
    report.accounts.back().health.status = margin::Status::NoDebt;
    pace.learn(report, all_of(pace), {}, 1'000);
    CHECK(pace.due(1'012).wallets == Wallets{address(1)});
    CHECK(pace.due(1'059).wallets == Wallets{address(1)});
    CHECK(pace.due(1'060).wallets == pace.wallets());
    CHECK(pace.due(999).wallets == pace.wallets());  // back in time
    // What is learned of the near ones alone makes nobody else due later.
    report::Report near;
    add(near, address(1), 30);
    pace.learn(near, some({address(1)}), {}, 1'048);
    CHECK(pace.is_nobody_near());
    CHECK(pace.due(1'059).wallets.empty());
    CHECK(pace.due(1'060).wallets == pace.wallets());
    pace.forget();
    CHECK_FALSE(pace.is_nobody_near());
    CHECK(pace.due(1'012).wallets == pace.wallets());
}

TEST_CASE("near is also what is not known, or waits", "[pace]") {
    Pace pace(60, {address(1), address(2), address(3), address(4)});
    report::Report report;
    add(report, address(1), 90);
    add(report, address(2), 90);
    add(report, address(3), 90);
    add(report, address(4), 90);
    pace.learn(report, all_of(pace), {}, 1'000);
    CHECK(pace.is_nobody_near());
    report.accounts[0].health.status = margin::Status::Unknown;
    report.accounts[1].collateral_fall.reset();
    report.gaps = {{.chain = "devnet",
                    .protocol = "",
                    .market = "",
                    .wallet = address(3),
                    .kind = core::ErrorKind::BadData,
                    .detail = ""}};
    pace.learn(report, all_of(pace), {address(4)}, 1'000);
    CHECK(pace.near() == std::set<core::Address>{address(1), address(2), address(3), address(4)});
}

TEST_CASE("what could not be read of a market may be anybody's", "[pace]") {
    Pace pace(60, {address(1), address(2)});
    report::Report report;
    report.gaps = {{.chain = "devnet",
                    .protocol = "aave_v3",
                    .market = "core",
                    .wallet = {},
                    .kind = core::ErrorKind::BadData,
                    .detail = ""}};
    pace.learn(report, all_of(pace), {}, 1'000);
    CHECK(pace.near().size() == 2);
    pace.learn({}, all_of(pace), {}, 1'000);
    // Of a look at some it says nothing of the others.
    pace.learn(report, some({address(1)}), {}, 1'012);
    CHECK(pace.near() == std::set<core::Address>{address(1)});
}

TEST_CASE("an account behind wallets makes those near that own it", "[pace]") {
    Pace pace(60, {address(1), address(2)});
    report::Report report;
    add(report, address(9), 10);
    snapshot::SmartAccount safe;
    safe.address = address(9);
    safe.owners = {address(8), address(7)};
    snapshot::SmartAccount proxy;
    proxy.address = address(8);
    proxy.owners = {address(2)};
    report.smart_accounts = {proxy, safe};
    pace.learn(report, all_of(pace), {}, 1'000);
    CHECK(pace.near() == std::set<core::Address>{address(2)});
}

TEST_CASE("without a pace all are looked at with every block", "[pace]") {
    Pace pace(0, {address(1)});
    pace.learn({}, all_of(pace), {}, 1'000);
    CHECK_FALSE(pace.is_nobody_near());
    CHECK(pace.due(1'000).wallets == pace.wallets());
}

}  // namespace margrave::app
