#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cascade/backtest.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::report {

/// The answer of `margrave cascade backtest`.
struct BacktestReport {
    snapshot::ChainCut from;  ///< the block before
    snapshot::ChainCut to;    ///< the last one
    std::uint64_t every = 1;
    std::size_t blocks_read = 0;    ///< at which oracles were looked at
    std::size_t price_changes = 0;  ///< of all answers, along those blocks
    std::size_t watched = 0;        ///< accounts with debt at `from`
    std::size_t unnamed = 0;  ///< real liquidations of wallets that the playbook does not name
    cascade::BacktestLimits limits;
    cascade::Backtest test;
    std::vector<std::pair<std::string, std::string>> assumptions;  ///< name, value
    std::vector<std::string> notes;
    std::vector<snapshot::CoverageGap> gaps;
};

/// JSON "margrave.backtest/1" (docs/cascade.md), with a final newline.
[[nodiscard]] std::string to_json(const BacktestReport& report);
/// For a person in a terminal of so many columns.
[[nodiscard]] std::string to_text(const BacktestReport& report, unsigned columns);

}  // namespace margrave::report
