#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chains/abi.hpp"
#include "chains/erc20.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "margin/venue.hpp"

/// What readers of every kind of pool ask alike.
namespace margrave::adapters {

/// The values of tasks that run side by side; the first failure is thrown once all have ended.
template <class T>
chains::Task<std::vector<T>> settle(std::vector<chains::Task<T>> tasks) {
    auto outcomes = co_await chains::settle_all(std::move(tasks));
    std::vector<T> out;
    out.reserve(outcomes.size());
    for (auto& outcome : outcomes) {
        if (!outcome) {
            throw outcome.error();
        }
        out.push_back(*std::move(outcome));
    }
    co_return out;
}

inline chains::Task<margin::VenueToken> read_venue_token(chains::Reader& chain,
                                                         core::Address token) {
    margin::VenueToken out;
    out.address = token;
    chains::SharedTask symbol(chains::erc20::read_symbol(chain, token));
    symbol.start();
    out.decimals = co_await chains::erc20::read_decimals(chain, token);
    out.symbol = co_await symbol;
    co_return out;
}

// Uniswap's pools of either version, and their forks
using Token0 = chains::abi::Function<"token0", core::Address()>;
using Token1 = chains::abi::Function<"token1", core::Address()>;

/// The tokens of a pool that has these functions.
inline chains::Task<std::vector<margin::VenueToken>> read_pair_tokens(chains::Reader& chain,
                                                                      core::Address pool) {
    auto asked0 = chain.call(pool, Token0{});
    auto asked1 = chain.call(pool, Token1{});
    const core::Address token0 = co_await asked0;
    const core::Address token1 = co_await asked1;
    std::vector<chains::Task<margin::VenueToken>> tasks;
    tasks.push_back(read_venue_token(chain, token0));
    tasks.push_back(read_venue_token(chain, token1));
    co_return co_await settle(std::move(tasks));
}

/// A router of the pool's own factory; else why it is not used.
struct RouterReading {
    bool is_usable = false;
    core::Address weth;  ///< what it takes the chain's coin for
    margin::Missing missing;
};

/// `Weth` is the router's function that names what wraps the coin.
template <class Weth>
chains::Task<RouterReading> read_router(chains::Reader& chain, core::Address router,
                                        core::Address pool) {
    using Factory = chains::abi::Function<"factory", core::Address()>;
    RouterReading out;
    out.missing.what = "router";
    auto asked_weth = chain.try_call(router, Weth{});
    auto asked_factory = chain.try_call(router, Factory{});
    const core::Address factory_of_pool = co_await chain.call(pool, Factory{});
    const auto factory = co_await asked_factory;
    const auto weth = co_await asked_weth;
    if (!factory || !weth) {
        const core::ChainError& error = factory ? weth.error() : factory.error();
        out.missing.detail = error.what();
        out.missing.kind = error.kind();
    } else if (*factory != factory_of_pool) {
        out.missing.detail = router.to_string() + " serves another factory than the pool's";
        out.missing.kind = core::ErrorKind::BadData;
    } else {
        out.is_usable = true;
        out.weth = *weth;
    }
    co_return out;
}

}  // namespace margrave::adapters
