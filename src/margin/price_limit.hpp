#pragma once

#include "core/u256.hpp"
#include "margin/venue.hpp"

/// Price limits for pools whose contract knows none: they are found by trying.
namespace margrave::margin {

/// True when the first is at least the second; exact.
[[nodiscard]] bool is_at_least(const PriceRatio& price, const PriceRatio& limit);

/// The most of `max` after whose sale the price is still at least the limit: `price_after(amount)`,
/// which falls with the amount, gives an optional price; nullopt counts as below every limit.
template <class PriceAfter>
[[nodiscard]] core::U256 most_within(const core::U256& max, const PriceRatio& limit,
                                     PriceAfter&& price_after) {
    const auto is_within = [&](const core::U256& amount) {
        const auto price = price_after(amount);
        return price && is_at_least(*price, limit);
    };
    if (is_within(max)) {
        return max;
    }
    core::U256 within = 0;
    core::U256 beyond = max;
    while (beyond - within > 1) {
        const core::U256 middle = within + (beyond - within) / 2;
        (is_within(middle) ? within : beyond) = middle;
    }
    return within;
}

}  // namespace margrave::margin
