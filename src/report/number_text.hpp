#pragma once

#include <cstdint>
#include <string>

#include "core/u256.hpp"
#include "core/units.hpp"

namespace margrave::report {

// Numbers as a person reads them. All are rounded down, and nothing that is more than zero is shown
// as zero: it becomes
// "<" and the smallest number that the form can show.

/// value / 10^decimals with thousands separators and `digits` digits after the point, "31,016.02".
/// From 1e15 on, where nobody reads the digits, "1.1579e59".
[[nodiscard]] std::string grouped(const core::U256& value, unsigned decimals, unsigned digits);

/// A token amount: two digits after the point from a thousand on, four from one on, six below, and
/// never more than the token has.
[[nodiscard]] std::string amount_text(const core::U256& amount, unsigned decimals);
/// "$31,016.02", to the cent.
[[nodiscard]] std::string usd_text(const core::Usd& value);
/// "$2,512.33", "$1.0002", "$0.00001234": cents from ten dollars on, four digits from ten cents on,
/// four significant digits below.
[[nodiscard]] std::string price_text(const core::Usd& price);
/// "1.0312". Below one it stays below one: 0.99999 is "0.9999".
[[nodiscard]] std::string health_factor_text(const core::Wad& health_factor);
/// 8382 is "83.82 %".
[[nodiscard]] std::string bps_text(std::uint64_t bps);
/// "23.1 %"; below one percent "0.42 %".
[[nodiscard]] std::string fall_text(const core::Wad& fall);

}  // namespace margrave::report
