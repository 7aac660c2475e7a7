#pragma once

#include <optional>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"
#include "margin/market.hpp"

namespace margrave::margin {

/// `amount` base units of `asset` at the market's own oracle answers, in its denominator (dollars,
/// or the asset that prices are in), 1e18 a whole one: down or up, rounded once. nullopt for an
/// asset without an answer, and where 256 bits do not hold it.
[[nodiscard]] std::optional<core::Wad> oracle_value(const std::vector<OracleAnswer>& answers,
                                                    const core::Address& asset,
                                                    const core::U256& amount,
                                                    core::Rounding rounding);

/// A value that may be a loss.
struct SignedWad {
    bool negative = false;
    core::Wad magnitude;

    friend bool operator==(const SignedWad&, const SignedWad&) = default;
};

/// gain - loss.
[[nodiscard]] SignedWad net(const core::Wad& gain, const core::Wad& loss);
/// True when a is the smaller.
[[nodiscard]] bool is_less(const SignedWad& a, const SignedWad& b);

}  // namespace margrave::margin
