#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cascade/engine.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"

/// What stands between today's price and a trigger, and whether it carries itself down.
namespace margrave::cascade {

/// One step of a factor's fall, from the last rung's move to this one's.
struct Rung {
    std::uint32_t move_bps = 0;
    std::size_t accounts = 0;  ///< that come to be liquidatable in it by the outside move alone
    core::Usd collateral;      ///< of those accounts, there; what has no dollar value is left out
    core::Usd debt;
    core::U256 seized;  ///< of the ladder's asset by one call on each of them, base units
    core::U256 depth;   ///< of it that pools take over the step
    /// Units sold for each that the step needs: from 1 on the step carries itself to the next.
    std::optional<double> gain;
};

struct Ladder {
    std::string factor;
    core::Address asset;  ///< what is sold into the pools
    std::vector<Rung> rungs;

    /// The first rung whose gain is 1 or more; nullptr without.
    [[nodiscard]] const Rung* next_cliff() const;
};

/// In `steps` equal steps down to `last_bps`, or until a pool was read too little of; nullopt where
/// no venue of the playbook sells an asset that follows the factor. Gain: risk sheet 06, g = R I',
/// R the units seized for each relative fall and I' the relative fall for each unit sold.
[[nodiscard]] std::optional<Ladder> ladder(const Engine& engine, const std::string& factor,
                                           std::uint32_t last_bps, std::uint32_t steps);

}  // namespace margrave::cascade
