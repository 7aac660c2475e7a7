#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/fixed_point.hpp"
#include "exposure/factor_map.hpp"
#include "tests/support/margin_pool.hpp"
#include "tests/support/snapshots.hpp"

/// A pool with WETH at 2000 dollars (threshold 80 %), wstETH at 2400 (75 %) and USDC at one (80 %),
/// and a factor map that knows them.
namespace margrave::test {

inline const core::Address kWsteth = numbered(0x93);

inline core::U256 tokens(std::uint64_t whole) { return core::wad() * whole; }
inline core::U256 usdc(std::uint64_t whole) { return core::U256(whole) * 1'000000; }

inline MarginPool pool(std::string name = "core", std::string protocol = "aave_v3",
                       std::string chain = "ethereum") {
    MarginPool out(
        {.protocol = std::move(protocol), .chain = std::move(chain), .name = std::move(name)});
    out.assets = {{.address = kWeth, .symbol = "WETH", .answer = 2000'00000000, .feed = kFeed},
                  {.address = kUsdc,
                   .symbol = "USDC",
                   .decimals = 6,
                   .answer = 1'00000000,
                   .feed = numbered(0x96)},
                  {.address = kWsteth,
                   .symbol = "wstETH",
                   .answer = 2400'00000000,
                   .threshold_bps = 7500,
                   .feed = numbered(0x97)}};
    return out;
}

/// 10 WETH against 12000 USDC: falls at 16000 m < 12000.
inline MarginPool long_venue() {
    MarginPool out = pool("long");
    out.rows = {{.wallet = numbered(1),
                 .balances = {{.asset = kWeth, .collateral = tokens(10), .debt = 0},
                              {.asset = kUsdc, .collateral = 0, .debt = usdc(12'000)}}}};
    return out;
}

/// 30000 USDC against 10 WETH: falls at 24000 < 20000 m.
inline MarginPool short_venue() {
    MarginPool out = pool("short");
    out.rows = {{.wallet = numbered(1),
                 .balances = {{.asset = kUsdc, .collateral = usdc(30'000), .debt = 0},
                              {.asset = kWeth, .collateral = 0, .debt = tokens(10)}}}};
    return out;
}

inline core::Wad decimal(const std::string& text) {
    const auto point = text.find('.');
    const std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
    const std::string whole = text.substr(0, point);
    return core::Wad(core::U256(core::parse_decimal(whole).value() * core::wad() +
                                core::parse_decimal("0" + fraction).value() *
                                    core::pow10(18 - static_cast<unsigned>(fraction.size()))));
}

inline exposure::FactorRow symbol_row(std::string symbol, std::vector<std::string> factors,
                                      std::string protocol = "") {
    return {.chain = "",
            .address = std::nullopt,
            .symbol = std::move(symbol),
            .protocol = std::move(protocol),
            .factors = std::move(factors)};
}

inline exposure::RiskFactor risk(std::string name, const std::string& volatility,
                                 const std::string& common = "0", const std::string& growth = "0") {
    return {.name = std::move(name),
            .volatility = decimal(volatility),
            .common = decimal(common),
            .yearly_growth = decimal(growth)};
}

/// Lenders on "aave_v3" price wstETH by its rate alone.
inline exposure::FactorMap factors() {
    return exposure::FactorMap(
        {symbol_row("ETH", {"ETH/USD"}), symbol_row("WETH", {"ETH/USD"}),
         symbol_row("USDC", {"USDC/USD"}),
         symbol_row("wstETH", {"ETH/USD", "stETH/ETH", "wstETH/stETH"}),
         symbol_row("wstETH", {"ETH/USD", "wstETH/stETH"}, "aave_v3")},
        {risk("ETH/USD", "0.7"), risk("USDC/USD", "0.01"), risk("stETH/ETH", "0.02"),
         risk("wstETH/stETH", "0.005", "0", "0.1")},
        {{.chain = "ethereum", .address = kWeth, .symbol = "WETH"},
         {.chain = "ethereum", .address = kUsdc, .symbol = "USDC"}});
}

}  // namespace margrave::test
