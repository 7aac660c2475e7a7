#pragma once

#include <cstdint>
#include <string>

/// Seconds of the clock on the wall as receivers read them.
namespace margrave::channels {

/// "2026-01-02T03:04:05Z"
[[nodiscard]] std::string rfc3339(std::uint64_t second);
/// "Fri, 02 Jan 2026 03:04:05 +0000", of RFC 5322.
[[nodiscard]] std::string mail_date(std::uint64_t second);

}  // namespace margrave::channels
