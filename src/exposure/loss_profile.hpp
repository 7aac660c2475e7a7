#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exposure/dollars.hpp"
#include "exposure/factor_map.hpp"

namespace margrave::exposure {

/// One move of a factor, and what it does to the portfolio.
struct LossPoint {
    core::U256 multiplier;  ///< of today's, 1e18 is one
    SignedUsd netted;       ///< gain or loss of all priced balances, nobody liquidated
    SignedUsd
        with_liquidations;       ///< the same, every account that falls on the way liquidated there
    core::Usd liquidation_loss;  ///< what those calls took: seized less repaid, at their own moves
    std::uint64_t calls = 0;     ///< up to here
};

/// An account that falls on the way, at its own trigger.
struct TriggeredAccount {
    margin::MarketName market;
    core::Address wallet;
    core::U256 multiplier;    ///< where it is first liquidated
    std::uint64_t calls = 0;  ///< until it is healthy again, or nothing is left that pays
    core::Usd seized;         ///< fee included, rounded up; each call at its own move
    core::Usd repaid;         ///< rounded down
    core::Usd written_off;    ///< debt that nobody pays
    std::string reason;       ///< why it stays liquidatable where it does; ""
};

/// What the portfolio loses along one factor, which netting hides.
struct LossProfile {
    std::string factor;
    /// Factors that move with it, by the configured volatilities and loadings on the common move;
    /// empty for the factor alone.
    std::vector<std::string> moves_with;
    std::vector<LossPoint> points;           ///< from the deepest fall to the highest rise
    std::vector<TriggeredAccount> accounts;  ///< falls before rises, each in the order of distance
    /// The point that loses most with liquidations; nullopt when none loses.
    std::optional<std::size_t> worst;
};

/// More accounts of a portfolio than these have no profile.
inline constexpr std::size_t kProfiledAccountsMax = 200;

/// For each root factor that the health of an account follows, and for all of them together as the
/// common move takes them along where there are several: falls to a tenth and rises to the
/// threefold, with each trigger as a point of its own. Every account is liquidated at its own
/// trigger, by the call that pays best, again and again until it is healthy, gone or refused, on
/// one fork of its market, the nearest first; it may fall again further out. Interest does not run
/// and sales move no price. Triggers of one factor are exact (find_crossing); those of the joint
/// move are found between two moves of the grid. nullopt for a portfolio of more than
/// kProfiledAccountsMax accounts.
[[nodiscard]] std::optional<std::vector<LossProfile>> loss_profiles(const Portfolio& portfolio,
                                                                    const PriceBook& prices,
                                                                    const FactorMap& factors);

}  // namespace margrave::exposure
