#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/venue.hpp"
#include "oracle/follower.hpp"

/// How oracle answers follow pools, each other and outside moves.
namespace margrave::cascade {

/// An answer that moved.
struct PriceChange {
    std::size_t market = 0;
    core::Address asset;
    std::string symbol;
    core::U256 answer;
};

/// When something is seen, in chain terms.
struct Moment {
    core::BlockNumber block;
    core::Timestamp time;
};

/// The oracles of a state, begun at the answers and pool prices of that moment. A copy is a fork.
class Oracles {
  public:
    /// `notes` gets a sentence for each rule that cannot be followed as it is written.
    Oracles(const Playbook& playbook, const State& state, Moment begin,
            std::vector<std::string>& notes);

    /// Carries an outside move to the answers that no rule governs, by the power with which the
    /// asset follows; to those that a rule governs it comes through the pools.
    [[nodiscard]] std::vector<PriceChange> move(State& state,
                                                const std::vector<FactorMove>& moves) const;
    /// Lets every rule see the pools as they are, in the order of the playbook.
    [[nodiscard]] std::vector<PriceChange> update(State& state, Moment now);

  private:
    /// One market's answer for the asset of a rule.
    struct Target {
        std::size_t market = 0;
        std::string symbol;
        core::U256 today;
        core::U512 unit;  ///< of Anchor::Spot: the answer for a price of one
        oracle::Follower follower;
    };
    struct Rule {
        OracleRule rule;
        std::optional<margin::PriceRatio> begin;  ///< the pool's price before anything moved
        std::vector<Target> targets;
    };

    [[nodiscard]] static std::optional<core::U256> seen(const Rule& rule, const Target& target,
                                                        const State& state);

    std::vector<Rule> rules_;
    FactorPowers factors_;
};

/// The price of a whole `asset` at the pool in whole tokens of the other side, that side's address
/// beside it; nullopt where the pool does not tell, and for a pool of more than two tokens whose
/// other side is not named.
struct PoolPrice {
    margin::PriceRatio whole;
    core::Address quote;
};
[[nodiscard]] std::optional<PoolPrice> pool_price(const margin::Venue& venue,
                                                  const core::Address& asset);

}  // namespace margrave::cascade
