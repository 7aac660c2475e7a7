#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <optional>

#include "core/u256.hpp"
#include "margin/venue.hpp"

namespace margrave::cascade {

/// Prices and moves between a pool's integers and an oracle's: exact, rounded once at the end.
using Fraction = boost::multiprecision::cpp_rational;

[[nodiscard]] Fraction fraction(const core::U256& numerator, const core::U256& denominator = 1);
[[nodiscard]] Fraction to_fraction(const margin::PriceRatio& price);
/// For a pool's limit, which is above 0. Parts over 512 bits lose their low bits: both pools'
/// prices that a limit is made of have 320 at most, and then less than 2^-300 of it is lost.
[[nodiscard]] margin::PriceRatio to_ratio(const Fraction& price);
/// The integer answer of an oracle: rounded down, but never to 0, since that is none; nullopt above
/// 256 bits.
[[nodiscard]] std::optional<core::U256> to_answer(const Fraction& value);

}  // namespace margrave::cascade
