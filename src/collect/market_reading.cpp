#include "collect/market_reading.hpp"

#include <fmt/format.h>

#include <optional>

namespace margrave::collect {

using chains::Task;
using core::ChainError;
using core::ErrorKind;

namespace {

snapshot::CoverageGap gap_of(const settings::MarketEntry& entry,
                             std::optional<core::Address> wallet, ErrorKind kind,
                             std::string detail) {
    return {.chain = entry.chain,
            .protocol = entry.protocol,
            .market = entry.name,
            .wallet = wallet,
            .kind = kind,
            .detail = std::move(detail)};
}

}  // namespace

std::unique_ptr<adapters::Adapter> make_adapter(const settings::Settings& settings,
                                                const settings::MarketEntry& entry,
                                                const adapters::AdapterOptions& options) {
    const adapters::Protocol* protocol = adapters::find_protocol(entry.protocol);
    if (protocol == nullptr) {
        throw core::ConfigError(fmt::format("{}: margrave knows no protocol \"{}\"",
                                            entry.section.where("protocol"), entry.protocol));
    }
    return protocol->make_adapter(entry, settings.revisions, options);
}

std::vector<MarketReading> make_market_readings(const settings::Settings& settings,
                                                const std::string& chain,
                                                const adapters::AdapterOptions& options) {
    std::vector<MarketReading> out;
    for (const settings::MarketEntry& entry : settings.markets) {
        if (entry.chain != chain) {
            continue;
        }
        MarketReading& reading = out.emplace_back();
        reading.entry = &entry;
        reading.adapter = make_adapter(settings, entry, options);
    }
    return out;
}

Task<bool> read_account(MarketReading& market, chains::Reader& reader, core::Address wallet) {
    try {
        co_await market.adapter->read(reader, wallet);
    } catch (const ChainError& error) {
        market.failures.emplace_back(wallet, error);
    }
    co_return true;
}

void take(MarketReading& reading, snapshot::Snapshot& into) {
    std::vector<std::unique_ptr<margin::Market>> markets = reading.adapter->take_markets();
    const auto add_missing = [&](const margin::Missing& missing, const std::string& market) {
        into.gaps.push_back(gap_of(*reading.entry, missing.wallet, missing.kind,
                                   missing.what + ": " + missing.detail));
        into.gaps.back().market = market;
    };
    for (const margin::Missing& missing : reading.adapter->missing()) {
        add_missing(missing, reading.entry->name);
    }
    if (markets.empty() && !reading.failures.empty()) {
        const ChainError& error = reading.failures.front().second;
        into.gaps.push_back(gap_of(*reading.entry, std::nullopt, error.kind(), error.what()));
        return;
    }
    for (const auto& [wallet, error] : reading.failures) {
        into.gaps.push_back(gap_of(*reading.entry, wallet, error.kind(), error.what()));
    }
    for (std::unique_ptr<margin::Market>& market : markets) {
        for (const margin::Missing& missing : market->missing()) {
            add_missing(missing, market->name().name);
        }
        into.markets.push_back(std::move(market));
    }
}

}  // namespace margrave::collect
