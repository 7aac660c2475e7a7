#include "adapters/aave_v3/adapter.hpp"
#include "adapters/aave_v3/contracts.hpp"
#include "chains/if_there.hpp"

namespace margrave::adapters::aave_v3 {

chains::Task<std::optional<margin::PoolClaim>> find_claim(chains::Reader& chain,
                                                          core::Address token) {
    auto asked_underlying = chain.try_call(token, UnderlyingAsset{});
    auto asked_pool = chain.try_call(token, PoolOf{});
    auto asked_treasury = chain.try_call(token, TreasuryOf{});
    const auto underlying = chains::address_if_there(co_await asked_underlying);
    const auto pool = chains::address_if_there(co_await asked_pool);
    const auto treasury = chains::if_there(co_await asked_treasury);
    if (!underlying || !pool || !treasury) {
        co_return std::nullopt;
    }
    co_return margin::PoolClaim{.underlying = *underlying, .keeper = *pool, .is_one_for_one = true};
}

}  // namespace margrave::adapters::aave_v3
