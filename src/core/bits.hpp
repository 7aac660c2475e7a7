#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/u256.hpp"

namespace margrave::core {

/// 64 bits each, least significant first.
[[nodiscard]] inline std::array<std::uint64_t, 4> limbs_of(const U256& word) {
    std::array<std::uint64_t, 4> out{};
    const auto& backend = word.backend();
    for (std::size_t i = 0; i < backend.size(); ++i) {
        out[i] = backend.limbs()[i];
    }
    return out;
}

/// `count` bits of `word` from bit `from` on, as contracts pack fields into one word: at most 64,
/// and not beyond bit 255.
[[nodiscard]] inline std::uint64_t bits_of(const U256& word, unsigned from, unsigned count) {
    constexpr unsigned kLimbBits = 64;
    const auto& backend = word.backend();
    const auto limb = [&](unsigned i) {
        return i < backend.size() ? std::uint64_t{backend.limbs()[i]} : 0;
    };
    const unsigned shift = from % kLimbBits;
    std::uint64_t out = limb(from / kLimbBits) >> shift;
    if (shift + count > kLimbBits) {
        out |= limb(from / kLimbBits + 1) << (kLimbBits - shift);
    }
    return count == kLimbBits ? out : out & ((std::uint64_t{1} << count) - 1);
}

}  // namespace margrave::core
