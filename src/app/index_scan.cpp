// Which accounts borrowed, and which changed between two blocks.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "app/index_run.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/log_cache.hpp"
#include "core/errors.hpp"

namespace margrave::app {
namespace {

using chains::Block;
using chains::evm::BlockRange;
using core::ChainError;

store::BookBlock to_book(const Block& block) {
    return {.number = block.number, .hash = block.hash, .timestamp = block.timestamp};
}

}  // namespace

/// Where the scan for borrowers goes on: behind what is kept, if that is of the same events and of
/// this chain.
store::BookScan IndexRun::scan_so_far(const Deployment& deployment) {
    const chains::LogFilter& borrows = deployment.events->borrows;
    store::BookScan scan = book_.scan(deployment.id);
    const store::BookScan anew{.events = chains::evm::events_text(borrows),
                               .from = borrows.from.value(),
                               .next = borrows.from.value()};
    if (scan.events != anew.events || scan.from != anew.from) {
        return anew;
    }
    if (scan.next > scan.from && !is_in_chain(core::BlockNumber(scan.next - 1), scan.hash)) {
        progress_.tell(
            fmt::format("{}: the chain was reorganised below block {}; events are read "
                        "anew",
                        deployment.target.entry->name, scan.next));
        return anew;
    }
    return scan;
}

/// Notes who borrowed up to a block that will not change any more; what is found is kept as the
/// scan goes.
void IndexRun::scan_final(Deployment& deployment, const Block& last) {
    store::BookScan scan = scan_so_far(deployment);
    book_.add_borrowers(deployment.id, {}, scan);
    if (scan.next > last.number.value()) {
        return;
    }
    const BlockRange range{.first = scan.next, .last = last.number.value()};
    progress_.begin(fmt::format("{}: blocks for borrowers", deployment.target.entry->name), 0,
                    range.size());
    Named found;
    const auto keep = [&](std::uint64_t next) {
        if (next == scan.next) {
            return;
        }
        scan.hash =
            next == last.number.value() + 1
                ? last.hash
                : chains::evm::read_block(source_.transport, core::BlockNumber(next - 1)).hash;
        scan.next = next;
        book_.add_borrowers(deployment.id, found, scan);
        found.clear();
        progress_.at(next - range.first);
    };
    const auto end =
        ranges_.scan(deployment.events->borrows, range,
                     {.pinned = std::nullopt, .logs_max = std::nullopt, .progress = keep},
                     [&](std::span<const chains::Log> logs) {
                         for (const chains::Log& log : logs) {
                             for (auto& account : deployment.events->accounts_in(log)) {
                                 found.push_back({.market = std::move(account.market),
                                                  .wallet = account.wallet});
                             }
                         }
                     });
    progress_.end();
    if (end.failure) {
        throw ChainError(*end.failure);
    }
}

/// Each account once.
IndexRun::Named IndexRun::scan(const Deployment& deployment, const chains::LogFilter& filter,
                               const BlockRange& range, const std::optional<Block>& pinned) {
    std::set<adapters::NamedAccount> found;
    progress_.begin(fmt::format("{}: blocks for changes", deployment.target.entry->name), 0,
                    range.size());
    const auto end = ranges_.scan(
        filter, range,
        {.pinned = pinned,
         .logs_max = std::nullopt,
         .progress = [&](std::uint64_t next) { progress_.at(next - range.first); }},
        [&](std::span<const chains::Log> logs) {
            for (const chains::Log& log : logs) {
                for (adapters::NamedAccount& account : deployment.events->accounts_in(log)) {
                    found.insert(std::move(account));
                }
            }
        });
    progress_.end();
    if (end.failure) {
        throw ChainError(*end.failure);
    }
    Named out;
    for (const adapters::NamedAccount& account : found) {
        out.push_back({.market = account.market, .wallet = account.wallet});
    }
    return out;
}

/// From now on the book speaks of `block`. What is between the two blocks is asked in the order of
/// the chain, whichever is the later: who is named there has another state at the other.
void IndexRun::move_to(const Block& block) {
    forget_block_of_another_chain();
    read_events(block);
    const auto before = book_.block();
    std::vector<std::pair<std::int64_t, store::NamedInBook>> changed;
    for (Deployment& deployment : deployments_) {
        const store::BookScan so_far = scan_so_far(deployment);
        if (so_far.next <= block.number.value()) {
            const Named borrowed =
                scan(deployment, deployment.events->borrows,
                     {.first = so_far.next, .last = block.number.value()}, block);
            book_.add_borrowers(deployment.id, borrowed, so_far);
        }
        if (!before || before->number == block.number) {
            continue;
        }
        const bool is_later = before->number < block.number;
        const Block old{
            .number = before->number, .hash = before->hash, .timestamp = before->timestamp};
        const Block& earlier = is_later ? old : block;
        const Block& later = is_later ? block : old;
        for (store::NamedInBook& account :
             scan(deployment, deployment.events->changes,
                  {.first = earlier.number.value() + 1, .last = later.number.value()}, later)) {
            changed.emplace_back(deployment.id, std::move(account));
        }
    }
    if (before && !is_in_chain(before->number, before->hash)) {
        book_.forget_block();
    }
    book_.move_to(to_book(block), changed);
}

}  // namespace margrave::app
