#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "adapters/aave_v3/state.hpp"
#include "core/fixed_point.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::test::aave_v3 {

using adapters::aave_v3::Account;
using adapters::aave_v3::Balance;
using adapters::aave_v3::EmodeCategory;
using adapters::aave_v3::Reserve;
using adapters::aave_v3::ReserveConfiguration;
using adapters::aave_v3::State;
using adapters::aave_v3::UserConfiguration;
using core::U256;

inline constexpr unsigned kWeth = 0;
inline constexpr unsigned kUsdc = 1;
inline constexpr unsigned kDai = 2;
inline constexpr std::uint64_t kBlockTime = 1'717'281'407;
/// Base currency units in a dollar.
inline const U256 kDollar = 100'000'000;

/// The parts of a reserve's configuration word that matter, each where ReserveConfiguration.sol has
/// it.
struct Terms {
    std::uint64_t ltv = 0;
    std::uint64_t threshold = 0;
    std::uint64_t decimals = 18;
    bool active = true;
    bool paused = false;
    std::uint64_t emode = 0;
    bool virtual_accounting = true;
};

inline ReserveConfiguration configuration(const Terms& terms) {
    U256 word = terms.ltv;
    word += U256(terms.threshold) << 16;
    word += U256(10'500) << 32;
    word += U256(terms.decimals) << 48;
    word += U256(terms.active ? 1 : 0) << 56;
    word += U256(1) << 57;  // frozen, which stops nothing that is computed here
    word += U256(terms.paused ? 1 : 0) << 60;
    word += U256(0xffff) << 64;  // reserve factor and on: neighbours that must not leak in
    word += U256(terms.emode) << 168;
    word += U256(terms.virtual_accounting ? 1 : 0) << 252;
    return ReserveConfiguration(word);
}

inline margin::PriceQuote quote(const U256& answer) {
    return {.answer = answer, .source = address(0xfeed), .updated_at = core::Timestamp(kBlockTime)};
}

/// Indexes of one and no interest.
inline Reserve reserve(unsigned id, std::string symbol, const Terms& terms, const U256& price) {
    Reserve out;
    out.id = id;
    out.asset = address(0xa000 + id);
    out.symbol = std::move(symbol);
    out.configuration = configuration(terms);
    out.liquidity_index = core::ray();
    out.borrow_index = core::ray();
    out.last_update = core::Timestamp(kBlockTime);
    out.a_token = address(0xb000 + id);
    out.variable_debt_token = address(0xc000 + id);
    out.price = quote(price);
    return out;
}

/// WETH at 2000 dollars (LTV 75 %, threshold 80 %), USDC at 1 (80 %, 85 %), DAI at 1 (70 %, 75 %).
inline State pool(const std::string& behaviour) {
    State out;
    out.chain = "ethereum";
    out.market = "core";
    out.behaviour = adapters::aave_v3::find_behaviour(behaviour);
    out.pool_revision = 9;
    out.pool = address(1);
    out.oracle = address(2);
    out.base_currency_unit = kDollar;
    out.block_time = core::Timestamp(kBlockTime);
    out.reserves[kWeth] =
        reserve(kWeth, "WETH", {.ltv = 7500, .threshold = 8000}, U256(2000 * kDollar));
    out.reserves[kUsdc] =
        reserve(kUsdc, "USDC", {.ltv = 8000, .threshold = 8500, .decimals = 6}, kDollar);
    out.reserves[kDai] = reserve(kDai, "DAI", {.ltv = 7000, .threshold = 7500}, kDollar);
    return out;
}

/// An account under construction; balances are scaled, that is amounts where indexes are one.
class AccountBuilder {
  public:
    explicit AccountBuilder(std::uint64_t n = 0xaa) { account_.wallet = address(n); }

    AccountBuilder& collateral(unsigned id, const U256& scaled) {
        at(id).scaled_supply = scaled;
        return set_bit(2 * id + 1);
    }
    /// A supply that is not collateral has no bit.
    AccountBuilder& supply(unsigned id, const U256& scaled) {
        at(id).scaled_supply = scaled;
        return *this;
    }
    AccountBuilder& debt(unsigned id, const U256& scaled) {
        at(id).scaled_debt = scaled;
        return set_bit(2 * id);
    }
    AccountBuilder& emode(std::uint64_t category) {
        account_.emode_category = category;
        return *this;
    }
    Balance& at(unsigned id) {
        for (Balance& balance : account_.balances) {
            if (balance.reserve_id == id) {
                return balance;
            }
        }
        account_.balances.push_back({});
        account_.balances.back().reserve_id = id;
        return account_.balances.back();
    }
    AccountBuilder& set_bit(unsigned bit) {
        account_.configuration =
            UserConfiguration(account_.configuration.word() | (U256(1) << bit));
        return *this;
    }
    /// Balances by rising reserve id, in whatever order they were added.
    [[nodiscard]] Account build() const {
        Account out = account_;
        std::sort(out.balances.begin(), out.balances.end(),
                  [](const Balance& a, const Balance& b) { return a.reserve_id < b.reserve_id; });
        return out;
    }

  private:
    Account account_;
};

/// 10 WETH (20,000 dollars) against 8000 USDC: 20000 * 0.8 / 8000 = health factor 2.
inline AccountBuilder weth_against_usdc(std::uint64_t n = 0xaa) {
    return AccountBuilder(n)
        .collateral(kWeth, U256(10 * core::wad()))
        .debt(kUsdc, U256(8000) * 1'000'000);
}

}  // namespace margrave::test::aave_v3
