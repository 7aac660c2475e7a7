#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "risk/rescue.hpp"
#include "tests/support/lending_market.hpp"
#include "tests/support/snapshots.hpp"

/// Accounts that are low, and snapshots around them.
namespace margrave::risk {

using core::U256;
using test::kUsdc;
using test::kWeth;
using test::LendingBalance;
using test::LendingMarket;
using test::numbered;

inline const core::Address kDai = numbered(0x93);
inline const core::Address kWallet = numbered(1);
inline constexpr std::uint64_t kDollarE8 = 100'000'000;

inline U256 usdc(std::uint64_t whole) { return U256(whole) * 1'000'000; }
inline U256 ether(std::uint64_t whole) { return U256(whole) * core::wad(); }

/// WETH at 2000 dollars (threshold 80 %), USDC and DAI at one (no collateral).
inline LendingMarket pool(const std::string& name = "pool") {
    LendingMarket out(name);
    out.assets[kWeth] = {.symbol = "WETH",
                         .decimals = 18,
                         .price_e8 = 2000 * kDollarE8,
                         .threshold_bps = 8000,
                         .supply_cap = std::nullopt,
                         .debt_growth = 0};
    out.assets[kUsdc] = {.symbol = "USDC",
                         .decimals = 6,
                         .price_e8 = kDollarE8,
                         .threshold_bps = 0,
                         .supply_cap = std::nullopt,
                         .debt_growth = 0};
    out.assets[kDai] = out.assets[kUsdc];
    out.assets[kDai].symbol = "DAI";
    return out;
}

inline LendingBalance collateral(const U256& amount) {
    return {.collateral = amount, .supply = 0, .debt = 0};
}
inline LendingBalance debt(const U256& amount) {
    return {.collateral = 0, .supply = 0, .debt = amount};
}

/// 10 WETH weighted 16000 against 15000 USDC: health 1.0666. At 1.25 12800 may be owed, so 2200
/// USDC are to be repaid, or 18750 - 16000 = 2750 of weighted collateral, 1.71875 WETH, to be
/// added.
inline LendingMarket::Row low_account() {
    return {{kWeth, collateral(ether(10))}, {kUsdc, debt(usdc(15'000))}};
}

inline snapshot::Holding holding(const core::Address& asset, const std::string& symbol,
                                 unsigned decimals, const U256& amount) {
    return {.chain = "ethereum",
            .wallet = kWallet,
            .asset = asset,
            .symbol = symbol,
            .decimals = decimals,
            .amount = amount,
            .price = std::nullopt};
}

inline snapshot::Snapshot snapshot_of(std::vector<LendingMarket> markets,
                                      std::vector<snapshot::Holding> holdings) {
    snapshot::Snapshot out;
    out.chains = {test::ethereum()};
    for (LendingMarket& market : markets) {
        out.markets.push_back(std::make_unique<LendingMarket>(std::move(market)));
    }
    out.holdings = std::move(holdings);
    return out;
}

inline LendingMarket with_account(LendingMarket market, LendingMarket::Row row) {
    market.add(kWallet, std::move(row));
    return market;
}

inline RescueOptions options() {
    return {.target = test::wad("1250000000000000000"),
            .valid_for_s = 0,
            .swap_cost = core::Bps(100),
            .gas = test::dollars(5),
            .idle_only = false};
}

inline AccountRescue rescue(const snapshot::Snapshot& snapshot,
                            const RescueOptions& given = options()) {
    return rescue_account(snapshot, {.market = snapshot.markets.front().get(), .row = 0}, given);
}

}  // namespace margrave::risk
