#pragma once

#include <memory>
#include <vector>

#include "adapters/venue_kind.hpp"

/// Curve's CryptoSwap pools of two coins, sampled: an approximation. What is covered: README.md.
namespace margrave::adapters::curve_crypto {

/// No key of its own. Throws ConfigError.
[[nodiscard]] std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool);

[[nodiscard]] std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive);

[[nodiscard]] std::vector<RevisionProof> describe_venue();

}  // namespace margrave::adapters::curve_crypto
