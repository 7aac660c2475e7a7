#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "adapters/adapter.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/archive.hpp"
#include "margin/venue.hpp"
#include "settings/settings.hpp"

namespace margrave::adapters {

/// Reads one configured pool at one block. Lives for one snapshot.
class VenueReader {
  public:
    virtual ~VenueReader() = default;

    /// The pool, whole: lets core::ChainError pass, because a pool without its liquidity prices
    /// nothing. Call once.
    [[nodiscard]] virtual chains::Task<std::unique_ptr<margin::Venue>> read(
        chains::Reader& chain) = 0;
    /// What the pool does without: its calldata, say. Call after read().
    [[nodiscard]] virtual std::vector<margin::Missing> missing() const { return {}; }
};

/// A kind's entry in the table that CMake generates from the folders adapters/<kind>/venue.hpp.
struct VenueKind {
    std::string_view name;
    /// Throws ConfigError naming the key at fault; also for keys that the kind does not know.
    std::unique_ptr<VenueReader> (*make_reader)(const settings::Pool& pool);
    /// The inverse of Venue::archive(); throws InputError.
    std::unique_ptr<margin::Venue> (*restore_venue)(const core::Archive& archive);
    std::vector<RevisionProof> (*describe_venue)();
};

[[nodiscard]] std::span<const VenueKind> venue_kinds();
/// nullptr for a kind that margrave does not know.
[[nodiscard]] const VenueKind* find_venue_kind(std::string_view name);

}  // namespace margrave::adapters
