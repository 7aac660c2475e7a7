#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cascade/fast_engine.hpp"
#include "cascade/headline.hpp"
#include "cascade/ladder.hpp"
#include "cascade/lent_assets.hpp"
#include "cascade/losses.hpp"
#include "cascade/outcome.hpp"
#include "cascade/policies.hpp"
#include "core/units.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// What an own account's price is found to be.
struct OwnPrice {
    cascade::Headline headline;
    std::optional<core::Wad> factor_price;  ///< today's, in dollars; nullopt: nothing tells it
    cascade::Headline half_depth = {};      ///< the same, were pools half as deep
    std::vector<cascade::PolicyPrice> by_policy = {};  ///< empty when not asked for
};

/// The answer of `margrave cascade`.
struct CascadeReport {
    std::string chain;
    const cascade::State* begin = nullptr;  ///< must outlive the report
    /// Of the fast engine: what it could not tell for sure; nullopt: the exact one's report.
    std::optional<cascade::NearCalls> near;
    std::optional<cascade::StaticEnds> static_ends;  ///< of the fast engine too
    cascade::Outcome outcome;
    std::vector<OwnPrice> own;
    std::vector<cascade::SweepPoint> sweep;  ///< of the first own row's factor, from small to large
    std::optional<cascade::Ladder> ladder;   ///< of the same, where it falls
    std::optional<cascade::Losses> losses;
    std::vector<cascade::PolicyOutcome> policies = {};  ///< of the same shock; empty: not asked for
    std::vector<cascade::LentAsset> lent = {};
    std::vector<std::pair<std::string, std::string>> assumptions;  ///< name, value
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.cascade/1" (docs/cascade.md), with a final newline.
[[nodiscard]] std::string to_json(const CascadeReport& report);
/// For a person in a terminal of so many columns.
[[nodiscard]] std::string to_text(const CascadeReport& report, unsigned columns);
/// Graphviz: who fell, in which round, through which pool and oracle.
[[nodiscard]] std::string to_dot(const CascadeReport& report);

/// The symbol of an asset of these markets and pools; its address where nothing names it.
[[nodiscard]] std::string cascade_symbol(const cascade::State& state, const core::Address& asset);

}  // namespace margrave::report
