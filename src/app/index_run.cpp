#include "app/index_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/errors.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {
namespace {

using chains::Block;
using core::ChainError;
using core::ErrorKind;

/// Accounts in one transaction, and in the rounds that read them: few at first, so that an endpoint
/// which is slow loses little.
constexpr std::size_t kBatchFirst = 125;
constexpr std::size_t kBatchMax = 4'000;
/// Blocks in a row at which not one account could be read.
constexpr unsigned kFruitlessMax = 3;

/// What a node says that no longer has, or never had, the block's state.
bool is_gone(ErrorKind kind) {
    return kind == ErrorKind::MissingState || kind == ErrorKind::WrongBlock ||
           kind == ErrorKind::UnknownBlock;
}

}  // namespace

IndexRun::IndexRun(const IndexSource& source, std::vector<IndexTarget> targets,
                   store::BookFile& book, Progress& progress)
    : source_(source),
      book_(book),
      progress_(progress),
      ranges_(source.transport),
      batch_(kBatchFirst) {
    for (IndexTarget& target : targets) {
        const std::int64_t id = book.add_deployment({.protocol = target.entry->protocol,
                                                     .name = target.entry->name,
                                                     .only_market = target.only_market});
        deployments_.push_back({.target = std::move(target), .id = id, .events = std::nullopt});
    }
}

void IndexRun::run() {
    forget_block_of_another_chain();
    at_newest([this](const Block& block) {
        read_events(block);
        return true;
    });
    const auto last = chains::evm::last_final_block(source_.transport, head());
    if (!last) {
        throw ChainError(last.error());
    }
    for (Deployment& deployment : deployments_) {
        if (last.value()) {
            scan_final(deployment, **last);
        }
    }
    at_newest([this](const Block& block) {
        move_to(block);
        auto reader = reader_at(block);
        return read_accounts(reader) && read_shared(reader);
    });
}

/// Takes the step at the block that is asked for; where that one's state, or the block itself, is
/// gone before the step is done, again at the one that is newest then.
void IndexRun::at_newest(const std::function<bool(const Block&)>& step) {
    unsigned fruitless = 0;
    for (;;) {
        const Block block = head();
        kept_ = 0;
        // A parsing edge: that a block is gone is an answer here, and all else is not.
        try {
            if (step(block)) {
                return;
            }
        } catch (const ChainError& error) {
            if (!is_gone(error.kind())) {
                throw;
            }
        }
        fruitless = kept_ == 0 ? fruitless + 1 : 0;
        if (fruitless == kFruitlessMax || head().hash == block.hash) {
            throw ChainError(ErrorKind::MissingState, source_.chain.name,
                             fmt::format("the state of block {} cannot be read; an archive node "
                                         "would have it",
                                         block.number.value()));
        }
        ++blocks_moved_;
        progress_.tell(fmt::format("the state of block {} is gone; going on at a later block",
                                   block.number.value()));
    }
}

Block IndexRun::head() const {
    return chains::evm::read_head_of(source_.transport, source_.chain.name, source_.chain.chain_id,
                                     source_.block)
        .block;
}

core::BlockNumber IndexRun::head_of_chain() const {
    return chains::evm::read_head(source_.transport, "latest").block.number;
}

bool IndexRun::is_in_chain(core::BlockNumber number, const core::Hash& hash) const {
    const auto found = chains::evm::parse_block_reply(
        source_.transport.send({{chains::evm::block_by_number(number.value())}})[0][0]);
    if (!found && found.error().kind() != ErrorKind::UnknownBlock) {
        throw ChainError(found.error());
    }
    return found && found->hash == hash;
}

chains::evm::BatchReader IndexRun::reader_at(const Block& block) const {
    return {source_.transport, block, source_.chain.multicall3};
}

/// What was read at a block that is no longer in the chain says nothing, and neither do the events
/// since then. A node that is not there yet says nothing about the block either.
void IndexRun::forget_block_of_another_chain() {
    const auto block = book_.block();
    if (block && head_of_chain() < block->number) {
        throw ChainError(ErrorKind::UnknownBlock, source_.chain.name,
                         fmt::format("the endpoint has no block {} yet, at which the book stands: "
                                     "it lags, or the chain was reorganised; try again, or begin "
                                     "a new book",
                                     block->number.value()));
    }
    if (block && !is_in_chain(block->number, block->hash)) {
        progress_.tell(
            fmt::format("block {} of the book is no longer in the chain: every account "
                        "is read again",
                        block->number.value()));
        book_.forget_block();
    }
}

void IndexRun::read_events(const Block& block) {
    for (Deployment& deployment : deployments_) {
        auto reader = reader_at(block);
        deployment.events = collect::read_account_events(
            reader, source_.settings, *deployment.target.entry, deployment.target.only_market);
        for (const std::string& market : deployment.events->markets) {
            book_.add_market(deployment.id, market);
        }
    }
}

bool IndexRun::read_accounts(chains::evm::BatchReader& reader) {
    std::uint64_t left = 0;
    for (const store::BookMarket& market : book_.markets()) {
        left += book_.counts(market.id).unread;
    }
    progress_.begin("accounts", 0, left);
    std::uint64_t done = 0;
    store::BookAccount behind;
    for (;;) {
        const auto accounts = book_.unread(batch_, behind);
        if (accounts.empty()) {
            progress_.end();
            return true;
        }
        behind = accounts.back();
        const auto answers =
            collect::read_book_accounts(reader, source_.settings, questions_of(accounts));
        std::vector<store::ReadAccount> read;
        auto account = accounts.begin();
        for (const auto& of_market : answers) {
            for (const collect::BookAnswer& answer : of_market) {
                if (answer.failure && is_gone(answer.failure->kind())) {
                    return false;
                }
                if (answer.failure) {
                    note_failure(*answer.failure);
                } else {
                    read.push_back({.account = *account, .numbers = answer.numbers});
                }
                ++account;
            }
        }
        book_.keep(read);
        kept_ += read.size();
        done += accounts.size();
        progress_.at(done);
        batch_ = std::min(kBatchMax, 2 * batch_);
    }
}

/// The accounts come market by market.
std::vector<collect::BookQuestion> IndexRun::questions_of(
    const std::vector<store::BookAccount>& accounts) const {
    std::map<std::int64_t, store::BookMarket> markets;
    for (store::BookMarket& market : book_.markets()) {
        markets.emplace(market.id, std::move(market));
    }
    std::vector<collect::BookQuestion> out;
    std::int64_t last = 0;
    for (const store::BookAccount& account : accounts) {
        if (out.empty() || account.market != last) {
            const store::BookMarket& market = markets.at(account.market);
            out.push_back({.entry = deployment_of(market).target.entry,
                           .market = market.name,
                           .wallets = {}});
            last = account.market;
        }
        out.back().wallets.push_back(account.wallet);
    }
    return out;
}

const IndexRun::Deployment& IndexRun::deployment_of(const store::BookMarket& market) const {
    const auto found = std::find_if(
        deployments_.begin(), deployments_.end(),
        [&](const Deployment& deployment) { return deployment.id == market.deployment; });
    core::ensure(found != deployments_.end(), "a book is brought on with all its deployments");
    return *found;
}

/// Asked with a wallet that has nothing: what accounts share does not depend on whose they are.
bool IndexRun::read_shared(chains::evm::BatchReader& reader) {
    std::vector<collect::BookQuestion> questions;
    for (const store::BookMarket& market : book_.markets()) {
        questions.push_back({.entry = deployment_of(market).target.entry,
                             .market = market.name,
                             .wallets = {core::Address{}}});
    }
    const snapshot::Snapshot shared =
        collect::read_book_shared(reader, source_.settings, source_.chain, questions);
    const bool is_lost = std::any_of(shared.gaps.begin(), shared.gaps.end(),
                                     [](const auto& gap) { return is_gone(gap.kind); });
    if (is_lost) {
        return false;
    }
    book_.keep_shared(snapshot::to_json(shared));
    return true;
}

/// The first is told; how many there are stands in the result.
void IndexRun::note_failure(const ChainError& failure) {
    if (!first_failure_) {
        first_failure_ = failure.what();
        progress_.tell(fmt::format("an account could not be read: {}", *first_failure_));
    }
}

}  // namespace margrave::app
