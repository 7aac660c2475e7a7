#pragma once

#include <cstdint>
#include <string>

#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/state.hpp"
#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::test::morpho_blue {

using adapters::morpho_blue::Account;
using adapters::morpho_blue::RateModel;
using adapters::morpho_blue::State;
using core::U256;

inline constexpr std::uint64_t kBlockTime = 1'717'281'407;
/// Base units of a dollar token.
inline const U256 kUsdc = 1'000'000;

/// 10^n whole ones: wei(3) is 3e18.
[[nodiscard]] inline U256 wei(std::uint64_t n) { return U256(n) * core::wad(); }

/// A market in which USDC (6 decimals) is lent against WETH (18 decimals) at 2000 dollars and an
/// LLTV of 80 %, without interest. A million USDC are lent, half of them borrowed, and a share of
/// each side is worth 1e-6 of a base unit, but for the virtual ones.
/// Price: 2000e6 units of USDC for 1e18 of WETH, times 1e36.
[[nodiscard]] inline State usdc_against_weth() {
    State out;
    out.name = {
        .protocol = "morpho_blue", .chain = "ethereum", .name = "0x" + std::string(64, 'a')};
    out.morpho = address(0x100);
    out.block_time = core::Timestamp(kBlockTime);
    out.params = {.loan_token = address(0xa001),
                  .collateral_token = address(0xa000),
                  .oracle = address(0xe000),
                  .irm = core::Address(),
                  .lltv = core::wad() / 10 * 8};
    out.loan = {.symbol = "USDC", .decimals = 6};
    out.collateral = {.symbol = "WETH", .decimals = 18};
    out.totals = {.supply_assets = U256(1'000'000) * kUsdc,
                  .supply_shares = U256(1'000'000) * kUsdc * 1'000'000,
                  .borrow_assets = U256(500'000) * kUsdc,
                  .borrow_shares = U256(500'000) * kUsdc * 1'000'000};
    out.last_update = core::Timestamp(kBlockTime);
    out.fee_recipient = address(0xfee);
    out.price = margin::PriceQuote{.answer = U256(2000) * core::pow10(24),
                                   .source = out.params.oracle,
                                   .updated_at = std::nullopt};
    return out;
}

/// Shares as of usdc_against_weth(), in which a base unit is worth 1e6 of them.
[[nodiscard]] inline Account account(const U256& collateral, const U256& debt, const U256& lent = 0,
                                     std::uint64_t n = 0xaa) {
    Account out;
    out.wallet = address(n);
    out.collateral = collateral;
    out.borrow_shares = debt * 1'000'000;
    out.supply_shares = lent * 1'000'000;
    return out;
}

}  // namespace margrave::test::morpho_blue
