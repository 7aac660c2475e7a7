#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"

namespace margrave::margin {

/// What a protocol asks a price source for its answer: a feed's latestAnswer(), or the price() of
/// an isolated market's own oracle.
enum class PriceQuestion { LatestAnswer, Price };

/// What a price source is, told by the functions that it answers.
enum class OracleKind {
    Opaque,         ///< nothing is known of it but its answer
    Feed,           ///< reporters put an answer on chain, with its time
    Rate,           ///< a feed without a time: a number that another contract computes
    Fixed,          ///< an answer that only its owner changes
    CappedRatio,    ///< a base price times a ratio that may only grow so fast
    CappedPrice,    ///< a price below a fixed cap
    CappedByPrice,  ///< a price below another price times a fixed ratio
    Product,        ///< asset/peg times peg/base
    Quotient,       ///< asset/peg over base/peg
    Discount,       ///< a price less a discount that shrinks until maturity
    MorphoChain,    ///< vaults and feeds of a collateral over those of a loan token
};

/// "opaque", "feed", "rate", "fixed", "capped_ratio" …
[[nodiscard]] std::string_view to_string(OracleKind kind);
/// Its inverse; nullopt for another word.
[[nodiscard]] std::optional<OracleKind> parse_oracle_kind(std::string_view name);

struct OracleSource;

/// A number that a source's answer is made of.
struct OraclePart {
    std::string role;      ///< "base", "ratio", "asset", "base_feed_1" …
    core::Address source;  ///< the contract that gives it
    core::U256 answer;     ///< to the question that the source asks it, at the block
    std::optional<core::Timestamp> updated_at;
    /// What it is made of itself; nullptr for a plain number.
    std::shared_ptr<const OracleSource> made_of;
};

/// One contract that answers a price, as read at one block. Pure data.
struct OracleSource {
    core::Address address;
    OracleKind kind = OracleKind::Opaque;
    std::string description;           ///< its own words; "" without
    std::optional<unsigned> decimals;  ///< of its answer; nullopt when it does not tell
    /// nullopt when it reverts or is negative; 0 is what it said.
    std::optional<core::U256> answer;
    std::optional<core::Timestamp> updated_at;
    core::Timestamp read_at;  ///< the block's time
    /// The constants of its kind, by name: "cap", "snapshot_ratio" …
    std::map<std::string, core::U256> parameters;
    std::vector<OraclePart> parts;
};

/// A number at the bottom of a composition: what moves an answer from outside.
struct OracleLeaf {
    core::Address source;     ///< the feed; or the contract that asks for the number
    std::string role;         ///< "" for a feed's own answer
    std::string description;  ///< the feed's own words; "" for other numbers
    core::Address provider;   ///< who gives the number: the feed itself, a staking token …
    core::U256 answer;        ///< today's
    std::optional<core::Timestamp> updated_at;
};

/// A limit inside a composition, at the block.
struct OracleBound {
    std::string what;      ///< "ratio_cap", "price_cap", "min_answer", "max_answer"
    core::Address source;  ///< whose limit it is
    core::U256 limit;
    core::U256 value;       ///< what it is compared with, today's
    bool is_upper = true;   ///< a cap; else a floor
    bool binds = false;     ///< the answer is the limit's: a cap below its value, a clamp reached
    core::U256 per_second;  ///< how fast the limit grows, 1e6 is one; 0: it does not
    /// When a growing cap reaches today's value; nullopt when it does not bind or does not grow.
    std::optional<core::Timestamp> released_at;
};

/// How one source's answer follows what it is made of. Pure: speaks of the block that it was read
/// at, and of later times as the source's own arithmetic has them.
class OracleModel {
  public:
    virtual ~OracleModel() = default;

    [[nodiscard]] virtual const OracleSource& source() const = 0;
    /// The composition gives, at the block, the integer that the contract gave. Where it does not,
    /// only the answer itself may be used.
    [[nodiscard]] virtual bool is_confirmed() const = 0;
    /// In the order in which they are found, each once.
    [[nodiscard]] virtual std::span<const OracleLeaf> leaves() const = 0;
    /// The integer answer with these values for the leaves, at that time; rounded as the contract
    /// does. nullopt where the contract would revert. One value for each leaf.
    [[nodiscard]] virtual std::optional<core::U256> answer(std::span<const core::U256> leaves,
                                                           core::Timestamp at) const = 0;
    /// The same in doubles, for searching: no step rounds.
    [[nodiscard]] virtual double fast_answer(std::span<const double> leaves,
                                             core::Timestamp at) const = 0;
    /// Caps and clamps with today's values.
    [[nodiscard]] virtual std::vector<OracleBound> bounds() const = 0;
};

/// Whether an L2's sequencer lets anybody act, as its uptime feed tells.
enum class SequencerState { Up, Grace, Down, Invalid };

/// "up", "grace", "down", "invalid"
[[nodiscard]] std::string_view to_string(SequencerState state);

/// An L2 sequencer uptime feed as read at one block.
struct Sequencer {
    core::Address feed;
    core::U256 answer;           ///< 0 up, 1 down
    core::Timestamp started_at;  ///< of this status; 0: the feed has no round yet
    std::uint64_t grace_s = 0;   ///< after it is up again

    /// Up only when more than the grace period has passed since it came up; Invalid without a
    /// round, for another answer than 0 and 1, or for a status that begins later than `at`.
    /// Source: smartcontractkit/documentation, data-feeds/l2-sequencer-feeds.
    [[nodiscard]] SequencerState state(core::Timestamp at) const;
};

/// The price sources of one chain.
struct OracleBook {
    std::string chain;
    std::vector<std::shared_ptr<const OracleModel>> models;  ///< parts come before what uses them
    std::optional<Sequencer> sequencer;  ///< nullopt where none is configured, or it is a gap

    /// nullptr for an unknown source.
    [[nodiscard]] const OracleModel* find(const core::Address& source) const;
};

}  // namespace margrave::margin
