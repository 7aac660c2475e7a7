#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cascade/fast_market.hpp"
#include "cascade/fixed_point.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"

namespace margrave::cascade {

/// Where a cascade can end, by fixed_point.hpp, were oracles always at the market's prices and
/// everyone liquidated at once: a forecast without rounds, and the worst that can hold itself.
struct StaticEnds {
    struct Asset {
        core::Address asset;
        std::string symbol;
        double unit = 1;     ///< base units of a whole one
        double outside = 0;  ///< dollars for a base unit, right after the shock
        double impact = 0;   ///< for each base unit sold, of what its pools take for one percent
    };
    std::vector<Asset> assets;  ///< in the order of the fixed points' prices and amounts
    FixedPoint greatest;
    FixedPoint least;
    std::vector<std::string> notes;  ///< what is left out
};

/// Of the accounts as they were at the beginning, from the answers and pools of `shocked`. Debts
/// count at those answers. nullopt where nobody borrows or no answer is in dollars.
[[nodiscard]] std::optional<StaticEnds> static_ends(const State& shocked,
                                                    const std::vector<FastMarket>& markets,
                                                    const Playbook& playbook);

}  // namespace margrave::cascade
