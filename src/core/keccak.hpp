#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace margrave::core {

using Hash = std::array<std::uint8_t, 32>;

/// Keccak-256 as Ethereum uses it (not SHA3-256: the padding differs), by Crypto++.
[[nodiscard]] Hash keccak256(std::span<const std::uint8_t> bytes);

/// The same at compile time, for selectors. Slow: not for run time.
[[nodiscard]] consteval Hash keccak256_constant(std::string_view text);

/// The first four bytes of the hash of a function's canonical signature, "balanceOf(address)".
[[nodiscard]] consteval std::array<std::uint8_t, 4> selector(std::string_view signature);

}  // namespace margrave::core

#include "core/keccak_constant.hpp"
