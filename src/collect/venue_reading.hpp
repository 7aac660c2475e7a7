#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/venue_kind.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/errors.hpp"
#include "margin/venue.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// One configured pool being read, or why it could not be.
struct VenueReading {
    const settings::Pool* pool = nullptr;
    std::unique_ptr<adapters::VenueReader> reader;
    std::unique_ptr<margin::Venue> venue;
    std::optional<core::ChainError> failure;
};

/// Of the chain's configured pools. Throws ConfigError for a kind that nobody knows.
[[nodiscard]] std::vector<VenueReading> make_venue_readings(const settings::Settings& settings,
                                                            const std::string& chain);

/// The pool, whole; a failure of the chain is kept.
[[nodiscard]] chains::Task<bool> read_venue(VenueReading& reading, chains::Reader& reader);

/// Moves the pool into the snapshot, or a gap in its place.
void take(VenueReading& reading, snapshot::Snapshot& into);

}  // namespace margrave::collect
