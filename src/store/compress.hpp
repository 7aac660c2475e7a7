#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/hex.hpp"

namespace margrave::store {

/// zlib's format, behind the text's length.
[[nodiscard]] core::Bytes compress(std::string_view text);
/// Throws core::InputError for bytes that are none, or of a text above 1 GiB.
[[nodiscard]] std::string uncompress(std::span<const std::uint8_t> bytes);

}  // namespace margrave::store
