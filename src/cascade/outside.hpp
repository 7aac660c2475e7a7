#pragma once

#include <cstdint>
#include <vector>

#include "cascade/fraction.hpp"
#include "cascade/playbook.hpp"
#include "cascade/sales.hpp"
#include "cascade/state.hpp"

/// The price that the rest of the world pays, and who brings pools to it.
namespace margrave::cascade {

/// A pool's price in the world outside.
struct OutsidePrice {
    VenueRule venue;
    Fraction price;  ///< per base unit
};
using OutsidePrices = std::vector<OutsidePrice>;

/// The pools' prices as they stand: before the shock, or after it and before the cascade.
[[nodiscard]] OutsidePrices outside_prices(const State& state, const Playbook& playbook);

/// Moves the outside prices with their factors, and trades every pool whose price moves to its own,
/// once; an assumed curve goes along without a trade. Pools whose two tokens move alike stay.
[[nodiscard]] std::vector<Sale> trade_outside(State& state, const Playbook& playbook,
                                              const std::vector<FactorMove>& moves,
                                              OutsidePrices& outside);

/// Outside arbitrage of so many blocks: pulls every pool's price back by the playbook's part of its
/// gap to the outside price, all of it at most.
[[nodiscard]] std::vector<Sale> recover(State& state, const OutsidePrices& outside,
                                        const Playbook& playbook, std::uint64_t blocks);

}  // namespace margrave::cascade
