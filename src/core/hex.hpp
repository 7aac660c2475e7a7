#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace margrave::core {

using Bytes = std::vector<std::uint8_t>;

/// "0x" and two lower-case digits a byte.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
/// Appends the digits without "0x" to `out`.
void append_hex(std::span<const std::uint8_t> bytes, std::string& out);
/// The bytes of "0x…" in either case; nullopt without the prefix, with an odd count or another
/// character.
[[nodiscard]] std::optional<Bytes> parse_hex(std::string_view text);

}  // namespace margrave::core
