#include "app/backtest_accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "app/cascade_run.hpp"
#include "app/gather.hpp"
#include "app/index_target.hpp"
#include "app/playbook_book.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/range_scanner.hpp"
#include "collect/book_reading.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "store/book_file.hpp"

namespace margrave::app {
namespace {

using cascade::AccountName;
using chains::Block;
using core::ChainError;
using core::ErrorKind;

Gathered read_wallets(const BacktestSource& source, const Block& from) {
    SourceOptions where = source.options;
    for (const core::Address& wallet : source.file.wallets) {
        where.wallets.push_back(wallet.to_string());
    }
    where.chains = {source.file.chain};
    where.block = core::to_hex(from.hash);
    return gather(source.world, where, source.settings,
                  {.holders = std::set<core::Address>{}});  // nobody's tokens
}

OpenBook read_book_before(const BacktestSource& source, const Block& from) {
    OpenBook book = read_named_book(source.file);
    const snapshot::ChainCut& cut = book.snapshot.chains.front();
    if (cut.chain != source.file.chain || cut.hash != from.hash) {
        throw core::InputError(fmt::format(
            "{}: the book is of {} at block {}, --from is block {} of {}: bring it there with "
            "`margrave index --book {} --block {}`, or leave `book` out of the playbook",
            core::printable(*source.file.book), core::printable(cut.chain), cut.number.value(),
            from.number.value(), core::printable(source.file.chain),
            core::printable(*source.file.book), from.number.value()));
    }
    return book;
}

/// A book in memory, made as `margrave index` makes it.
OpenBook find_borrowers(const BacktestSource& source, const Block& from) {
    auto book = store::BookFile::in_memory();
    book.set_chain(source.connected.chain.name, source.connected.chain.chain_id);
    IndexRun run({.settings = source.settings,
                  .chain = source.connected.chain,
                  .transport = *source.connected.transport,
                  .block = core::to_hex(from.hash)},
                 source.targets, book, source.progress);
    run.run();
    return read_book(book);
}

BacktestStart start_of(const BacktestSource& source, snapshot::Snapshot snapshot) {
    return {.state = take_state(snapshot, source.file, source.settings),
            .gaps = std::move(snapshot.gaps),
            .unread = {}};
}

BacktestStart start_of(const BacktestSource& source, OpenBook book) {
    BacktestStart out = start_of(source, std::move(book.snapshot));
    out.gaps.insert(out.gaps.end(), std::make_move_iterator(book.gaps.begin()),
                    std::make_move_iterator(book.gaps.end()));
    out.unread = std::move(book.unread);
    return out;
}

/// Hands each event of the filter over with its deployment.
class RealScan {
  public:
    RealScan(const BacktestSource& source, const Block& from, const Block& to)
        : source_(source), to_(to), ranges_(*source.connected.transport) {
        range_ = {.first = from.number.value() + 1, .last = to.number.value()};
    }

    void run(const std::string& what, const chains::LogFilter& filter,
             const chains::LogSink& sink) {
        source_.progress.begin(what, 0, range_.size());
        const auto end = ranges_.scan(
            filter, range_,
            {.pinned = to_,
             .logs_max = std::nullopt,
             .progress = [&](std::uint64_t next) { source_.progress.at(next - range_.first); }},
            sink);
        source_.progress.end();
        if (end.failure) {
            throw ChainError(*end.failure);
        }
    }

  private:
    const BacktestSource& source_;
    const Block& to_;
    chains::evm::RangeScanner ranges_;
    chains::evm::BlockRange range_{};
};

AccountName name_of(const IndexTarget& target, adapters::NamedAccount account) {
    return {.protocol = target.entry->protocol,
            .market = std::move(account.market),
            .wallet = account.wallet};
}

}  // namespace

std::vector<IndexTarget> backtest_targets(const PlaybookFile& file,
                                          const settings::Settings& settings) {
    std::vector<IndexTarget> out;
    for (const PlaybookMarket& word : file.markets) {
        const auto found = find_target(settings, file.chain, word.protocol, word.market);
        if (!found) {
            throw core::ConfigError(fmt::format(
                "{}: {} has no {} deployment named {}; write its name, or the id of a market (0x…)",
                word.where, core::printable(file.chain), core::printable(word.protocol),
                core::printable(word.market)));
        }
        add_target(*found, out);
    }
    return out;
}

BacktestStart read_start(const BacktestSource& source, const Block& from) {
    BacktestStart out;
    if (source.file.book) {
        out = start_of(source, read_book_before(source, from));
    } else if (source.file.has_wallets) {
        out = start_of(source, std::move(read_wallets(source, from).snapshot));
    } else {
        out = start_of(source, find_borrowers(source, from));
    }
    if (out.state.markets.empty() && !out.gaps.empty()) {
        const snapshot::CoverageGap& why = out.gaps.front();
        throw ChainError(
            why.kind, source.file.chain,
            fmt::format(
                "no market of the playbook can be read at block {}{}: {}", from.number.value(),
                why.kind == ErrorKind::MissingState ? ", which an archive node would have" : "",
                why.detail));
    }
    return out;
}

RealEvents read_real_events(const BacktestSource& source, const Block& from, const Block& to,
                            const std::set<AccountName>& watched) {
    RealEvents out;
    RealScan scan(source, from, to);
    chains::evm::BatchReader reader(*source.connected.transport, from,
                                    source.connected.chain.multicall3);
    for (const IndexTarget& target : source.targets) {
        const adapters::AccountEvents events = collect::read_account_events(
            reader, source.settings, *target.entry, target.only_market);
        std::set<AccountName> of_interest = watched;
        scan.run(target.entry->name + ": blocks for liquidations", events.liquidations,
                 [&](std::span<const chains::Log> logs) {
                     for (const chains::Log& log : logs) {
                         auto found = events.liquidation_in(log);
                         AccountName name = name_of(target, std::move(found.account));
                         of_interest.insert(name);
                         out.liquidations.push_back({.account = std::move(name),
                                                     .collateral = found.collateral,
                                                     .seized = found.seized,
                                                     .block = log.block});
                     }
                 });
        scan.run(target.entry->name + ": blocks for changes", events.changes,
                 [&](std::span<const chains::Log> logs) {
                     for (const chains::Log& log : logs) {
                         for (adapters::NamedAccount& account : events.accounts_in(log)) {
                             const AccountName name = name_of(target, std::move(account));
                             if (of_interest.contains(name)) {
                                 out.named_in[name].insert(log.block.value());
                             }
                         }
                     }
                 });
    }
    std::stable_sort(
        out.liquidations.begin(), out.liquidations.end(),
        [](const RealLiquidation& a, const RealLiquidation& b) { return a.block < b.block; });
    return out;
}

}  // namespace margrave::app
