#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/state.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"

/// Reading what all accounts of one deployment share. Each function is one step of the chain of
/// questions.
namespace margrave::adapters::aave_v3 {

/// A deployment as configured.
struct DeploymentConfig {
    std::string chain;
    std::string market;
    core::BlockNumber from_block;          ///< at or before the pool's first event
    core::Address provider;                ///< PoolAddressesProvider
    const Behaviour* behaviour = nullptr;  ///< configured; nullptr: POOL_REVISION decides
    std::map<std::uint64_t, const Behaviour*> revisions;  ///< POOL_REVISION to behaviour
};

/// The contracts the provider names now.
struct EntryPoints {
    core::Address pool;
    core::Address oracle;
    core::Address sentinel;  ///< zero when there is none
};

/// The pool's own description of itself.
struct PoolFacts {
    const Behaviour* behaviour = nullptr;
    std::uint64_t revision = 0;
    core::Address base_currency;
    core::U256 base_currency_unit;
    std::vector<core::Address> assets;
};

struct Reserves {
    ById<unsigned, Reserve> by_id;
    std::vector<margin::Missing> unread;  ///< reserves without data
    std::optional<bool> liquidation_allowed;
    std::optional<bool> borrow_allowed;
    std::optional<margin::Missing> unread_sentinel;
};

[[nodiscard]] chains::Task<EntryPoints> read_entry_points(chains::Reader& chain,
                                                          core::Address provider);

/// Throws core::ChainError UnknownRevision for a POOL_REVISION that is neither configured nor
/// overridden.
[[nodiscard]] chains::Task<PoolFacts> read_pool_facts(chains::Reader& chain, EntryPoints entry,
                                                      const DeploymentConfig& config);

/// All reserves with their prices, but without the prices' ages. A reserve that cannot be read is
/// listed as unread; one whose oracle gives no price has none.
[[nodiscard]] chains::Task<Reserves> read_reserves(chains::Reader& chain, EntryPoints entry,
                                                   const PoolFacts& facts);

/// Fills in when each price's source last answered, where it tells.
[[nodiscard]] chains::Task<bool> read_price_ages(chains::Reader& chain, Reserves& reserves);

/// Fills in the reserves' totals, or why there are none.
[[nodiscard]] chains::Task<bool> read_totals(chains::Reader& chain, EntryPoints entry,
                                             const Behaviour& behaviour, Reserves& reserves);

}  // namespace margrave::adapters::aave_v3
