#pragma once

#include <string>

#include "chains/evm/oracles/source_book.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// Moves what was found out of a chain's price sources into the snapshot. It decides no health:
/// what could not be found out is one gap for all sources that failed alike.
void take_price_sources(chains::evm::oracles::SourceBook& sources, const std::string& chain,
                        snapshot::Snapshot& into);

}  // namespace margrave::collect
