#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "margin/feed_rule.hpp"
#include "margin/market.hpp"
#include "margin/oracle.hpp"

namespace margrave::report {

/// What is known of feeds by chain and address: no contract tells it.
using FeedRules = std::map<std::pair<std::string, core::Address>, margin::FeedRule>;

/// A feed may land this much later than its heartbeat: a transmission needs some blocks.
inline constexpr std::uint64_t kHeartbeatSlackSeconds = 600;

/// An answer that a market takes from a source.
struct OracleUse {
    margin::MarketName market;
    core::Address asset;
    std::string symbol;
};

/// One price source as reported.
struct OracleRow {
    std::shared_ptr<const margin::OracleModel> model;
    std::vector<OracleUse> used_for;  ///< empty for one that is only part of another
    std::vector<margin::OracleBound> bounds;
    std::optional<core::Timestamp> updated_at;  ///< its own, else the oldest of its parts
    margin::FeedRule rule = {};
    /// Older than its heartbeat; of a composition, one of its parts. nullopt when neither heartbeat
    /// nor time is known.
    std::optional<bool> is_stale;
    std::optional<margin::NextAnswer> next;  ///< of a feed of which something is known
    std::vector<std::string> warnings;       ///< sentences
};

struct OracleChain {
    std::string chain;
    core::Timestamp block_time;
    std::optional<margin::Sequencer> sequencer;
    std::optional<margin::SequencerState> sequencer_state;  ///< at the block
    std::vector<OracleRow> rows;
    std::vector<std::string> warnings;  ///< of everything on the chain
};

}  // namespace margrave::report
