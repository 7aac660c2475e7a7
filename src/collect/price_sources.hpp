#pragma once

#include <string>

#include "adapters/adapter.hpp"
#include "chains/evm/oracles/source_book.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// An adapter's question as the chain's oracle readers put it.
[[nodiscard]] chains::evm::oracles::PriceQuestion question_of(adapters::PriceQuestion question);

/// Moves what was found out of a chain's price sources into the snapshot. It decides no health:
/// what could not be found out is one gap for all sources that failed alike.
void take_price_sources(chains::evm::oracles::SourceBook& sources, const std::string& chain,
                        snapshot::Snapshot& into);

}  // namespace margrave::collect
