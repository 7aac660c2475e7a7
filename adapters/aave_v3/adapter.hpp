#pragma once

#include <memory>
#include <span>
#include <vector>

#include "adapters/adapter.hpp"

/// Aave v3 and its forks: one cross-margined pool a market; an account is everything a wallet holds
/// and owes in it.
namespace margrave::adapters::aave_v3 {

/// Keys: `pool_addresses_provider` (required), `behaviour` ("3.0" … "3.7", for forks that count
/// their revisions in their own way; else POOL_REVISION decides by the configured [[revisions]]).
/// Throws ConfigError.
[[nodiscard]] std::unique_ptr<Adapter> make_adapter(const settings::MarketEntry& entry,
                                                    std::span<const settings::Revision> revisions,
                                                    const AdapterOptions& options);

[[nodiscard]] std::unique_ptr<margin::Market> restore_market(const core::Archive& archive);

/// An aToken is a balance in its pool, one for one.
[[nodiscard]] chains::Task<std::optional<margin::PoolClaim>> find_claim(chains::Reader& chain,
                                                                        core::Address token);

[[nodiscard]] std::vector<RevisionProof> describe();

}  // namespace margrave::adapters::aave_v3
