#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/hex.hpp"
#include "core/u256.hpp"

namespace margrave::store {

/// Numbers in few bytes: of each the count of its bytes, then those, the most significant first and
/// without leading zeros.
[[nodiscard]] core::Bytes pack(std::span<const core::U256> numbers);
/// nullopt for bytes that pack() does not write.
[[nodiscard]] std::optional<std::vector<core::U256>> unpack(std::span<const std::uint8_t> bytes);

}  // namespace margrave::store
