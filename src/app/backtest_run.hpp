#pragma once

#include <cstdint>

#include "app/backtest_accounts.hpp"
#include "report/backtest.hpp"

namespace margrave::app {

struct BacktestSpan {
    chains::Block from;
    chains::Block to;
    std::uint64_t every = 1;
};

/// From the accounts at span.from, under the oracles' real answers, to what the chain's own events
/// say. Throws core::ChainError for what cannot be read.
[[nodiscard]] report::BacktestReport backtest(const BacktestSource& source,
                                              const BacktestSpan& span);

}  // namespace margrave::app
