#pragma once

#include "core/archive.hpp"
#include "margin/venue.hpp"

namespace margrave::margin {

/// How every kind of pool writes a token to its archive.
[[nodiscard]] core::Archive archive(const VenueToken& token);
/// Its inverse; throws InputError.
[[nodiscard]] VenueToken restore_venue_token(const core::Archive& archive);

}  // namespace margrave::margin
