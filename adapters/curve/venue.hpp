#pragma once

#include <memory>
#include <vector>

#include "adapters/venue_kind.hpp"

/// Curve's StableSwap pools of plain tokens, in three generations. What is covered: README.md.
namespace margrave::adapters::curve {

/// Key: `generation` (required: early, template, ng). Throws ConfigError.
[[nodiscard]] std::unique_ptr<VenueReader> make_reader(const settings::Pool& pool);

[[nodiscard]] std::unique_ptr<margin::Venue> restore_venue(const core::Archive& archive);

[[nodiscard]] std::vector<RevisionProof> describe_venue();

}  // namespace margrave::adapters::curve
