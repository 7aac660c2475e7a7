#pragma once

#include <optional>
#include <vector>

#include "adapters/morpho_blue/contracts.hpp"
#include "chains/logs.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"

/// What a deployment's events tell that no list does.
namespace margrave::adapters::morpho_blue {

/// What a scan found, and why there may be more.
template <class T>
struct Discovery {
    std::vector<T> found;  ///< in the chain's order
    std::optional<core::ChainError> failure;
};

/// A market as Morpho announced it; the id is the hash of the parameters.
struct DiscoveredMarket {
    Bytes32 id{};
    ParamsTuple params;
};

/// A contract that may liquidate below a market's LLTV those who authorised it.
struct DiscoveredPreLiquidation {
    Address contract;
    Bytes32 market_id{};
};

[[nodiscard]] chains::LogFilter created_markets(const Address& morpho, core::BlockNumber from);
[[nodiscard]] chains::LogFilter created_pre_liquidations(const Address& factory,
                                                         core::BlockNumber from);

[[nodiscard]] chains::Task<Discovery<DiscoveredMarket>> discover_markets(chains::Reader& chain,
                                                                         chains::LogFilter filter);
[[nodiscard]] chains::Task<Discovery<DiscoveredPreLiquidation>> discover_pre_liquidations(
    chains::Reader& chain, chains::LogFilter filter);

}  // namespace margrave::adapters::morpho_blue
