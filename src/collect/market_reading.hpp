#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/adapter.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// One configured deployment being read, and what failed in it: the coverage rule's edge.
struct MarketReading {
    const settings::MarketEntry* entry = nullptr;
    std::unique_ptr<adapters::Adapter> adapter;
    std::vector<std::pair<core::Address, core::ChainError>> failures;
};

/// Of the configured deployment. Throws ConfigError for a protocol that nobody knows.
[[nodiscard]] std::unique_ptr<adapters::Adapter> make_adapter(
    const settings::Settings& settings, const settings::MarketEntry& entry,
    const adapters::AdapterOptions& options);

/// Of all of the chain's configured deployments.
[[nodiscard]] std::vector<MarketReading> make_market_readings(
    const settings::Settings& settings, const std::string& chain,
    const adapters::AdapterOptions& options);

/// The wallet's account; a failure of the chain is kept.
[[nodiscard]] chains::Task<bool> read_account(MarketReading& market, chains::Reader& reader,
                                              core::Address wallet);

/// Moves the markets with their accounts into the snapshot, and every failure in them as a gap: one
/// for all wallets where the deployment itself is unread.
void take(MarketReading& reading, snapshot::Snapshot& into);

}  // namespace margrave::collect
