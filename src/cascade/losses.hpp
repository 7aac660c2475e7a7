#pragma once

#include <optional>
#include <set>

#include "cascade/dollars.hpp"
#include "cascade/outcome.hpp"
#include "cascade/state.hpp"

/// Who loses what in a cascade.
namespace margrave::cascade {

/// What the cascade gave and took, at the market prices right after the shock: they add up to zero.
struct Losses {
    SignedUsd owners;       ///< collateral taken less debt that is gone
    SignedUsd own;          ///< the own accounts' part of it
    SignedUsd liquidators;  ///< what sales and kept collateral bring, less what was repaid
    SignedUsd lenders;      ///< debt written off
    SignedUsd treasuries;   ///< the protocols' fees
    SignedUsd pools;  ///< who was in the pools or traded against them: what sales lost to them
    /// By how much the oracles valued the seized collateral above the market when it was taken; no
    /// part of the sum.
    SignedUsd oracle_gap;
    SignedUsd repaid;  ///< debt that liquidators repaid; no part of the sum

    [[nodiscard]] SignedUsd sum() const {
        return owners + liquidators + lenders + treasuries + pools;
    }
};

/// `shocked` is the state right after the shock; its dollar answers are taken for the market's
/// prices. nullopt when an asset that moved has none, or a figure exceeds 256 bits.
[[nodiscard]] std::optional<Losses> losses(const State& shocked, const Outcome& outcome,
                                           const std::set<Place>& own);

}  // namespace margrave::cascade
