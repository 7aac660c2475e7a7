#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/liquidation.hpp"
#include "margin/venue.hpp"

/// What sales do to the pools.
namespace margrave::cascade {

/// The refusal of a sale that needs a pool that was not read; pools have refusals of their own.
inline constexpr const char* kNotRead = "not_read";

/// One sale, in base units.
struct Sale {
    core::Address asset;
    core::Address into;
    core::U256 amount = {};    ///< sold
    core::U256 received = {};  ///< of `into`
    core::U256 unsold = {};    ///< what no pool took
    std::vector<core::Address> pools = {};
    std::string refusal = {};  ///< a pool's reason, where something is unsold

    /// More of a pool is there than was read, so nobody knows what the sale does.
    [[nodiscard]] bool is_unknown() const;
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

/// Sells what one call seized: along the shortest way to the debt with Selling::ToDebt; where none
/// leads there, and with Selling::PerRound, at its own venue. nullopt where it is kept.
[[nodiscard]] std::optional<Sale> sell_seized(State& state, const Playbook& playbook,
                                              const margin::LiquidationCall& call,
                                              const core::U256& amount);

/// Trades the pool until its price of `asset` in `into` is `target`, in either direction; the price
/// is per base unit, fee aside.
[[nodiscard]] Sale trade_to(State& state, const VenueRule& venue, const margin::PriceRatio& target);

}  // namespace margrave::cascade
