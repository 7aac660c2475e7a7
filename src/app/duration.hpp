#pragma once

#include <cstdint>
#include <string_view>

namespace margrave::app {

/// Seconds of "90s", "30m", "2h" or "7d"; throws InputError that names the option.
[[nodiscard]] std::uint64_t parse_duration(std::string_view text, std::string_view option);

}  // namespace margrave::app
