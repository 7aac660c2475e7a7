#pragma once

#include <memory>
#include <vector>

#include "adapters/venue_kind.hpp"

/// Uniswap v3: a pool of two tokens whose liquidity changes from tick to tick. What is read, and
/// how far: README.md.
namespace margrave::adapters::uniswap_v3 {

/// Keys: `band_bps` (how far from the price ticks are read; 5000: down to half and up to double;
/// 10000: all), `swap_router`, `swap_router_02` (for calldata). Throws ConfigError.
[[nodiscard]] std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool);

[[nodiscard]] std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive);

[[nodiscard]] std::vector<RevisionProof> describe_venue();

}  // namespace margrave::adapters::uniswap_v3
