#include "alert/observe.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::alert;
using core::U256;
using core::Wad;
using test::address;

namespace {

const U256 kWad = U256(1'000'000'000'000'000'000);

report::Account account(const core::Address& wallet, margin::Status status) {
    report::Account out;
    out.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
    out.chain_id = core::ChainId(31337);
    out.wallet = wallet;
    out.health.status = status;
    return out;
}

Subject of(const core::Address& wallet) {
    return {.chain = "devnet", .protocol = "aave_v3", .market = "core", .wallet = wallet};
}

snapshot::CoverageGap gap(const std::string& protocol, std::optional<core::Address> wallet) {
    snapshot::CoverageGap out;
    out.chain = "devnet";
    out.protocol = protocol;
    out.wallet = wallet;
    out.detail = "HTTP 500";
    return out;
}

Value only(const report::Report& report, Quantity quantity) {
    const auto all = observe(report, "devnet", {}, quantity);
    REQUIRE(all.size() == 1);
    return all.begin()->second;
}

}  // namespace

TEST_CASE("what an account's health is, or why it is not known", "[alert][observe]") {
    report::Report report;
    report.accounts = {account(address(1), margin::Status::Healthy)};
    report.accounts[0].health.health_factor = Wad(U256(2) * kWad);
    report.accounts[0].collateral_fall = Wad(kWad / 2);
    CHECK(only(report, Quantity::HealthFactor).number == Wad(U256(2) * kWad));
    CHECK(only(report, Quantity::CollateralFall).number == Wad(kWad / 2));
    CHECK(observe(report, "devnet", {}, Quantity::HealthFactor).begin()->first == of(address(1)));

    report.accounts[0].health.status = margin::Status::Unknown;
    report.accounts[0].health.unknown_because = "the price of WETH";
    CHECK_FALSE(only(report, Quantity::HealthFactor).is_known);
    CHECK(only(report, Quantity::HealthFactor).because == "the price of WETH");

    report.accounts[0].health.status = margin::Status::NoDebt;
    CHECK(only(report, Quantity::HealthFactor).is_known);
    CHECK_FALSE(only(report, Quantity::HealthFactor).number);

    // It owes and has no health: not knowing is not health.
    report.accounts[0] = account(address(1), margin::Status::Healthy);
    CHECK_FALSE(only(report, Quantity::HealthFactor).is_known);
    CHECK_FALSE(only(report, Quantity::CollateralFall).is_known);
}

TEST_CASE("time until interest liquidates it counts from the block", "[alert][observe]") {
    report::Report report;
    report.accounts = {account(address(1), margin::Status::Healthy)};
    snapshot::ChainCut cut;
    cut.chain = "devnet";
    cut.chain_id = core::ChainId(31337);
    cut.timestamp = core::Timestamp(1'000);
    report.chains = {cut};
    CHECK_FALSE(only(report, Quantity::TimeToLiquidation).number);
    CHECK(only(report, Quantity::TimeToLiquidation).is_known);
    report.accounts[0].outlook.falls_at = core::Timestamp(1'060);
    CHECK(only(report, Quantity::TimeToLiquidation).number == Wad(U256(60) * kWad));
    report.accounts[0].outlook.falls_at = core::Timestamp(999);
    CHECK(only(report, Quantity::TimeToLiquidation).number == Wad(0));
    report.chains.clear();
    CHECK_FALSE(only(report, Quantity::TimeToLiquidation).is_known);
}

TEST_CASE("gaps are counted for wallets and for the chain", "[alert][observe]") {
    report::Report report;
    report.gaps = {gap("aave_v3", address(1)), gap("aave_v3", address(1)), gap("", std::nullopt)};
    const auto counts = observe(report, "devnet", {address(1), address(2)}, Quantity::CoverageGaps);
    const auto count_of = [&](std::optional<core::Address> wallet) {
        return counts.at({.chain = "devnet", .protocol = "", .market = "", .wallet = wallet})
            .number;
    };
    CHECK(counts.size() == 3);
    CHECK(count_of(address(1)) == Wad(U256(2) * kWad));
    CHECK(count_of(address(2)) == Wad(0));
    CHECK(count_of(std::nullopt) == Wad(kWad));
}

TEST_CASE("an account that the report lacks was closed, or could not be read", "[alert][observe]") {
    const std::vector<core::Address> watched{address(1), address(2)};
    report::Report report;
    CHECK(value_of_absent(report, of(address(1)), watched).is_known);
    report.gaps = {gap("aave_v3", address(2)), gap("morpho_blue", address(1)), gap("", address(2))};
    CHECK(value_of_absent(report, of(address(1)), watched).is_known);
    for (const auto& mine : {gap("aave_v3", address(1)), gap("aave_v3", std::nullopt),
                             gap("", std::nullopt), gap("", address(1))}) {
        report.gaps.push_back(mine);
        CHECK_FALSE(value_of_absent(report, of(address(1)), watched).is_known);
        report.gaps.pop_back();
    }
    // Markets are not told apart: what a protocol calls them in a gap need not be their name.
    report.gaps.push_back(gap("aave_v3", std::nullopt));
    report.gaps.back().market = "another";
    CHECK_FALSE(value_of_absent(report, of(address(1)), watched).is_known);
    // A wallet behind a wallet may be missing because of a gap of the other.
    report.gaps = {gap("", address(2))};
    CHECK_FALSE(value_of_absent(report, of(address(3)), watched).is_known);
}

TEST_CASE("watched are the wallets, and those behind them", "[alert][observe]") {
    report::Report report;
    CHECK(is_watched(report, of(address(1)), {address(1)}));
    CHECK_FALSE(is_watched(report, of(address(2)), {address(1)}));
    CHECK(is_watched(report, {.chain = "devnet", .protocol = "", .market = "", .wallet = {}}, {}));
    snapshot::SmartAccount safe;
    safe.address = address(2);
    report.smart_accounts = {safe};
    CHECK(is_watched(report, of(address(2)), {address(1)}));
}
