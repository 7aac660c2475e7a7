#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/venue.hpp"

/// What sales do to the pools.
namespace margrave::cascade {

/// One sale, in base units.
struct Sale {
    core::Address asset;
    core::Address into;
    core::U256 amount = {};    ///< sold
    core::U256 received = {};  ///< of `into`
    core::U256 unsold = {};    ///< what no pool took
    std::vector<core::Address> pools = {};
    std::string refusal = {};  ///< a pool's reason, where something is unsold
};

/// The pools of one step of a way from one asset to another, used by best price.
struct Hop {
    core::Address sell;
    core::Address buy;
    std::vector<core::Address> pools;
};

/// The shortest way over the playbook's venues, each usable in both directions; empty where none
/// leads there, and for an asset that is already it.
[[nodiscard]] std::vector<Hop> find_way(const std::vector<VenueRule>& venues,
                                        const core::Address& from, const core::Address& to);

/// A sale of `amount`, where only one in `divisor` of a pool's depth is there for it: prices move
/// as by `divisor` times the amount, and the seller has its part of both sides, rounded down.
struct Lot {
    core::U256 amount;
    std::uint64_t divisor = 1;
};

/// Sells along the way in `state`'s pools: what one hop buys, the next sells. Several pools of a
/// hop are filled to one common price.
[[nodiscard]] Sale sell_along(State& state, const std::vector<Hop>& way, const Lot& lot);

/// Sells into the asset's own venue's `into`. All is unsold for an asset without a venue.
[[nodiscard]] Sale sell_at_venue(State& state, const std::vector<VenueRule>& venues,
                                 const core::Address& asset, const Lot& lot);

/// Trades the pool until its price of `asset` in `into` is `target`, in either direction; the price
/// is per base unit, fee aside.
[[nodiscard]] Sale trade_to(State& state, const VenueRule& venue, const margin::PriceRatio& target);

}  // namespace margrave::cascade
