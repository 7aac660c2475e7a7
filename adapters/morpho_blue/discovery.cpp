#include "adapters/morpho_blue/discovery.hpp"

#include <fmt/format.h>

#include <span>
#include <string>
#include <utility>

#include "adapters/morpho_blue/readings.hpp"
#include "core/hex.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Log;
using chains::LogFilter;
using chains::Reader;
using chains::Task;
using core::ChainError;
using core::ErrorKind;

ChainError not_believed(const Log& log, const std::string& why) {
    return {ErrorKind::BadData, log.address.to_string(),
            fmt::format("event {} of block {}: {}", log.index, log.block.value(), why)};
}

/// Scans and turns each event into a T by `read`, which says why it may not be believed: that ends
/// what is taken.
template <class T, class Read>
Task<Discovery<T>> discover(Reader& chain, LogFilter filter, Read read) {
    Discovery<T> out;
    const auto failure = co_await chain.scan(std::move(filter), [&](std::span<const Log> logs) {
        for (const Log& log : logs) {
            if (out.failure) {
                return;
            }
            // A parsing edge: what does not decode is an answer about the endpoint.
            try {
                out.failure = read(log, out.found);
            } catch (const chains::abi::DecodeError& bad) {
                out.failure = not_believed(log, bad.what());
            }
        }
    });
    out.failure = out.failure ? out.failure : failure;
    co_return out;
}

template <class E>
LogFilter only(const Address& contract, core::BlockNumber from) {
    return {.addresses = {contract}, .topics = {{E::kTopic}}, .from = from};
}

}  // namespace

LogFilter created_markets(const Address& morpho, core::BlockNumber from) {
    return only<CreateMarket>(morpho, from);
}

LogFilter created_pre_liquidations(const Address& factory, core::BlockNumber from) {
    return only<CreatePreLiquidation>(factory, from);
}

Task<Discovery<DiscoveredMarket>> discover_markets(Reader& chain, LogFilter filter) {
    return discover<DiscoveredMarket>(
        chain, std::move(filter),
        [](const Log& log, std::vector<DiscoveredMarket>& found) -> std::optional<ChainError> {
            const auto [id, params] = CreateMarket::decode(log);
            if (id_of(params) != id) {
                return not_believed(log,
                                    "the parameters are not those of market " + core::to_hex(id));
            }
            found.push_back({.id = id, .params = params});
            return std::nullopt;
        });
}

Task<Discovery<DiscoveredPreLiquidation>> discover_pre_liquidations(Reader& chain,
                                                                    LogFilter filter) {
    return discover<DiscoveredPreLiquidation>(
        chain, std::move(filter),
        [](const Log& log,
           std::vector<DiscoveredPreLiquidation>& found) -> std::optional<ChainError> {
            const auto [contract, market_id, params] = CreatePreLiquidation::decode(log);
            static_cast<void>(params);  // the contract itself is asked, if somebody authorised it
            found.push_back({.contract = contract, .market_id = market_id});
            return std::nullopt;
        });
}

}  // namespace margrave::adapters::morpho_blue
