#pragma once

#include <cstdint>
#include <string>

#include "adapters/aave_v3/market.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

/// A pool in which users can act: open reserves with totals and a rate strategy.
namespace margrave::test::aave_v3 {

using adapters::aave_v3::AaveMarket;
using adapters::aave_v3::RateParameters;
using adapters::aave_v3::ReserveTotals;

/// One hundredth of a percent in ray.
inline const U256 kRayPerBps = core::pow10(23);

/// A reserve's terms by their names in ReserveConfiguration.sol.
struct Listing {
    std::uint64_t ltv = 0;
    std::uint64_t threshold = 0;
    std::uint64_t decimals = 18;
    bool active = true;
    bool frozen = false;
    bool borrowing = true;
    bool paused = false;
    bool in_isolation = false;
    bool siloed = false;
    std::uint64_t reserve_factor = 1000;
    std::uint64_t borrow_cap = 0;
    std::uint64_t supply_cap = 0;
    std::uint64_t emode = 0;
    std::uint64_t debt_ceiling = 0;
};

inline ReserveConfiguration listed(const Listing& terms) {
    const auto flag = [](bool on, unsigned bit) { return U256(on ? 1 : 0) << bit; };
    U256 word = terms.ltv;
    word += U256(terms.threshold) << 16;
    word += U256(10'500) << 32;
    word += U256(terms.decimals) << 48;
    word += flag(terms.active, 56) + flag(terms.frozen, 57) + flag(terms.borrowing, 58);
    word += flag(terms.paused, 60) + flag(terms.in_isolation, 61) + flag(terms.siloed, 62);
    word += U256(terms.reserve_factor) << 64;
    word += U256(terms.borrow_cap) << 80;
    word += U256(terms.supply_cap) << 116;
    word += U256(terms.emode) << 168;
    word += U256(terms.debt_ceiling) << 212;
    word += U256(1) << 252;
    return ReserveConfiguration(word);
}

/// Base 1 %, 7 % more up to 80 % of usage, 90 % more from there.
inline RateParameters usual_rates() {
    RateParameters out;
    out.optimal_usage = 8000 * kRayPerBps;
    out.base_variable_rate = 100 * kRayPerBps;
    out.variable_slope1 = 700 * kRayPerBps;
    out.variable_slope2 = 9000 * kRayPerBps;
    return out;
}

/// `supplied` and `borrowed` whole tokens at indexes of one; what is not borrowed is there.
inline void fill_reserve(State& state, unsigned id, std::uint64_t supplied,
                         std::uint64_t borrowed = 0) {
    adapters::aave_v3::Reserve& reserve = state.reserves.at(id);
    const U256 unit = core::pow10(reserve.configuration.decimals());
    ReserveTotals totals;
    totals.scaled_supply = supplied * unit;
    totals.scaled_debt = borrowed * unit;
    const U256 there = (supplied - borrowed) * unit;
    if (keeps_virtual_balance(*state.behaviour, reserve.configuration)) {
        totals.virtual_balance = there;
    }
    totals.a_token_holding = there;
    totals.rates = usual_rates();
    reserve.totals = totals;
}

/// WETH at 2000 dollars (LTV 75 %, threshold 80 %), USDC at 1 (80 %, 85 %), DAI at 1 (70 %, 75 %);
/// a million of USDC and DAI and a thousand WETH are there, nothing is borrowed.
inline State lending_pool(const std::string& behaviour) {
    State out = pool(behaviour);
    out.reserves[kWeth].configuration = listed({.ltv = 7500, .threshold = 8000});
    out.reserves[kUsdc].configuration = listed({.ltv = 8000, .threshold = 8500, .decimals = 6});
    out.reserves[kDai].configuration = listed({.ltv = 7000, .threshold = 7500});
    fill_reserve(out, kWeth, 1'000);
    fill_reserve(out, kUsdc, 1'000'000);
    fill_reserve(out, kDai, 1'000'000);
    return out;
}

inline AaveMarket market_with(State state, const AccountBuilder& account) {
    state.accounts.push_back(account.build());
    return AaveMarket(std::move(state));
}

inline core::Address asset(unsigned id) { return address(0xa000 + id); }

inline U256 weth(std::uint64_t whole) { return whole * core::wad(); }
inline U256 dai(std::uint64_t whole) { return whole * core::wad(); }
inline U256 usdc(std::uint64_t whole) { return U256(whole) * 1'000'000; }

inline margin::Action act(margin::ActionKind kind, unsigned id,
                          std::optional<U256> amount = std::nullopt) {
    margin::Action out;
    out.kind = kind;
    out.asset = asset(id);
    out.amount = std::move(amount);
    return out;
}
inline margin::Action flag(unsigned id, bool enable) {
    margin::Action out = act(margin::ActionKind::SetCollateral, id);
    out.enable = enable;
    return out;
}
inline margin::Action enter_emode(std::uint64_t category) {
    margin::Action out;
    out.kind = margin::ActionKind::SetEmode;
    out.category = category;
    return out;
}

/// "" when the call was done.
inline std::string refusal_of(AaveMarket& market, const margin::Action& action) {
    const auto result = market.apply(0, action);
    return result ? std::string() : result.error().reason;
}

}  // namespace margrave::test::aave_v3
