#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/address.hpp"
#include "margin/market.hpp"
#include "margin/venue.hpp"

namespace margrave::cascade {

/// Everything that a cascade changes. A fork is independent of what it was forked from.
struct State {
    std::vector<std::unique_ptr<margin::Market>> markets;
    std::vector<std::unique_ptr<margin::Venue>> venues;

    [[nodiscard]] State fork() const;
    /// nullptr for a pool that was not read.
    [[nodiscard]] margin::Venue* find_venue(const core::Address& pool) const;
};

/// A row of one of the markets.
struct Place {
    std::size_t market = 0;
    std::size_t row = 0;

    friend auto operator<=>(const Place&, const Place&) = default;
};

}  // namespace margrave::cascade
