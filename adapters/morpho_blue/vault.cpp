#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "adapters/morpho_blue/adapter.hpp"
#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "adapters/morpho_blue/readings.hpp"
#include "adapters/morpho_blue/rules.hpp"
#include "chains/if_there.hpp"
#include "core/hex.hpp"
#include "margin/guard.hpp"

namespace margrave::adapters::morpho_blue {
namespace {

using chains::Reader;
using chains::Task;
using core::ChainError;
using core::ErrorKind;
using margin::Allocation;

/// ConstantsLib.MAX_QUEUE_LENGTH is 30.
constexpr std::uint64_t kVaultMarketsMax = 100;

/// The market with the average rate since its last update, as its own rate model answers it.
Task<State> read_market_of_vault(Reader& chain, Address morpho, Bytes32 id) {
    auto asked_params = chain.call(morpho, IdToMarketParams{}, id);
    auto asked_market = chain.call(morpho, MarketOf{}, id);
    const ParamsTuple params = co_await asked_params;
    const MarketTuple market = co_await asked_market;
    const auto& [supply_assets, supply_shares, borrow_assets, borrow_shares, updated, fee] = market;
    if (updated.value > chain.block().timestamp.value()) {
        throw ChainError(ErrorKind::BadData, morpho.to_string() + " market",
                         "the last update lies after the block");
    }
    State state;
    state.params = to_params(params);
    state.block_time = chain.block().timestamp;
    state.totals = {supply_assets.value, supply_shares.value, borrow_assets.value,
                    borrow_shares.value};
    state.last_update = core::Timestamp(static_cast<std::uint64_t>(updated.value));
    state.fee = fee.value;
    if (!state.params.irm.is_zero()) {
        const ModelReading rate =
            co_await read_quoted_model(chain, state.params.irm, params, market);
        if (!rate.model.trouble.detail.empty()) {
            throw ChainError(rate.model.trouble.kind, state.params.irm.to_string(),
                             rate.model.trouble.detail);
        }
        state.model = rate.model;
    }
    co_return state;
}

Task<Allocation> read_allocation(Reader& chain, Address vault, Address morpho, std::uint64_t at) {
    const Bytes32 id = co_await chain.call(vault, WithdrawQueue{}, U256(at));
    auto asked_position = chain.call(morpho, PositionOf{}, id, vault);
    const State state = co_await read_market_of_vault(chain, morpho, id);
    const PositionTuple position = co_await asked_position;
    const U256& shares = std::get<0>(position);
    const auto lent = margin::value_or_nothing([&] {
        const Totals now = accrue_to(state, state.block_time).totals;
        return std::pair(now, to_assets_down<Exact>(shares, now.supply()));
    });
    if (!lent) {
        throw ChainError(ErrorKind::OutOfRange, morpho.to_string(),
                         "interest of market " + core::to_hex(id) + " overflows");
    }
    Allocation out{.protocol = "morpho_blue",
                   .market = core::to_hex(id),
                   .collateral_symbol = "",
                   .lent = lent->second,
                   .supplied = lent->first.supply_assets,
                   .borrowed = lent->first.borrow_assets};
    out.collateral_symbol = co_await read_symbol(chain, state.params.collateral_token);
    co_return out;
}

}  // namespace

Task<std::optional<margin::PoolClaim>> find_claim(Reader& chain, Address token) {
    auto asked_asset = chain.try_call(token, VaultAsset{});
    auto asked_morpho = chain.try_call(token, VaultMorpho{});
    auto asked_length = chain.try_call(token, WithdrawQueueLength{});
    const auto asset = chains::address_if_there(co_await asked_asset);
    const auto morpho = chains::address_if_there(co_await asked_morpho);
    const auto length = chains::if_there(co_await asked_length);
    if (!asset || !morpho || !length) {
        co_return std::nullopt;
    }
    if (*length > kVaultMarketsMax) {
        throw ChainError(ErrorKind::BadData, token.to_string() + " withdrawQueueLength",
                         "more than " + std::to_string(kVaultMarketsMax) + " markets");
    }
    std::vector<Task<Allocation>> reading;
    for (std::uint64_t at = 0; at < *length; ++at) {
        reading.push_back(read_allocation(chain, token, *morpho, at));
    }
    margin::PoolClaim claim{.underlying = *asset, .keeper = token};
    const auto outcomes = co_await chains::settle_all(std::move(reading));
    for (const auto& outcome : outcomes) {
        if (!outcome) {
            throw outcome.error();
        }
        claim.allocations.push_back(*outcome);
    }
    co_return claim;
}

}  // namespace margrave::adapters::morpho_blue
