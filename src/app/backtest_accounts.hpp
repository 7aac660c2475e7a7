#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "app/cli.hpp"
#include "app/gather_parts.hpp"
#include "app/index_run.hpp"
#include "app/playbook_file.hpp"
#include "app/progress.hpp"
#include "app/world.hpp"
#include "cascade/backtest.hpp"
#include "cascade/state.hpp"
#include "chains/reader.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

/// The accounts of a backtest: as they were before, and what happened to them.
namespace margrave::app {

/// Where a backtest reads, and what.
struct BacktestSource {
    World& world;
    const BacktestOptions& options;
    const PlaybookFile& file;
    const settings::Settings& settings;
    const ConnectedChain& connected;
    Progress& progress;
    std::vector<IndexTarget> targets;
};

/// The playbook's deployments; of one that only a market inside is named of, that market. Throws
/// ConfigError for a name that is none.
[[nodiscard]] std::vector<IndexTarget> backtest_targets(const PlaybookFile& file,
                                                        const settings::Settings& settings);

/// The playbook's markets with their accounts at one block.
struct BacktestStart {
    cascade::State state;
    std::vector<snapshot::CoverageGap> gaps;
    std::set<cascade::AccountName> unread;  ///< of the book, beside those whom `gaps` name
};

/// The accounts are the playbook's, or its book's, or, where it names neither, every borrower that
/// events tell. Throws InputError for a book of another block, core::ChainError when nothing can be
/// read.
[[nodiscard]] BacktestStart read_start(const BacktestSource& source, const chains::Block& from);

struct RealLiquidation {
    cascade::AccountName account;
    std::optional<core::Address> collateral;  ///< nullopt: the only one of the market
    core::U256 seized;
    core::BlockNumber block;
};

struct RealEvents {
    std::vector<RealLiquidation> liquidations;  ///< in the order of the chain
    std::map<cascade::AccountName, std::set<std::uint64_t>> named_in;
};

/// Of the blocks behind `from` up to `to`. Who is named is kept of `watched` and of the liquidated.
/// Throws core::ChainError.
[[nodiscard]] RealEvents read_real_events(const BacktestSource& source, const chains::Block& from,
                                          const chains::Block& to,
                                          const std::set<cascade::AccountName>& watched);

}  // namespace margrave::app
