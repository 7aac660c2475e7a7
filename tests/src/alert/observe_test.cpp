#include "alert/observe.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/u256.hpp"
#include "oracle/model.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/gaps.hpp"
#include "tests/support/oracles.hpp"

using namespace margrave;
using namespace margrave::alert;
using core::U256;
using core::Wad;
using test::address;
using test::gap;

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
    const auto counts =
        observe(report, "devnet", {.wallets = {address(1), address(2)}}, Quantity::CoverageGaps);
    const auto count_of = [&](std::optional<core::Address> wallet) {
        return counts.at({.chain = "devnet", .protocol = "", .market = "", .wallet = wallet})
            .number;
    };
    CHECK(counts.size() == 3);
    CHECK(count_of(address(1)) == Wad(U256(2) * kWad));
    CHECK(count_of(address(2)) == Wad(0));
    CHECK(count_of(std::nullopt) == Wad(kWad));
}

TEST_CASE("gaps are named, the first of them, and how many are not", "[alert][observe]") {
    report::Report report;
    const auto about = [&] {
        return observe(report, "devnet", {}, Quantity::CoverageGaps).begin()->second.about;
    };
    CHECK(about().empty());
    report.gaps = {gap("aave_v3"), gap("")};
    report.gaps[0].market = "core";
    CHECK(about() == "aave_v3/core: HTTP 500; HTTP 500");
    report.gaps.insert(report.gaps.end(), 100, gap("morpho_blue"));
    for (auto& one : report.gaps) {
        one.market = std::string(66, 'f');
        one.detail = std::string(1000, 'x');
    }
    CHECK(about().ends_with(" and 99 more"));
    CHECK(about().size() <= 200);  // of which no more is shown
    CHECK(about().starts_with("aave_v3/fff"));
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
    // So may it because of a proxy that was not read, which another wallet's own account is not.
    report.gaps = {gap("ds_proxy", address(2))};
    CHECK_FALSE(value_of_absent(report, of(address(3)), watched).is_known);
    CHECK(value_of_absent(report, of(address(1)), watched).is_known);
    CHECK(value_of_absent(report, of(address(2)), watched).is_known);
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
    // Whether it is one behind a wallet could not be read.
    CHECK_FALSE(is_watched(report, of(address(3)), {address(1)}));
    report.gaps = {gap("ds_proxy", address(1))};
    CHECK(is_watched(report, of(address(3)), {address(1)}));
}

TEST_CASE("of whom a whole report would have told", "[alert][observe]") {
    report::Report health;
    report::Account& account = health.accounts.emplace_back();
    account.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
    account.wallet = address(1);
    const Subject mine = subject_of("devnet", account);
    Subject market = mine;
    market.wallet.reset();
    CHECK(subjects_of(health, "devnet", Quantity::TimeToLiquidation) == std::set{mine});
    CHECK(subjects_of(health, "devnet", Quantity::FreeLiquidity) == std::set{market});
    CHECK(subjects_of(health, "devnet", Quantity::PegDistance) == std::set{market});
    CHECK(subjects_of({}, "devnet", Quantity::NetUsd) ==
          std::set<Subject>{{.chain = "devnet", .protocol = "", .market = "", .wallet = {}}});
}

TEST_CASE("a report of some wallets says nothing of the chain", "[alert][observe]") {
    report::Report report;
    report.gaps = {gap("aave_v3", address(1)), gap("", std::nullopt)};
    const auto found =
        observe(report, "devnet", {.wallets = {address(1), address(2)}, .is_of_all = false},
                Quantity::CoverageGaps);
    CHECK(found.size() == 2);
    CHECK(std::all_of(found.begin(), found.end(),
                      [](const auto& one) { return one.first.wallet.has_value(); }));
}

TEST_CASE("how far an account's nearest price and factor are", "[alert][observe]") {
    report::Report report;
    report.accounts = {account(address(1), margin::Status::Healthy)};
    // Nothing alone liquidates it: there is nothing to watch, which is not unknown.
    CHECK(only(report, Quantity::LiquidationDistance).is_known);
    CHECK_FALSE(only(report, Quantity::LiquidationDistance).number);
    CHECK_FALSE(only(report, Quantity::FactorDistance).number);
    report.accounts[0].liquidation_prices.resize(2);
    report.accounts[0].liquidation_prices[0].distance = Wad(kWad / 4);  // nearest first
    report.accounts[0].liquidation_prices[1].distance = Wad(kWad / 2);
    CHECK(only(report, Quantity::LiquidationDistance).number == Wad(kWad / 4));
    report.accounts[0].liquidation_prices[0].symbol = "WETH";
    report.accounts[0].liquidation_prices[0].asset = address(9);
    CHECK(only(report, Quantity::LiquidationDistance).about == "WETH");
    report.accounts[0].liquidation_prices[0].price_usd = core::Usd(kWad * U256(1800));
    CHECK(only(report, Quantity::LiquidationDistance).about == "WETH at $1,800.00");
    CHECK(only(report, Quantity::LiquidationDistance).cause == "WETH " + address(9).to_string());
    report.accounts[0].liquidation_prices[0].symbol = std::string(100, 'W');
    CHECK(only(report, Quantity::LiquidationDistance).about.size() < 40);
    report.accounts[0].outlook.factors = {
        {.factor = "ETH/USD", .multiplier = kWad * 7 / 10, .failing = {}, .price = {}},
        {.factor = "EUR/USD",
         .multiplier = kWad * 12 / 10,
         .failing = {},
         .price = core::Usd(kWad * 13 / 10)}};
    CHECK(only(report, Quantity::FactorDistance).number == Wad(kWad / 5));
    CHECK(only(report, Quantity::FactorDistance).about == "EUR/USD at $1.3000");
    CHECK(only(report, Quantity::FactorDistance).cause == "EUR/USD");
    report.accounts[0].health.status = margin::Status::Unknown;
    CHECK_FALSE(only(report, Quantity::LiquidationDistance).is_known);
    CHECK_FALSE(only(report, Quantity::FactorDistance).is_known);
}

namespace {

report::OracleRow row_of(std::uint64_t feed, const report::Account& account,
                         const core::Address& asset, const char* symbol, std::uint64_t age_s) {
    report::OracleRow out;
    out.model = oracle::make_model(test::feed(feed, 1, ""));
    out.used_for = {{.market = account.market, .asset = asset, .symbol = symbol}};
    out.updated_at = core::Timestamp(1'000 - age_s);
    out.is_stale = true;
    return out;
}

/// An account that holds WETH and DAI, with a feed for each, and one that is no business of its.
report::Report priced_account() {
    report::Report out;
    out.accounts = {account(address(1), margin::Status::Healthy)};
    report::Account& mine = out.accounts[0];
    mine.legs.resize(2);
    mine.legs[0].leg.asset = address(9);
    mine.legs[1].leg.asset = address(8);
    out.oracles = {{.chain = "devnet",
                    .block_time = core::Timestamp(1'000),
                    .sequencer = std::nullopt,
                    .sequencer_state = std::nullopt,
                    .rows = {row_of(21, mine, address(9), "WETH", 100),
                             row_of(22, mine, address(8), "DAI", 300),
                             row_of(23, mine, address(7), "LINK", 900)},
                    .warnings = {}}};
    return out;
}

}  // namespace

TEST_CASE("how old the answers are that price an account, and whose", "[alert][observe]") {
    report::Report report = priced_account();
    const std::string first = test::oracle_address(21).to_string();
    const std::string second = test::oracle_address(22).to_string();
    CHECK(only(report, Quantity::OracleAge).number == whole(300));
    CHECK(only(report, Quantity::OracleAge).about == "DAI by " + second);
    CHECK(only(report, Quantity::OracleAge).cause == "feed " + second);
    CHECK(only(report, Quantity::LateOracles).number == whole(2));
    CHECK(only(report, Quantity::LateOracles).about == "DAI by " + second + "; also WETH");
    CHECK(only(report, Quantity::LateOracles).cause == "feed " + second);
    report.oracles[0].rows[1].is_stale = false;
    CHECK(only(report, Quantity::LateOracles).number == whole(1));
    CHECK(only(report, Quantity::LateOracles).about == "WETH by " + first);
    report.oracles[0].rows[0].is_stale.reset();
    CHECK(only(report, Quantity::LateOracles).number == whole(0));
    CHECK(only(report, Quantity::LateOracles).about.empty());
    report.oracles[0].rows[0].updated_at.reset();
    report.oracles[0].rows[1].updated_at.reset();
    CHECK(only(report, Quantity::OracleAge).is_known);  // of feeds without times
    CHECK_FALSE(only(report, Quantity::OracleAge).number);
    report.oracles.clear();
    CHECK_FALSE(only(report, Quantity::OracleAge).is_known);
}

TEST_CASE("an answer that could not be read may be the oldest", "[alert][observe]") {
    report::Report report = priced_account();
    const bool has_row = GENERATE(true, false);
    if (has_row) {
        report.oracles[0].rows[1].updated_at.reset();
        report.oracles[0].rows[1].is_stale.reset();
    } else {
        report.oracles[0].rows.erase(report.oracles[0].rows.begin() + 1);
    }
    for (const Quantity quantity : {Quantity::OracleAge, Quantity::LateOracles}) {
        // Without a gap there is nothing that was not read.
        report.gaps.clear();
        const Value all = only(report, quantity);
        CHECK(all.is_known);
        for (const auto& other : {gap("", address(1)), gap("morpho_blue")}) {
            report.gaps = {other};
            CHECK(only(report, quantity).is_known);
        }
        for (const auto& ours : {gap(""), gap("aave_v3")}) {
            report.gaps = {ours};
            const Value bound = only(report, quantity);
            CHECK_FALSE(bound.is_known);
            CHECK(bound.because == "HTTP 500");
            CHECK(bound.number == all.number);  // or more
            Rule rule;
            rule.quantity = quantity;
            rule.fires_below = false;
            rule.fires = rule.clears = Wad(0);
            CHECK(settled(rule, bound).is_known);
            rule.fires = rule.clears = *bound.number;
            CHECK_FALSE(settled(rule, bound).is_known);
        }
    }
    report = priced_account();
    report.gaps = {gap("")};
    CHECK(only(report, Quantity::OracleAge).is_known);  // every asset has its time
}

TEST_CASE("what pools that we are in have lent out, and what of ours can leave",
          "[alert][observe]") {
    report::Report report;
    const auto pool = [](std::uint64_t supplied, std::uint64_t borrowed, std::uint64_t liquid,
                         std::uint64_t ours, std::uint64_t owed) {
        exposure::PoolShare out;
        out.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
        out.capacity.supplied = U256(supplied);
        out.capacity.borrowed = U256(borrowed);
        out.capacity.liquid = U256(liquid);
        out.supplied = U256(ours);
        out.borrowed = U256(owed);
        out.capacity.symbol = "T" + std::to_string(borrowed);
        out.capacity.asset = address(borrowed);
        return out;
    };
    // The worst of those that we are in; the last one is nobody's of ours.
    report.exposure.pools = {pool(100, 50, 50, 10, 0), pool(100, 80, 5, 10, 0),
                             pool(100, 90, 10, 0, 1), pool(100, 100, 0, 0, 0)};
    CHECK(only(report, Quantity::Utilisation).number == Wad(kWad * 9 / 10));
    CHECK(only(report, Quantity::FreeLiquidity).number == Wad(kWad / 2));
    CHECK(only(report, Quantity::Utilisation).about == "T90");
    CHECK(only(report, Quantity::Utilisation).cause == "T90 " + address(90).to_string());
    CHECK(only(report, Quantity::FreeLiquidity).about == "T80");
    CHECK(observe(report, "devnet", {}, Quantity::Utilisation).begin()->first.to_string() ==
          "devnet aave_v3/core");
    report.exposure.pools = {pool(1, 0, 1, 0, 0), pool(0, 0, 0, 1, 0)};
    CHECK(observe(report, "devnet", {}, Quantity::Utilisation).empty());
    report.exposure.pools = {pool(1, 0, 1, 1, 0)};
    report.exposure.pools[0].capacity.liquid = ~U256(0);  // more than there is: no overflow
    CHECK(only(report, Quantity::FreeLiquidity).number == whole(1'000'000));
}

TEST_CASE("what could not be read of a wallet may be ours in a market", "[alert][observe]") {
    report::Report report;
    exposure::PoolShare pool;
    pool.market = {.protocol = "aave_v3", .chain = "devnet", .name = "core"};
    pool.capacity.supplied = U256(100);
    pool.capacity.liquid = U256(5);
    pool.supplied = U256(10);
    report.exposure.pools = {pool};
    report.gaps = {gap("aave_v3", address(1))};
    // Of more of ours less is free; how much is lent out does not depend on us.
    const Value free = only(report, Quantity::FreeLiquidity);
    CHECK_FALSE(free.is_known);
    CHECK(free.number == Wad(kWad / 2));
    CHECK(only(report, Quantity::Utilisation).is_known);
    Rule rule;
    rule.quantity = Quantity::FreeLiquidity;
    rule.fires_below = true;
    rule.fires = rule.clears = Wad(kWad);
    CHECK(settled(rule, free).is_known);  // it is beyond the limit in any case
    rule.fires = rule.clears = Wad(kWad / 4);
    CHECK_FALSE(settled(rule, free).is_known);
    // A market that is not there any more may be one that we are in.
    const Subject market{.chain = "devnet", .protocol = "aave_v3", .market = "core", .wallet = {}};
    CHECK_FALSE(value_of_absent(report, market, {address(1)}).is_known);
    report.gaps = {gap("morpho_blue", address(1))};
    CHECK(value_of_absent(report, market, {address(1)}).is_known);
    CHECK(only(report, Quantity::FreeLiquidity).is_known);
    report.gaps = {gap("ds_proxy", address(1))};  // behind which there may be more of ours
    CHECK_FALSE(value_of_absent(report, market, {address(1)}).is_known);
    CHECK_FALSE(only(report, Quantity::FreeLiquidity).is_known);
}

TEST_CASE("whether a quantity can be one of a subject", "[alert][observe]") {
    const Subject mine = of(address(1));
    Subject market = mine;
    market.wallet.reset();
    Subject wallet = mine;
    wallet.protocol = wallet.market = "";
    const Subject chain{.chain = "devnet", .protocol = {}, .market = {}, .wallet = {}};
    const auto subjects_of_it = [&](Quantity quantity) {
        return std::vector{may_be_of(quantity, mine), may_be_of(quantity, market),
                           may_be_of(quantity, wallet), may_be_of(quantity, chain)};
    };
    CHECK(subjects_of_it(Quantity::HealthFactor) == std::vector{true, false, false, false});
    CHECK(subjects_of_it(Quantity::AccountChanges) == std::vector{false, false, true, false});
    CHECK(subjects_of_it(Quantity::PegDistance) == std::vector{false, true, false, false});
    CHECK(subjects_of_it(Quantity::ParameterChanges) == std::vector{false, true, false, false});
    CHECK(subjects_of_it(Quantity::CoverageGaps) == std::vector{false, false, true, true});
    CHECK(subjects_of_it(Quantity::NetUsd) == std::vector{false, false, false, true});
}

TEST_CASE("of so many accounts that times are not found nothing is said to be safe",
          "[alert][observe]") {
    report::Report report;
    report.accounts.assign(exposure::kTimedAccountsMax,
                           account(address(1), margin::Status::Healthy));
    report.accounts.push_back(account(address(2), margin::Status::NoDebt));
    const auto value = [&] {
        return observe(report, "devnet", {}, Quantity::TimeToLiquidation).at(of(address(1)));
    };
    CHECK(value().is_known);
    report.accounts.push_back(account(address(3), margin::Status::AtRisk));
    CHECK_FALSE(value().is_known);
    CHECK(value().because.find("2000 accounts") != std::string::npos);
}

TEST_CASE("the asset that is farthest from what others say is its market's value, by name",
          "[alert][observe]") {
    report::Report report;
    const auto check = [](const char* market, const char* symbol, std::optional<Wad> divergence,
                          std::optional<Wad> peg = std::nullopt) {
        report::PriceCheck out;
        out.market = {.protocol = "aave_v3", .chain = "devnet", .name = market};
        out.symbol = symbol;
        out.divergence = divergence;
        out.beside = "aave_v3/lido";
        out.peg_distance = peg;
        out.priced_by = "aave_v3/core";
        return out;
    };
    const Subject core{.chain = "devnet", .protocol = "aave_v3", .market = "core", .wallet = {}};
    report.price_checks = {check("core", "USDC", Wad(kWad / 100)),
                           check("core", "DAI", Wad(kWad / 50), Wad(kWad / 20)),
                           check("core", "LINK", std::nullopt), check("lido", "GHO", std::nullopt)};
    CHECK(only(report, Quantity::OracleDivergence).number == Wad(kWad / 50));
    CHECK(only(report, Quantity::OracleDivergence).about == "DAI, beside aave_v3/lido");
    CHECK(only(report, Quantity::PegDistance).number == Wad(kWad / 20));
    CHECK(only(report, Quantity::PegDistance).about == "DAI, by aave_v3/core");
    CHECK(observe(report, "devnet", {}, Quantity::PegDistance).begin()->first == core);
    CHECK(observe(report, "other", {}, Quantity::PegDistance).empty());
    // What cannot be compared may be farther away.
    report.price_checks[0].unknown_because = "the oracle gives no price of USDC";
    CHECK_FALSE(only(report, Quantity::OracleDivergence).is_known);
    std::swap(report.price_checks[0], report.price_checks[1]);
    CHECK_FALSE(only(report, Quantity::OracleDivergence).is_known);
    CHECK(only(report, Quantity::OracleDivergence).number == Wad(kWad / 50));  // or more
    CHECK(only(report, Quantity::PegDistance).is_known);
    // So may what lost the source that it was compared with.
    report.price_checks[1].unknown_because.clear();
    CHECK(only(report, Quantity::OracleDivergence).is_known);
    report.gaps = {gap("morpho_blue", address(1))};
    CHECK(only(report, Quantity::OracleDivergence).is_known);
    report.gaps = {gap("morpho_blue", std::nullopt)};
    const Value lost = observe(report, "devnet", {}, Quantity::OracleDivergence).at(core);
    CHECK_FALSE(lost.is_known);
    CHECK(lost.because == "HTTP 500");
    CHECK(lost.number == Wad(kWad / 50));
    CHECK(lost.about == "DAI, beside aave_v3/lido");
    CHECK(only(report, Quantity::PegDistance).is_known);
    // A peg that nothing measures is not one that holds.
    report.price_checks[0].peg_unknown_because = "nothing says what WBTC/BTC is";
    CHECK_FALSE(only(report, Quantity::PegDistance).is_known);
    report.gaps.clear();

    // Nothing to compare with: because there is nothing, or because it could not be read.
    report.price_checks.clear();
    const auto absent = [&](Quantity quantity) {
        return value_of_absent(report, core, {}, quantity).is_known;
    };
    CHECK(absent(Quantity::OracleDivergence));
    report.gaps = {gap("morpho_blue", std::nullopt)};
    CHECK_FALSE(absent(Quantity::OracleDivergence));
    CHECK_FALSE(absent(Quantity::PegDistance));
    CHECK(absent(Quantity::Utilisation));
    report.gaps = {gap("morpho_blue", address(1))};
    CHECK(absent(Quantity::OracleDivergence));
}

TEST_CASE("what all wallets of a chain own, and on how little of it they stand",
          "[alert][observe]") {
    report::Report report;
    CHECK(only(report, Quantity::NetUsd).number == whole(0));
    CHECK_FALSE(only(report, Quantity::Leverage).number);
    CHECK_FALSE(only(report, Quantity::Concentration).number);
    report.exposure.assets = core::Usd(kWad * 300);
    report.exposure.debt = core::Usd(kWad * 200);
    const auto factor = [](const char* name, std::uint64_t usd) {
        exposure::FactorExposure out;
        out.factor = name;
        out.is_root = true;
        out.long_usd = core::Usd(kWad * U256(usd));
        return out;
    };
    report.exposure.factors = {factor("BTC/USD", 60), factor("ETH/USD", 240)};
    CHECK(only(report, Quantity::NetUsd).number == whole(100));
    CHECK(only(report, Quantity::Leverage).number == whole(3));
    CHECK(only(report, Quantity::Concentration).number == Wad(kWad * 8 / 10));
    CHECK(only(report, Quantity::Concentration).about == "ETH/USD");
    report.exposure.debt = core::Usd(kWad * 300);
    CHECK(only(report, Quantity::Leverage).number == whole(1'000'000'000'000));
    report.exposure.debt = core::Usd(kWad * 400);
    CHECK(only(report, Quantity::NetUsd).number == whole(0));
    // What could not be read may be a debt.
    report.gaps = {gap("aave_v3", address(1))};
    CHECK_FALSE(only(report, Quantity::NetUsd).is_known);
    CHECK_FALSE(only(report, Quantity::Leverage).is_known);
    CHECK_FALSE(only(report, Quantity::Concentration).is_known);
}

TEST_CASE("the largest exposure to a factor, of all or of some, with its sign",
          "[alert][observe]") {
    report::Report report;
    const auto value = [&](const std::vector<std::string>& factors) {
        const auto all = observe(report, "devnet", {}, Quantity::FactorExposure, factors);
        REQUIRE(all.size() == 1);
        return all.begin()->second;
    };
    CHECK(value({}).is_known);
    CHECK(value({}).number == whole(0));
    CHECK(value({}).about.empty());
    const auto factor = [](const char* name, std::uint64_t owned, std::uint64_t owed) {
        exposure::FactorExposure out;
        out.factor = name;
        out.long_usd = core::Usd(kWad * U256(owned));
        out.short_usd = core::Usd(kWad * U256(owed));
        return out;
    };
    report.exposure.factors = {factor("BTC/USD", 60, 0), factor("ETH/USD", 10, 250),
                               factor("USDC/USD", 239, 0)};
    CHECK(value({}).number == whole(240));
    CHECK(value({}).about == "ETH/USD, short");
    CHECK(value({}).cause == "ETH/USD");
    CHECK(value({"BTC/USD", "USDC/USD"}).about == "USDC/USD, long");
    CHECK(value({"DAI/USD"}).number == whole(0));
    // What nobody prices is in no sum: it is named.
    for (const char* symbol : {"A", "B", "C", "D"}) {
        report.exposure.unpriced.emplace_back().token.symbol = symbol;
    }
    CHECK(value({}).about == "ETH/USD, short; without what nobody prices: A, B, C and 1 more");
    CHECK(only(report, Quantity::NetUsd).about == "without what nobody prices: A, B, C and 1 more");
    // A debt is nobody's gift: without it the sums are not known.
    for (const Quantity quantity : {Quantity::FactorExposure, Quantity::NetUsd, Quantity::Leverage,
                                    Quantity::Concentration}) {
        auto owing = report;
        owing.exposure.unpriced[1].side = margin::Side::Debt;
        owing.exposure.unpriced[1].wallet = address(7);
        CHECK(only(owing, quantity).is_known == false);
        CHECK(only(owing, quantity).because ==
              "nobody prices B, which " + address(7).to_string() + " owes");
        CHECK(only(report, quantity).is_known);
        // More debt leaves less, and is more leverage: a bound.
        owing.exposure.assets = core::Usd(kWad * 300);
        owing.exposure.debt = core::Usd(kWad * 200);
        Rule rule;
        rule.quantity = quantity;
        for (const bool below : {true, false}) {
            rule.fires_below = below;
            rule.fires = whole(below ? 1'000 : 2);
            const Quantity bounded = below ? Quantity::NetUsd : Quantity::Leverage;
            CHECK(settled(rule, only(owing, quantity)).is_known == (quantity == bounded));
        }
    }
    report.gaps = {gap("aave_v3", address(1))};
    CHECK_FALSE(value({}).is_known);
    CHECK(depth_of(Quantity::FactorExposure) == Depth::Whole);
    CHECK(may_be_of(Quantity::FactorExposure,
                    {.chain = "devnet", .protocol = {}, .market = {}, .wallet = {}}));
    CHECK_FALSE(may_be_of(Quantity::FactorExposure, of(address(1))));
}

TEST_CASE("where an account really falls, if anywhere, or why it is not known",
          "[alert][observe]") {
    CHECK(depth_of(Quantity::CascadeDistance) == Depth::Cascade);
    const margin::MarketName core{.protocol = "aave_v3", .chain = "devnet", .name = "core"};
    report::Report report;
    report.cascade_falls = {
        {.market = core, .wallet = address(1), .distance = Wad(kWad / 10), .unknown_because = ""},
        {.market = core, .wallet = address(2), .distance = std::nullopt, .unknown_because = ""},
        {.market = core,
         .wallet = address(3),
         .distance = Wad(kWad / 10),
         .unknown_because = "a pool"}};
    const auto all = observe(report, "devnet", {}, Quantity::CascadeDistance);
    REQUIRE(all.size() == 3);
    CHECK(all.at(of(address(1))).number == Wad(kWad / 10));
    CHECK(all.at(of(address(2))).is_known);
    CHECK_FALSE(all.at(of(address(2))).number.has_value());
    CHECK_FALSE(all.at(of(address(3))).is_known);
    CHECK(all.at(of(address(3))).because == "a pool");
    CHECK(all.at(of(address(3))).number == Wad(kWad / 10));  // or less
    // It is nobody's but a cascade's to say.
    CHECK(observe(report, "devnet", {}, Quantity::HealthFactor).empty());
}
