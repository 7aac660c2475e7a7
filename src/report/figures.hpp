#pragma once

#include <cstdint>
#include <optional>

#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"
#include "report/report.hpp"

namespace margrave::report {

/// An oracle's answer for one whole token; `unit` of it are a dollar.
struct DollarPrice {
    core::U256 answer;
    core::U256 unit;
};

/// floor(answer * 1e18 / unit); nullopt when unit is 0 or the result exceeds 256 bits.
[[nodiscard]] std::optional<core::Usd> price_usd_down(const DollarPrice& price);

/// floor(amount * answer * 1e18 / (unit * 10^decimals)), rounded once, however wide the product;
/// nullopt when unit is 0, decimals are over 255 or the result exceeds 256 bits.
[[nodiscard]] std::optional<core::Usd> usd_value_down(const core::U256& amount, unsigned decimals,
                                                      const DollarPrice& price);

/// How far all collateral together may fall, debt unchanged, until health is 1: 1 - 1/health, as a
/// magnitude rounded down. 0 for an account that can be liquidated, nullopt without a health
/// factor.
[[nodiscard]] std::optional<core::Wad> collateral_fall(const margin::Health& health);

/// floor(debt * 10000 / collateral), both in the market's quote; nullopt when either is unknown,
/// collateral is 0, or the result exceeds 2^53 - 1, past which a reader of the JSON would see
/// another number.
[[nodiscard]] std::optional<std::uint64_t> current_ltv_bps(const margin::Health& health);

/// A signed amount of dollars.
struct NetWorth {
    bool negative = false;
    core::Usd magnitude;
};

/// Collateral, supply and idle balances less debt; nullopt when that exceeds 256 bits.
[[nodiscard]] std::optional<NetWorth> net_worth(const WalletTotal& total);

}  // namespace margrave::report
