#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cascade/factor_powers.hpp"
#include "cascade/fraction.hpp"
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

/// A pool's price of a whole token in whole ones of its other token.
struct PoolPrice {
    Fraction whole;
    core::Address quote;  ///< the other token
};
/// nullopt where the pool has no price, and for a pool of more than two tokens, whose other side is
/// not named.
[[nodiscard]] std::optional<PoolPrice> pool_price(const margin::Venue& venue,
                                                  const core::Address& asset);

/// The oracles of a state, begun at the answers and pool prices of that moment. A copy is a fork.
class Oracles {
  public:
    Oracles(const Playbook& playbook, const State& state, Moment begin);

    /// A sentence for each rule that is not followed as it is written.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
    /// A sentence for each rule whose pool was not read: once anything moves, nobody knows its
    /// answers.
    [[nodiscard]] const std::vector<std::string>& unread() const { return unread_; }

    /// Carries an outside move to the answers that no rule governs, by the power with which they
    /// follow; to those that a rule governs it comes through the pools.
    [[nodiscard]] std::vector<PriceChange> move(State& state,
                                                const std::vector<FactorMove>& moves) const;
    /// Lets every rule see the pools as they are, in the order of the playbook.
    [[nodiscard]] std::vector<PriceChange> update(State& state, Moment now);

  private:
    /// One market's answer for the asset of a rule.
    struct Target {
        std::size_t market = 0;
        std::string symbol;
        /// The answer for each whole unit of what is followed: of the pool's price, or of the other
        /// asset's answer.
        Fraction scale;
        oracle::Follower follower;
    };
    struct Rule {
        OracleRule rule;
        std::vector<Target> targets;
    };

    void add(const OracleRule& rule, const State& state, Moment begin);
    /// What a pool-following answer is multiplied with; notes where it cannot be set to the price.
    [[nodiscard]] Fraction scale_of(const OracleRule& rule, const PoolPrice& price,
                                    const margin::Market& market,
                                    const margin::OracleAnswer& answer);
    [[nodiscard]] bool is_ruled(std::size_t market, const core::Address& asset) const;

    std::vector<Rule> rules_;
    FactorPowers factors_;
    std::vector<std::string> notes_;
    std::vector<std::string> unread_;
};

}  // namespace margrave::cascade
