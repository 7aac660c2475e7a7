#include "adapters/uniswap_v3/ticks.hpp"

#include <algorithm>

namespace margrave::adapters::uniswap_v3 {

std::optional<NextTick> TickTable::next(std::int32_t tick, bool down) const {
    const std::int32_t compressed = compress(tick, spacing) + (down ? 0 : 1);
    const std::int32_t word = word_of(compressed);
    if (word < word_low || word > word_high) {
        return std::nullopt;
    }
    const std::int32_t first = word * kTicksInWord * spacing;
    const std::int32_t last = first + (kTicksInWord - 1) * spacing;
    if (down) {
        const auto above = std::upper_bound(ticks.begin(), ticks.end(), compressed * spacing);
        if (above == ticks.begin() || *(above - 1) < first) {
            return NextTick{.tick = first, .row = std::nullopt};
        }
        return NextTick{.tick = *(above - 1),
                        .row = static_cast<std::size_t>(above - ticks.begin()) - 1};
    }
    const auto here = std::lower_bound(ticks.begin(), ticks.end(), compressed * spacing);
    if (here == ticks.end() || *here > last) {
        return NextTick{.tick = last, .row = std::nullopt};
    }
    return NextTick{.tick = *here, .row = static_cast<std::size_t>(here - ticks.begin())};
}

}  // namespace margrave::adapters::uniswap_v3
