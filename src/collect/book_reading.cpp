#include "collect/book_reading.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

#include "adapters/adapter.hpp"
#include "chains/evm/oracles/source_book.hpp"
#include "chains/task.hpp"
#include "collect/market_reading.hpp"
#include "collect/price_sources.hpp"
#include "margin/kept_rows.hpp"

namespace margrave::collect {
namespace {

using chains::Task;
using core::ChainError;
using core::ConfigError;

std::unique_ptr<adapters::Adapter> make_book_adapter(const settings::Settings& settings,
                                                     const settings::MarketEntry& entry,
                                                     const std::string& only_market,
                                                     adapters::NotePriceSource note = {}) {
    return make_adapter(
        settings, entry,
        {.for_book = true, .only_market = only_market, .note_price_source = std::move(note)});
}

/// Every market stands alone, so that a deployment of hundreds asks of an account one of them only.
std::vector<MarketReading> make_readings(const settings::Settings& settings,
                                         std::span<const BookQuestion> questions,
                                         const adapters::NotePriceSource& note = nullptr) {
    std::vector<MarketReading> out;
    for (const BookQuestion& question : questions) {
        const bool is_whole = question.market == question.entry->name;
        MarketReading& reading = out.emplace_back();
        reading.entry = question.entry;
        reading.adapter =
            make_book_adapter(settings, *question.entry, is_whole ? "" : question.market, note);
    }
    return out;
}

void run(chains::evm::BatchReader& reader, std::vector<MarketReading>& readings,
         std::span<const BookQuestion> questions) {
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < readings.size(); ++i) {
        for (const core::Address& wallet : questions[i].wallets) {
            tasks.push_back([](Task<bool> inner) -> Task<void> {
                static_cast<void>(co_await inner);
            }(read_account(readings[i], reader, wallet)));
        }
    }
    reader.run(tasks);
    for (const Task<void>& task : tasks) {
        task.result();
    }
    reader.confirm_block();
}

const margin::KeptRows& kept_rows(const margin::Market& market) {
    const auto* rows = dynamic_cast<const margin::KeptRows*>(&market);
    core::ensure(rows != nullptr, "a protocol that tells its account events keeps rows");
    return *rows;
}

std::vector<BookAnswer> answers_of(MarketReading& reading, const BookQuestion& question) {
    std::map<core::Address, BookAnswer> by_wallet;
    for (const auto& market : reading.adapter->take_markets()) {
        const margin::KeptRows& rows = kept_rows(*market);
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            const core::Address wallet = market->wallet(row);
            by_wallet[wallet] = {
                .wallet = wallet, .numbers = rows.kept_row(row), .failure = std::nullopt};
        }
    }
    for (const auto& [wallet, failure] : reading.failures) {
        by_wallet[wallet] = {.wallet = wallet, .numbers = {}, .failure = failure};
    }
    std::vector<BookAnswer> out;
    for (const core::Address& wallet : question.wallets) {
        const auto found = by_wallet.find(wallet);
        out.push_back(found == by_wallet.end()
                          ? BookAnswer{.wallet = wallet, .numbers = {}, .failure = std::nullopt}
                          : std::move(found->second));
    }
    return out;
}

}  // namespace

adapters::AccountEvents read_account_events(chains::evm::BatchReader& reader,
                                            const settings::Settings& settings,
                                            const settings::MarketEntry& entry,
                                            const std::string& only_market) {
    const auto adapter = make_book_adapter(settings, entry, only_market);
    std::optional<adapters::AccountEvents> events;
    std::vector<Task<void>> tasks;
    tasks.push_back([](adapters::Adapter& asked, chains::Reader& chain,
                       std::optional<adapters::AccountEvents>& into) -> Task<void> {
        into = co_await asked.account_events(chain);
    }(*adapter, reader, events));
    reader.run(tasks);
    tasks.front().result();
    if (!events) {
        throw ConfigError(fmt::format("{}: borrowers of {} cannot be found by events yet",
                                      entry.section.where("protocol"), entry.protocol));
    }
    return *std::move(events);
}

std::vector<std::vector<BookAnswer>> read_book_accounts(chains::evm::BatchReader& reader,
                                                        const settings::Settings& settings,
                                                        std::span<const BookQuestion> questions) {
    std::vector<MarketReading> readings = make_readings(settings, questions);
    run(reader, readings, questions);
    std::vector<std::vector<BookAnswer>> out;
    for (std::size_t i = 0; i < readings.size(); ++i) {
        out.push_back(answers_of(readings[i], questions[i]));
    }
    return out;
}

snapshot::Snapshot read_book_shared(chains::evm::BatchReader& reader,
                                    const settings::Settings& settings,
                                    const settings::Chain& chain,
                                    std::span<const BookQuestion> questions) {
    chains::evm::oracles::SourceBook sources(reader);
    if (chain.sequencer_uptime_feed) {
        sources.note_sequencer(*chain.sequencer_uptime_feed, chain.sequencer_grace_s);
    }
    std::vector<MarketReading> readings = make_readings(
        settings, questions, [&](const core::Address& source, margin::PriceQuestion question) {
            sources.note(source, question);
        });
    run(reader, readings, questions);
    snapshot::Snapshot out;
    for (MarketReading& reading : readings) {
        take(reading, out);
    }
    for (auto& market : out.markets) {
        market = kept_rows(*market).without_accounts();
    }
    take_price_sources(sources, chain.name, out);
    const chains::Block& block = reader.block();
    out.chains.push_back({.chain = chain.name,
                          .chain_id = chain.chain_id,
                          .number = block.number,
                          .hash = block.hash,
                          .timestamp = block.timestamp,
                          .pinned_by_hash = reader.pin() == chains::evm::Pin::Hash});
    return out;
}

}  // namespace margrave::collect
