#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/uniswap_v3/pool_venue.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"
#include "tests/support/fake_node.hpp"

/// Pools built from positions.
namespace margrave::test::uniswap_v3 {

using namespace margrave::adapters::uniswap_v3;
using core::Address;
using core::U256;

inline const Address kPool = address(0xb001);
inline const Address kToken0 = address(0xa0);
inline const Address kToken1 = address(0xa1);

struct Position {
    std::int32_t lower;
    std::int32_t upper;
    U256 liquidity;
};

/// A pool at a tick's own price with these positions; ticks of every word are known unless `words`
/// says otherwise.
struct PoolBuilder {
    std::int32_t tick = 0;
    std::vector<Position> positions = {};
    std::uint32_t fee_pips = 3000;
    std::int32_t spacing = 60;
    std::pair<std::int32_t, std::int32_t> words = {-100, 100};

    [[nodiscard]] Pool build() const {
        std::map<std::int32_t, NetLiquidity> nets;
        const auto add = [&](std::int32_t at, const U256& amount, bool is_negative) {
            NetLiquidity& net = nets[at];
            if (net.is_negative == is_negative) {
                net.amount += amount;
            } else if (net.amount >= amount) {
                net.amount -= amount;
            } else {
                net = {.is_negative = is_negative, .amount = U256(amount - net.amount)};
            }
        };
        Pool pool{.fee_pips = fee_pips,
                  .now = {.sqrt_price_x96 = sqrt_price_at(tick), .tick = tick, .liquidity = 0},
                  .ticks = nullptr};
        for (const Position& position : positions) {
            add(position.lower, position.liquidity, false);
            add(position.upper, position.liquidity, true);
            if (position.lower <= tick && tick < position.upper) {
                pool.now.liquidity += position.liquidity;
            }
        }
        auto table = std::make_shared<TickTable>();
        table->spacing = spacing;
        std::tie(table->word_low, table->word_high) = words;
        for (const auto& [at, net] : nets) {
            table->ticks.push_back(at);
            table->nets.push_back(net);
        }
        pool.ticks = std::move(table);
        return pool;
    }

    [[nodiscard]] PoolVenue venue(Routers routers = {}) const {
        return PoolVenue(
            {.name = {.kind = "uniswap_v3", .chain = "ethereum", .address = kPool},
             .tokens =
                 {{.address = kToken0, .symbol = "USDC", .decimals = 6},
                  {.address = kToken1, .symbol = "WETH", .decimals = 18, .wraps_native = true}},
             .pool = build(),
             .routers = routers});
    }
};

}  // namespace margrave::test::uniswap_v3
