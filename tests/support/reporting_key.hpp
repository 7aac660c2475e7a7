#pragma once

#include <algorithm>
#include <memory>

#include "core/keccak.hpp"
#include "evidence/signing.hpp"

namespace margrave::test {

/// Every byte the same.
inline evidence::Entropy fixed_entropy(std::uint8_t byte) {
    return [byte](std::span<std::uint8_t> bytes) { std::fill(bytes.begin(), bytes.end(), byte); };
}

/// The key of the example of EIP-712, keccak256("cow"), which the whole world knows.
inline std::unique_ptr<const evidence::SecretKey> cow_key() {
    constexpr std::array<std::uint8_t, 3> kCow{'c', 'o', 'w'};
    return std::make_unique<const evidence::SecretKey>(core::keccak256(kCow), fixed_entropy(1));
}

}  // namespace margrave::test
