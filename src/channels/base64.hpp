#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/hex.hpp"

/// RFC 4648, with padding.
namespace margrave::channels {

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing where it is no base64, or not its only spelling.
[[nodiscard]] core::Bytes from_base64(std::string_view text);

}  // namespace margrave::channels
