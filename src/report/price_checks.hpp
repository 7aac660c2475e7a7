#pragma once

#include <optional>
#include <string>

#include "core/address.hpp"
#include "core/units.hpp"
#include "margin/market.hpp"

namespace margrave::report {

/// What a market's oracle says of an asset that accounts have there, beside what else the snapshot
/// says of the same token at the same block.
struct PriceCheck {
    margin::MarketName market;
    core::Address asset;
    std::string symbol;
    /// |answer / reference - 1| in 1e18, rounded down, of the reference that is farthest away;
    /// nullopt without one.
    std::optional<core::Wad> divergence;
    std::string beside = {};  ///< whose that is: "aave_v3/core", a feed's address
    /// |its last factor's value - 1| in 1e18, rounded down, by whoever's prices say the largest;
    /// nullopt where that factor is none of Options::pegs, or it is not known.
    std::optional<core::Wad> peg_distance;
    std::string priced_by = {};            ///< who says that
    std::string peg_unknown_because = {};  ///< it has a peg, and nobody prices it; else ""
    std::string unknown_because = {};      ///< the market's own answer is not known; else ""
};

}  // namespace margrave::report
