#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/u256.hpp"

/// The ticks of a pool at which liquidity changes, as far as they were read.
namespace margrave::adapters::uniswap_v3 {

/// Words of the contract's bit map, 256 multiples of the tick spacing each, by their int16 index.
inline constexpr std::int32_t kTicksInWord = 256;

/// floor(tick / spacing), the place in the bit map. Source: TickBitmap.sol, "compressed".
[[nodiscard]] constexpr std::int32_t compress(std::int32_t tick, std::int32_t spacing) {
    const std::int32_t quotient = tick / spacing;
    return tick < 0 && tick % spacing != 0 ? quotient - 1 : quotient;
}

/// floor(compressed / 256): an arithmetic shift, as the contract's.
[[nodiscard]] constexpr std::int32_t word_of(std::int32_t compressed) { return compressed >> 8; }

/// What liquidity gains when the price rises across a tick.
struct NetLiquidity {
    bool is_negative = false;
    core::U256 amount;
};

/// Where the next step of a swap ends.
struct NextTick {
    std::int32_t tick = 0;           ///< may lie beyond the range of prices
    std::optional<std::size_t> row;  ///< of the table; nullopt: a word's end, nothing changes there
};

/// All initialised ticks of the words word_low to word_high, both included; flat and ascending.
struct TickTable {
    std::int32_t spacing = 1;
    std::int32_t word_low = 0;
    std::int32_t word_high = 0;
    std::vector<std::int32_t> ticks;
    std::vector<NetLiquidity> nets;

    /// TickBitmap.nextInitializedTickWithinOneWord: at or below `tick` (`down`), or above it, but
    /// not beyond the word. nullopt when the word was not read.
    [[nodiscard]] std::optional<NextTick> next(std::int32_t tick, bool down) const;
};

}  // namespace margrave::adapters::uniswap_v3
