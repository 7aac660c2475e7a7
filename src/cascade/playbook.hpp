#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cascade/factor_powers.hpp"
#include "cascade/fraction.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/feed_rule.hpp"

/// What a cascade supposes: who acts in which order, where seized collateral goes, how oracles
/// follow (docs/cascade.md). Names are resolved: nothing here is looked up again.
namespace margrave::cascade {

/// In which order the liquidatable accounts of a round are called. Ties by lower-case address.
enum class Order { MostProfitable, LowestHealth };
/// Which collateral pays for which debt.
enum class PairChoice {
    MostProfitable,  ///< at the market's own oracle answers, before costs
    Largest,         ///< by the market's own value; ties in the market's order
};
enum class Selling {
    ToDebt,    ///< into the repaid asset, at once
    PerRound,  ///< all of an asset once a round, into its venue's `into`
    Keep,
};

[[nodiscard]] std::string to_string(Order order);
[[nodiscard]] std::string to_string(PairChoice pair);
[[nodiscard]] std::string to_string(Selling selling);

/// Where an asset is sold. Several of one asset are used by best price.
struct VenueRule {
    core::Address asset;
    core::Address into;
    core::Address pool;
};

/// What a pool-following oracle starts from.
enum class Anchor {
    Basis,  ///< today's answer, moved by as much as the pool's price
    Spot,   ///< the pool's price itself
};

/// How the answers for one asset follow, in the order of the playbook.
struct OracleRule {
    core::Address asset;
    std::optional<std::string> protocol;  ///< of the markets concerned; nullopt: all
    std::optional<std::string> market;
    std::optional<core::Address> pool;     ///< follows this pool's price of `asset`; or
    std::optional<core::Address> follows;  ///< follows another asset's answer by `ratio`
    Fraction ratio = 1;
    Fraction quote_usd = 1;  ///< dollars for one whole token of what the pool prices in
    unsigned decimals = 8;   ///< of the answer, with Anchor::Spot
    Anchor anchor = Anchor::Basis;
    margin::FeedRule feed;
};

/// Base units sold into the asset's venue before the first round.
struct OutsideSale {
    core::Address asset;
    core::U256 amount;
};

/// An oracle's answer as the chain really had it.
struct KnownAnswer {
    std::size_t market = 0;  ///< of the state's
    core::Address asset;
    core::U256 answer;
};

/// Outside moves and sales later on. Moves are of the price before the first of all. In a history
/// answers are set, and time is the block's own.
struct PathStep {
    std::uint64_t block = 0;  ///< so many after the first
    std::vector<OutsideSale> sales;
    std::vector<FactorMove> moves;
    std::vector<KnownAnswer> answers = {};
    std::optional<core::Timestamp> time = std::nullopt;  ///< nullopt: the playbook's block_s tells
};

struct Shock {
    std::vector<OutsideSale> sales;
    std::vector<FactorMove> moves;
    std::vector<PathStep> path = {};  ///< by rising block

    /// Nothing happens at once.
    [[nodiscard]] bool is_empty() const { return sales.empty() && moves.empty(); }
};

/// When liquidators act. Without any of it they act on every eligible account, at any cost.
struct Liquidators {
    bool only_when_paying =
        false;            ///< leave accounts whose liquidation would cost more than it gives
    core::Wad gas_usd;    ///< of one call with its sale
    core::Bps flash_fee;  ///< on what is repaid
    std::optional<std::uint64_t> calls_per_round;
    /// What they have to repay with at the start, all together; what a round's sales bring is there
    /// for the next. nullopt: unlimited, by flash loans.
    std::optional<core::Usd> capital;
};

struct Playbook {
    Order order = Order::MostProfitable;
    PairChoice pair = PairChoice::MostProfitable;
    Selling selling = Selling::ToDebt;
    std::size_t rounds_max = 1000;
    std::uint64_t blocks_per_round = 0;           ///< between the end of a round and the next
    std::optional<std::uint64_t> horizon_blocks;  ///< no round begins after so many
    std::uint64_t block_s = 12;
    bool accrues = false;          ///< interest runs while blocks pass
    core::Bps recovery_per_block;  ///< of the gap between a pool and the outside price
    Liquidators liquidators;
    /// Sales meet so much less than what was read: 2 is half the depth.
    std::uint64_t depth_divisor = 1;
    std::vector<VenueRule> venues;
    std::vector<OracleRule> oracles;
    FactorPowers factors;
};

}  // namespace margrave::cascade
