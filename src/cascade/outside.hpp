#pragma once

#include <optional>
#include <vector>

#include "cascade/fraction.hpp"
#include "cascade/playbook.hpp"
#include "cascade/sales.hpp"
#include "cascade/state.hpp"

/// The price that the rest of the world pays, and who brings pools to it.
namespace margrave::cascade {

/// Trades every pool of the playbook, once, to where outside moves of factors put its price. Empty
/// for pools whose two tokens move alike.
[[nodiscard]] std::vector<Sale> trade_outside(State& state, const Playbook& playbook,
                                              const std::vector<FactorMove>& moves);

/// A pool's price in the world outside.
struct OutsidePrice {
    VenueRule venue;
    Fraction price;  ///< per base unit
};
using OutsidePrices = std::vector<OutsidePrice>;

/// The pools' prices as they stand: after the shock and before the cascade.
[[nodiscard]] OutsidePrices outside_prices(const State& state, const Playbook& playbook);

/// Outside arbitrage of a round's blocks: pulls every pool's price back by the playbook's part of
/// its gap to the outside price, all of it at most.
[[nodiscard]] std::vector<Sale> recover(State& state, const OutsidePrices& outside,
                                        const Playbook& playbook);

}  // namespace margrave::cascade
