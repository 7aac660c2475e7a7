#include "collect/price_sources.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>

namespace margrave::collect {

void take_price_sources(chains::evm::oracles::SourceBook& sources, const std::string& chain,
                        snapshot::Snapshot& into) {
    chains::evm::oracles::SourceBook::Found found = sources.take();
    for (const auto& failure : found.failures) {
        const std::size_t others = failure.sources.size() - 1;
        into.gaps.push_back(
            {.chain = chain,
             .protocol = "",
             .market = "",
             .wallet = std::nullopt,
             .kind = failure.kind,
             .detail = fmt::format("{} {}{}: {}", failure.what, failure.sources[0].to_string(),
                                   others == 0 ? "" : fmt::format(" and {} more", others),
                                   failure.detail)});
    }
    if (!found.book.models.empty() || found.book.sequencer) {
        found.book.chain = chain;
        into.oracles.push_back(std::move(found.book));
    }
}

}  // namespace margrave::collect
