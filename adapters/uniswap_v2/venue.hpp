#pragma once

#include <memory>
#include <vector>

#include "adapters/venue_kind.hpp"

/// Uniswap v2 and its forks: a pair of reserves whose product stays. What is read: README.md.
namespace margrave::adapters::uniswap_v2 {

/// Keys: `fee_bps` (30; forks have other fees), `router` (for calldata). Throws ConfigError.
[[nodiscard]] std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool);

[[nodiscard]] std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive);

[[nodiscard]] std::vector<RevisionProof> describe_venue();

}  // namespace margrave::adapters::uniswap_v2
