#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/units.hpp"

namespace margrave::core {

/// Where time comes from. Nothing else in margrave reads a clock, so that a test can play days in a
/// moment.
class Clock {
  public:
    virtual ~Clock() = default;
    /// Monotonic, for deadlines.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point now() = 0;
    /// Blocks until `duration` has passed.
    virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

/// The machine's own clock.
[[nodiscard]] Clock& system_clock();

/// "2025-06-15 15:06:40 UTC"; from the year 10000 on "second 253402300800 UTC".
[[nodiscard]] std::string format_utc(Timestamp time);
/// Chain seconds as digits, or "2025-06-15T15:06:40Z", or a date (midnight UTC); nullopt when
/// malformed.
[[nodiscard]] std::optional<Timestamp> parse_time(std::string_view text);
/// A span for people, its two largest units: "45s", "3m 20s", "2h 5m", "3d 4h"; rounded down, and a
/// zero second unit is left out: "1h".
[[nodiscard]] std::string format_duration(std::uint64_t seconds);

}  // namespace margrave::core
