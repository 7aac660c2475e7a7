#include "collect/collect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapters/adapter.hpp"
#include "chains/evm/answer_book.hpp"
#include "chains/evm/batch_reader.hpp"
#include "chains/evm/changed_accounts.hpp"
#include "chains/evm/head.hpp"
#include "chains/evm/http_url.hpp"
#include "chains/evm/log_scanner.hpp"
#include "chains/evm/oracles/source_book.hpp"
#include "chains/evm/refresh.hpp"
#include "chains/task.hpp"
#include "collect/holdings.hpp"
#include "collect/look_through.hpp"
#include "collect/market_reading.hpp"
#include "collect/price_sources.hpp"
#include "collect/smart_accounts.hpp"
#include "collect/venue_reading.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"

namespace margrave::collect {
namespace {

using chains::Task;
using core::ChainError;
using core::ErrorKind;

/// One chain being read: everything that asks it, and who was asked for or found.
struct ChainReading {
    std::vector<MarketReading> markets;
    std::vector<VenueReading> venues;
    HoldingsReader holdings;
    LookThroughReader claims;
    SmartAccountReader smart;
    std::set<core::Address> wallets;  ///< read, or about to be
    std::optional<std::set<core::Address>> holders;
};

/// The wallet's accounts and balances, and those of the proxy that acts for it.
Task<bool> read_wallet(ChainReading& chain, chains::Reader& reader, core::Address wallet);

Task<bool> read_proxy(ChainReading& chain, chains::Reader& reader, core::Address wallet) {
    const auto proxy = co_await chain.smart.find_proxy(reader, wallet);
    if (proxy && chain.wallets.insert(*proxy).second) {
        static_cast<void>(co_await read_wallet(chain, reader, *proxy));
    }
    co_return true;
}

Task<bool> read_holdings(HoldingsReader& holdings, chains::Reader& reader, core::Address wallet) {
    co_await holdings.read(reader, wallet);
    co_return true;
}

Task<bool> read_wallet(ChainReading& chain, chains::Reader& reader, core::Address wallet) {
    std::vector<Task<bool>> parts;
    parts.reserve(chain.markets.size() + 2);
    for (MarketReading& market : chain.markets) {
        parts.push_back(read_account(market, reader, wallet));
    }
    if (!chain.holders || chain.holders->contains(wallet)) {
        parts.push_back(read_holdings(chain.holdings, reader, wallet));
    }
    parts.push_back(read_proxy(chain, reader, wallet));
    static_cast<void>(co_await chains::settle_all(std::move(parts)));
    co_return true;
}

/// The configured smart accounts of the wallets that are read.
Task<bool> read_smart_accounts(ChainReading& chain, chains::Reader& reader) {
    co_await chain.smart.read_configured(reader);
    std::vector<Task<bool>> found;
    for (const core::Address& account : chain.smart.owned_by(chain.wallets)) {
        if (chain.wallets.insert(account).second) {
            found.push_back(read_wallet(chain, reader, account));
        }
    }
    static_cast<void>(co_await chains::settle_all(std::move(found)));
    co_return true;
}

Task<bool> read_claim(LookThroughReader& claims, chains::Reader& reader, core::Address token) {
    co_await claims.read(reader, token);
    co_return true;
}

/// Amounts of tokens that are held or stand in an account.
using TokenAmounts = std::set<std::pair<core::Address, core::U256>>;

Task<bool> convert(LookThroughReader& claims, chains::Reader& reader, core::Address token,
                   core::U256 amount) {
    co_await claims.convert(reader, token, std::move(amount));
    co_return true;
}

/// All tokens first: what one is a claim on may be found while another is asked.
Task<bool> look_through(LookThroughReader& claims, chains::Reader& reader, TokenAmounts amounts) {
    std::vector<Task<bool>> reading;
    for (const auto& [token, amount] : amounts) {
        reading.push_back(read_claim(claims, reader, token));
    }
    static_cast<void>(co_await chains::settle_all(std::move(reading)));
    std::vector<Task<bool>> converting;
    for (const auto& [token, amount] : amounts) {
        converting.push_back(convert(claims, reader, token, amount));
    }
    static_cast<void>(co_await chains::settle_all(std::move(converting)));
    co_return true;
}

TokenAmounts amounts_in(std::span<const std::unique_ptr<margin::Market>> markets,
                        const std::vector<snapshot::Holding>& holdings, const std::string& chain) {
    TokenAmounts out;
    for (const auto& market : markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            for (const margin::Leg& leg : market->legs(row)) {
                if (leg.amount && *leg.amount != 0) {
                    out.emplace(leg.asset, *leg.amount);
                }
            }
        }
    }
    for (const snapshot::Holding& holding : holdings) {
        if (holding.chain == chain && holding.asset && holding.amount != 0) {
            out.emplace(*holding.asset, holding.amount);
        }
    }
    return out;
}

/// Runs the tasks to their ends and rethrows a defect; failures of the chain are caught in them.
void run(chains::evm::BatchReader& reader, std::vector<Task<bool>> work) {
    std::vector<Task<void>> tasks;
    tasks.reserve(work.size());
    for (Task<bool>& part : work) {
        tasks.push_back([](Task<bool> inner) -> Task<void> {
            static_cast<void>(co_await inner);
        }(std::move(part)));
    }
    reader.run(tasks);
    for (const Task<void>& task : tasks) {
        task.result();
    }
}

chains::evm::Head read_head(const ChainRequest& request) {
    try {
        return chains::evm::read_head_of(*request.transport, request.chain.name,
                                         request.chain.chain_id, request.block.text);
    } catch (const ChainError& error) {
        if (error.kind() != ErrorKind::UnknownBlock) {
            const auto& urls = request.chain.rpc;
            const bool is_one_host = urls.size() == 1 && !urls.front().empty();
            throw is_one_host ? chains::evm::with_host(error, urls.front()) : error;
        }
        throw core::InputError(fmt::format("chain {}: block {} does not exist ({})",
                                           request.chain.name, request.block.text, error.source()));
    }
}

/// Scans what is final before the block to read at is chosen: a scan may take minutes, and nodes
/// forget a block's state. False where there is nothing to scan. What fails here fails again where
/// it is needed, and is told there.
bool scan_ahead(const chains::Block& head, const std::vector<MarketReading>& markets,
                chains::evm::LogScanner& scanner) {
    bool is_any = false;
    for (const MarketReading& market : markets) {
        for (const chains::LogFilter& filter : market.adapter->scans()) {
            is_any = true;
            static_cast<void>(scanner.prepare(filter, head));
        }
    }
    return is_any;
}

template <class T>
void append(std::vector<T> from, std::vector<T>& into) {
    std::move(from.begin(), from.end(), std::back_inserter(into));
}

/// Those that are new, in order.
template <class Wallets>
void add_wallets(const Wallets& found, std::vector<core::Address>& into) {
    std::set<core::Address> known(into.begin(), into.end());
    for (const core::Address& wallet : found) {
        if (known.insert(wallet).second) {
            into.push_back(wallet);
        }
    }
}

namespace oracles = chains::evm::oracles;

/// Has the reader begin with what stands of an earlier reading, which is returned if anything does.
std::optional<chains::evm::KeptAnswers> begin_with_kept(const ChainRequest& request,
                                                        const CollectOptions& options,
                                                        chains::evm::BatchReader& reader,
                                                        chains::evm::AnswerBook& book,
                                                        ReadingCost& cost) {
    auto kept = options.readings->answers(request);
    if (!kept || !chains::evm::may_stand(*kept, reader.block())) {
        return std::nullopt;
    }
    const auto changes = chains::evm::changed_since(*request.transport, *kept, reader.block());
    ++cost.rounds;
    cost.splits += changes.requests - 1;
    const auto why = changes.unknown_because
                         ? changes.unknown_because
                         : chains::evm::refresh(reader, *kept, changes.accounts, book);
    if (!why) {
        cost.stood_since = kept->block.number;
        return kept;
    }
    if (options.tell) {
        options.tell(fmt::format("{}: all is read anew: {}", request.chain.name, *why));
    }
    return std::nullopt;
}

void collect_chain(const settings::Settings& settings, const ChainRequest& request,
                   const CollectOptions& options, CollectResult& result) {
    ReadingCost& cost = result.costs.emplace_back();
    cost.chain = request.chain.name;
    oracles::SourceBook* noted = nullptr;  // there before any adapter asks anything
    const auto note = [&noted](const core::Address& source, margin::PriceQuestion question) {
        noted->note(source, question);
    };
    std::vector<MarketReading> configured = make_market_readings(
        settings, request.chain.name,
        {.verify = options.verify, .discover = options.discover, .note_price_source = note});
    std::vector<VenueReading> pools = options.venues
                                          ? make_venue_readings(settings, request.chain.name)
                                          : std::vector<VenueReading>{};
    chains::evm::Head head = read_head(request);
    if (auto known = options.readings == nullptr ? std::nullopt
                                                 : options.readings->find(request, head.block)) {
        result.snapshot = *std::move(known);
        cost.was_kept = true;
        cost.rounds = 1;
        return;
    }
    chains::evm::LogScanner scanner(*request.transport, {.chain_id = request.chain.chain_id,
                                                         .store = options.log_store,
                                                         .tell = options.tell,
                                                         .clock = options.clock});
    std::uint64_t heads = 1;
    if (options.scan_ahead && scan_ahead(head.block, configured, scanner)) {
        head = read_head(request);
        ++heads;
    }

    // The reader first: whatever still has a question when reading ends with a defect takes it back
    // from it.
    chains::evm::BatchLimits limits;
    limits.calls_max = options.calls_max.value_or(limits.calls_max);
    chains::evm::BatchReader reader(*request.transport, head.block, request.chain.multicall3,
                                    limits, &scanner);
    chains::evm::AnswerBook book;
    std::optional<chains::evm::KeptAnswers> stood_on;
    if (options.readings != nullptr) {
        stood_on = begin_with_kept(request, options, reader, book, cost);
        reader.consult(book);
    }
    ChainReading chain{.markets = std::move(configured),
                       .venues = std::move(pools),
                       .holdings = HoldingsReader(request.chain, settings.assets),
                       .claims = LookThroughReader(request.chain, settings.token_rates),
                       .smart = SmartAccountReader(request.chain, settings.smart_accounts),
                       .wallets = {request.wallets.begin(), request.wallets.end()},
                       .holders = options.holders};
    oracles::SourceBook sources(reader);
    noted = &sources;
    if (request.chain.sequencer_uptime_feed) {
        sources.note_sequencer(*request.chain.sequencer_uptime_feed,
                               request.chain.sequencer_grace_s);
    }
    std::vector<Task<bool>> first;
    first.reserve(request.wallets.size() + 1);
    for (const core::Address& wallet : request.wallets) {
        first.push_back(read_wallet(chain, reader, wallet));
    }
    for (VenueReading& venue : chain.venues) {
        first.push_back(read_venue(venue, reader));
    }
    first.push_back(read_smart_accounts(chain, reader));
    run(reader, std::move(first));

    snapshot::Snapshot read;
    for (MarketReading& market : chain.markets) {
        take(market, read);
    }
    for (VenueReading& venue : chain.venues) {
        take(venue, read);
    }
    chain.holdings.take(read.markets, read);
    std::vector<Task<bool>> second;
    second.push_back(look_through(chain.claims, reader,
                                  amounts_in(read.markets, read.holdings, request.chain.name)));
    run(reader, std::move(second));
    if (const auto unseen = reader.confirm_refusals()) {
        read.gaps.push_back({.chain = request.chain.name,
                             .protocol = "",
                             .market = "",
                             .wallet = std::nullopt,
                             .kind = unseen->kind(),
                             .detail = unseen->what()});
    }
    reader.confirm_block();

    snapshot::Snapshot& into = result.snapshot;
    into.chains.push_back({.chain = request.chain.name,
                           .chain_id = head.chain_id,
                           .number = head.block.number,
                           .hash = head.block.hash,
                           .timestamp = head.block.timestamp,
                           .pinned_by_hash = reader.pin() == chains::evm::Pin::Hash,
                           .endpoints_agreeing = request.transport->agreement().endpoints,
                           .disagreements = request.transport->agreement().disagreements});
    add_wallets(chain.wallets, into.wallets);
    chain.claims.take(read);
    append(std::move(read.markets), into.markets);
    append(std::move(read.holdings), into.holdings);
    append(std::move(read.claims), into.claims);
    append(std::move(read.venues), into.venues);
    append(std::move(read.gaps), into.gaps);
    chain.smart.take(chain.wallets, into);
    take_price_sources(sources, request.chain.name, into);
    cost.rounds += reader.cost().rounds + heads;  // those for chain id and block
    cost.splits += reader.cost().splits;
    cost.unanswered = reader.unanswered();
    if (options.readings != nullptr && cost.unanswered == 0) {
        if (into.gaps.empty() && !stood_on) {
            options.readings->keep(request, into);
        }
        options.readings->keep(request, book.take(head.block, stood_on ? &*stood_on : nullptr));
    }
}

/// A chain that cannot be read at all is a gap.
CollectResult collect_one(const settings::Settings& settings, const ChainRequest& request,
                          const CollectOptions& options) {
    CollectResult result;
    add_wallets(request.wallets, result.snapshot.wallets);
    try {
        collect_chain(settings, request, options, result);
    } catch (const ChainError& error) {
        result.unreadable_chains.push_back(request.chain.name);
        result.snapshot.gaps.push_back({.chain = request.chain.name,
                                        .protocol = "",
                                        .market = "",
                                        .wallet = std::nullopt,
                                        .kind = error.kind(),
                                        .detail = error.what()});
    }
    result.costs.back().traffic = request.transport->traffic();
    return result;
}

void append(CollectResult from, CollectResult& into) {
    add_wallets(from.snapshot.wallets, into.snapshot.wallets);
    append(std::move(from.snapshot.chains), into.snapshot.chains);
    append(std::move(from.snapshot.markets), into.snapshot.markets);
    append(std::move(from.snapshot.holdings), into.snapshot.holdings);
    append(std::move(from.snapshot.claims), into.snapshot.claims);
    append(std::move(from.snapshot.smart_accounts), into.snapshot.smart_accounts);
    append(std::move(from.snapshot.venues), into.snapshot.venues);
    append(std::move(from.snapshot.oracles), into.snapshot.oracles);
    append(std::move(from.snapshot.gaps), into.snapshot.gaps);
    append(std::move(from.costs), into.costs);
    append(std::move(from.unreadable_chains), into.unreadable_chains);
}

bool is_hash(std::string_view text) {
    const auto bytes = core::parse_hex(text);
    return bytes && bytes->size() == 32;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 19 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

BlockSelector BlockSelector::parse(std::string_view text) {
    const bool is_tag = text == "latest" || text == "safe" || text == "finalized";
    if (!is_tag && !is_number(text) && !is_hash(text)) {
        throw core::InputError(
            fmt::format("block \"{}\" is none: give latest, safe, finalized, a decimal number or a "
                        "32-byte hash (0x and 64 hex digits)",
                        core::printable(text, 80)));
    }
    return {std::string(text)};
}

CollectResult collect(const settings::Settings& settings, const std::vector<ChainRequest>& requests,
                      const CollectOptions& options) {
    // Nearly all of the time is waiting for endpoints, which have nothing to do with each other.
    std::vector<std::future<CollectResult>> reading;
    reading.reserve(requests.size());
    for (const ChainRequest& request : requests) {
        reading.push_back(std::async(std::launch::async, [&settings, &request, &options] {
            return collect_one(settings, request, options);
        }));
    }
    for (std::future<CollectResult>& one : reading) {
        one.wait();
    }
    CollectResult result;
    for (std::future<CollectResult>& one : reading) {
        append(one.get(), result);
    }
    return result;
}

}  // namespace margrave::collect
