#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/fixed_point.hpp"
#include "report/report.hpp"
#include "tests/support/fake_market.hpp"

/// Snapshots for the tests of reports, built from words: a market on "ethereum" at 2025-06-15
/// 15:06:40 UTC with WETH at 2500 dollars and USDC at one, in an oracle of 8 decimals.
namespace margrave::test {

inline const core::Timestamp kBlockTime{1'750'000'000};

/// 0x0101…01, 0x0202…02: told apart at a glance, and without letters, so without a checksum.
inline core::Address numbered(std::uint8_t number) {
    core::Address::Raw raw{};
    raw.fill(number);
    return core::Address(raw);
}

inline const core::Address kWeth = numbered(0x91);
inline const core::Address kUsdc = numbered(0x92);
inline const core::Address kFeed = numbered(0x95);

inline core::Usd dollars(std::uint64_t whole) { return core::Usd(core::U256(core::wad() * whole)); }

inline core::Wad wad(const std::string& decimal_digits) {
    return core::Wad(core::parse_decimal(decimal_digits).value());
}

/// The health of the examples: 15000 dollars of collateral that may carry 82.5 %, so 12375 dollars
/// of debt, with `debt` dollars owed and the health factor given.
inline margin::Health health_of(margin::Status status, const std::string& factor_raw,
                                std::uint64_t debt = 10'000) {
    constexpr std::uint64_t kBaseUnit = 1'00000000;
    margin::Health health;
    health.status = status;
    health.health_factor = wad(factor_raw);
    health.collateral = core::U256(15'000 * kBaseUnit);
    health.collateral_value = health.collateral;
    health.debt = core::U256(debt * kBaseUnit);
    health.available_borrows = core::U256(debt < 12'000 ? (12'000 - debt) * kBaseUnit : 0);
    health.liquidation_threshold = core::Bps(8250);
    health.max_ltv = core::Bps(8000);
    health.collateral_usd = dollars(15'000);
    health.debt_usd = dollars(debt);
    return health;
}

inline margin::Health no_debt() {
    margin::Health health = health_of(margin::Status::NoDebt, "0", 0);
    health.health_factor.reset();
    return health;
}

inline margin::Health unknown(std::string because) {
    margin::Health health;
    health.unknown_because = std::move(because);
    return health;
}

/// 6 WETH, 2500 dollars each, the price a quarter of an hour old.
inline margin::Leg weth_collateral() {
    return {.asset = kWeth,
            .symbol = "WETH",
            .decimals = 18,
            .side = margin::Side::Collateral,
            .amount = core::U256(core::wad() * 6),
            .price = margin::PriceQuote{.answer = 2500'00000000,
                                        .source = kFeed,
                                        .updated_at = core::Timestamp(kBlockTime.value() - 900)},
            .value = dollars(15'000)};
}

/// So many USDC at a dollar; the feed does not say when it was updated.
inline margin::Leg usdc_debt(std::uint64_t whole = 10'000) {
    return {.asset = kUsdc,
            .symbol = "USDC",
            .decimals = 6,
            .side = margin::Side::Debt,
            .amount = core::U256(whole * 1'000000),
            .price = margin::PriceQuote{.answer = 1'00000000, .source = {}, .updated_at = {}},
            .value = dollars(whole)};
}

inline FakeAccount account(std::uint8_t wallet, margin::Health health) {
    FakeAccount account;
    account.wallet = numbered(wallet);
    account.health = std::move(health);
    account.legs = {weth_collateral()};
    if (account.health.status != margin::Status::NoDebt) {
        const core::Usd debt = account.health.debt_usd.value_or(dollars(10'000));
        account.legs.push_back(usdc_debt(static_cast<std::uint64_t>(debt.value() / core::wad())));
    }
    return account;
}

inline margin::PriceQuote quote_of(std::uint64_t answer) {
    return {.answer = answer, .source = {}, .updated_at = std::nullopt};
}

inline std::unique_ptr<FakeMarket> market(std::vector<FakeAccount> accounts,
                                          std::string name = "core") {
    auto market = std::make_unique<FakeMarket>(
        margin::MarketName{.protocol = "aave_v3", .chain = "ethereum", .name = std::move(name)});
    market->accounts = std::move(accounts);
    market->now = kBlockTime;
    market->asset_prices = {
        {.asset = kWeth, .decimals = 18, .quote = quote_of(2500'00000000), .unit = 1'00000000},
        {.asset = kUsdc, .decimals = 6, .quote = quote_of(1'00000000), .unit = 1'00000000}};
    return market;
}

inline snapshot::ChainCut ethereum() {
    snapshot::ChainCut cut{.chain = "ethereum",
                           .chain_id = core::ChainId(1),
                           .number = core::BlockNumber(22'711'111),
                           .hash = {},
                           .timestamp = kBlockTime,
                           .pinned_by_hash = true};
    cut.hash.fill(0xab);
    return cut;
}

/// A snapshot of the wallets of the market's rows.
inline snapshot::Snapshot snapshot_of(std::unique_ptr<FakeMarket> market) {
    snapshot::Snapshot snapshot;
    snapshot.chains = {ethereum()};
    for (const FakeAccount& account : market->accounts) {
        snapshot.wallets.push_back(account.wallet);
    }
    snapshot.markets.push_back(std::move(market));
    return snapshot;
}

/// A balance of an 18-decimal token with an oracle's price of 8 decimals.
inline snapshot::Holding weth_holding(std::uint8_t wallet, const core::U256& amount) {
    return {.chain = "ethereum",
            .wallet = numbered(wallet),
            .asset = kWeth,
            .symbol = "WETH",
            .decimals = 18,
            .amount = amount,
            .price = snapshot::HoldingPrice{
                .source = snapshot::PriceSource::ProtocolOracle,
                .name = "aave_v3/core",
                .quote = {.answer = 2500'00000000, .source = kFeed, .updated_at = kBlockTime},
                .unit = 1'00000000}};
}

inline report::Options options() {
    return {.at = std::nullopt, .at_risk_below = wad("1100000000000000000")};
}

inline report::Report report_of(std::vector<FakeAccount> accounts) {
    return report::make_report(snapshot_of(market(std::move(accounts))), options());
}

/// One account of each status, balances with every source of a price, and two gaps: what the golden
/// files show.
inline snapshot::Snapshot example() {
    using margin::Status;
    FakeAccount unread = account(1, unknown("the oracle gives no price of WETH"));
    unread.legs[0].price.reset();
    unread.legs[0].value.reset();

    // 12375 / 12500
    FakeAccount liquidatable =
        account(2, health_of(Status::Liquidatable, "990000000000000000", 12'500));
    liquidatable.blocked_by = {"paused", "grace_period"};

    // 12375 / 12000; dust of a token with a foreign name is not enabled as collateral.
    FakeAccount at_risk = account(3, health_of(Status::Healthy, "1031250000000000000", 12'000));
    margin::Leg dust = weth_collateral();
    dust.side = margin::Side::Supply;
    dust.symbol = "日本ETH₮";
    dust.amount = 1;
    dust.value = core::Usd(2500);
    at_risk.legs.push_back(dust);

    // 12375 / 10000; the price of WETH is three days old.
    FakeAccount healthy = account(4, health_of(Status::Healthy, "1237500000000000000"));
    healthy.emode = 1;
    healthy.legs[0].price->updated_at = core::Timestamp(kBlockTime.value() - 3 * 86'400 - 40'000);
    healthy.referee = std::vector<margin::Difference>{};

    snapshot::Snapshot snapshot =
        snapshot_of(market({std::move(healthy), std::move(unread), account(5, no_debt()),
                            std::move(at_risk), std::move(liquidatable)}));

    snapshot::Holding native = weth_holding(3, core::U256(core::wad() / 2));
    native.asset.reset();
    native.symbol = "ETH";
    native.price->source = snapshot::PriceSource::ChainlinkFeed;
    native.price->name = kFeed.to_string();
    snapshot::Holding unpriced = weth_holding(3, 5);
    unpriced.symbol = "BADGE \x1b[31m";
    unpriced.asset = numbered(0x93);
    unpriced.decimals = 0;
    unpriced.price.reset();
    snapshot.holdings = {native, weth_holding(3, core::wad()), unpriced, weth_holding(5, 1)};

    snapshot.gaps = {{.chain = "ethereum",
                      .protocol = "aave_v3",
                      .market = "core",
                      .wallet = std::nullopt,
                      .kind = core::ErrorKind::NoPrice,
                      .detail = "oracle price of WETH: the feed answers 0"},
                     {.chain = "arbitrum",
                      .protocol = "",
                      .market = "",
                      .wallet = numbered(4),
                      .kind = core::ErrorKind::Timeout,
                      .detail = "example.org: no answer within 10 s"}};
    return snapshot;
}

}  // namespace margrave::test
