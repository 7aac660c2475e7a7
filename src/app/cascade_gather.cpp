#include "app/cascade_gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "app/book.hpp"
#include "app/cascade_run.hpp"
#include "app/playbook_book.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "margin/kept_rows.hpp"

namespace margrave::app {
namespace {

/// Reads the playbook's chain for the playbook's wallets.
SourceOptions source_of(const SourceOptions& options, const PlaybookFile& file) {
    SourceOptions source = options;
    for (const core::Address& wallet : file.wallets) {
        source.wallets.push_back(wallet.to_string());
    }
    if (source.chains.empty() && !source.snapshot) {
        source.chains = {file.chain};
    }
    return source;
}

/// A wallet of the book, which holds one at least where there is a debt.
std::optional<core::Address> first_borrower(const snapshot::Snapshot& book) {
    for (const auto& market : book.markets) {
        if (market->account_count() > 0) {
            return market->wallet(0);
        }
    }
    return std::nullopt;
}

/// Pools, and what the own wallets hold and have posted, at the book's own block.
SourceOptions source_beside_book(const SourceOptions& options, const PlaybookFile& file,
                                 const snapshot::Snapshot& book) {
    const snapshot::ChainCut& cut = book.chains.front();
    if (cut.chain != file.chain) {
        throw core::ConfigError(fmt::format("{}: the book is of chain {}, the playbook of {}",
                                            core::printable(*file.book), core::printable(cut.chain),
                                            core::printable(file.chain)));
    }
    if (!options.wallets.empty() || options.wallets_file || options.block) {
        throw core::InputError(
            "a playbook with a book takes no addresses and no --block: the book "
            "holds every borrower, at one block");
    }
    SourceOptions source = source_of(options, file);
    if (options.snapshot) {
        source.wallets.clear();
        return source;
    }
    const auto anybody = first_borrower(book);
    if (source.wallets.empty() && anybody) {
        source.wallets.push_back(anybody->to_string());
    }
    source.block = core::to_hex(cut.hash);
    return source;
}

bool has_row(const margin::Market& market, const core::Address& wallet) {
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        if (market.wallet(row) == wallet) {
            return true;
        }
    }
    return false;
}

/// Own accounts as they were read whole: the book has no lenders, nor supplies that are no
/// collateral. One that could not be read now does not replace what the book has of it.
void take_own_rows(const snapshot::Snapshot& read, const std::vector<core::Address>& own,
                   snapshot::Snapshot& book) {
    for (const auto& from : read.markets) {
        const auto into =
            std::find_if(book.markets.begin(), book.markets.end(),
                         [&](const auto& market) { return market->name() == from->name(); });
        auto* const rows =
            into == book.markets.end() ? nullptr : dynamic_cast<margin::KeptRows*>(into->get());
        for (std::size_t row = 0; rows != nullptr && row < from->account_count(); ++row) {
            const core::Address wallet = from->wallet(row);
            const bool is_own = std::find(own.begin(), own.end(), wallet) != own.end();
            const bool is_known = from->health(row).status != margin::Status::Unknown;
            if (is_own && from->is_active(row) && (is_known || !has_row(**into, wallet))) {
                rows->take_row(*from, row);
            }
        }
    }
}

/// Those of the book, each once: what both lack is told by both.
void add_gaps(std::vector<snapshot::CoverageGap> more, std::vector<snapshot::CoverageGap>& into) {
    for (snapshot::CoverageGap& gap : more) {
        if (std::find(into.begin(), into.end(), gap) == into.end()) {
            into.push_back(std::move(gap));
        }
    }
}

/// The pools and holdings as gathered, the markets as the book has them.
Gathered gather_with_book(World& world, const SourceOptions& options, const PlaybookFile& file,
                          settings::Settings settings) {
    OpenBook book = read_named_book(file);
    if (file.own.empty()) {
        settings.markets.clear();  // the book has them, and nobody's account is to be read whole
    }
    auto gathered = gather(world, source_beside_book(options, file, book.snapshot), settings,
                           playbook_reading(file));
    snapshot::Snapshot& into = gathered.snapshot;
    if (gathered.chain_unreadable || into.chains.empty()) {
        return gathered;
    }
    if (into.chains.front().hash != book.snapshot.chains.front().hash) {
        throw core::InputError(core::printable(*file.book) +
                               ": the snapshot is of another block than the book");
    }
    take_own_rows(into, file.own, book.snapshot);
    into.markets = std::move(book.snapshot.markets);
    into.oracles = std::move(book.snapshot.oracles);
    add_gaps(std::move(book.gaps), into.gaps);
    return gathered;
}

}  // namespace

Gathered gather_cascade(World& world, const SourceOptions& options, const PlaybookFile& file,
                        const settings::Settings& settings) {
    return file.book ? gather_with_book(world, options, file, settings)
                     : gather(world, source_of(options, file), settings, playbook_reading(file));
}

}  // namespace margrave::app
