#pragma once

#include <string>

#include "report/cascade.hpp"
#include "report/json_fields.hpp"

/// Parts of a cascade's report that have files of their own.
namespace margrave::report {

/// What other policies of liquidators would do: least, greatest, and each; null when not asked for.
[[nodiscard]] Json range_json(const CascadeReport& report);
[[nodiscard]] std::string range_text(const CascadeReport& report, unsigned columns);

/// An own account's price under each policy.
[[nodiscard]] Json policy_prices_json(const OwnPrice& own);

/// What is left to those who lend.
[[nodiscard]] Json lent_json(const CascadeReport& report);
[[nodiscard]] std::string lent_text(const CascadeReport& report, unsigned columns);

/// "-0.0512"; null for none.
[[nodiscard]] Json move_json(cascade::Direction direction, const std::optional<std::uint32_t>& bps);
/// "-5.12 %"; "never" for none.
[[nodiscard]] std::string move_text(cascade::Direction direction,
                                    const std::optional<std::uint32_t>& bps);
/// 1e18 each, exact.
[[nodiscard]] std::string signed_dollars(const cascade::SignedUsd& value);

}  // namespace margrave::report
