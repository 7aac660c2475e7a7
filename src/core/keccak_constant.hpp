#pragma once

// The second half of core/keccak.hpp, which includes this file: Keccak-256 for the compiler.
// The constants are derived as FIPS 202 defines them and not listed, so there is no table to
// mistype.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/keccak.hpp"

namespace margrave::core {

namespace detail {

inline constexpr std::size_t kKeccakRounds = 24;
/// Bytes taken in between two permutations: 1600 bits less twice 256.
inline constexpr std::size_t kKeccakRate = 136;

/// 25 lanes of 64 bits; lane (x, y) is at x + 5 * y.
using KeccakState = std::array<std::uint64_t, 25>;

/// Iota's constants: bit 2^j - 1 of round i's is the (j + 7i)th output of the shift register
/// x^8 + x^6 + x^5 + x^4 + 1. FIPS 202, section 3.2.5.
consteval std::array<std::uint64_t, kKeccakRounds> keccak_round_constants() {
    std::array<std::uint64_t, kKeccakRounds> constants{};
    unsigned shift_register = 1;
    for (std::uint64_t& constant : constants) {
        for (unsigned j = 0; j < 7; ++j) {
            if ((shift_register & 1U) != 0) {
                constant |= std::uint64_t{1} << ((1U << j) - 1);
            }
            const bool carry = (shift_register & 0x80U) != 0;
            shift_register = (shift_register << 1 & 0xffU) ^ (carry ? 0x71U : 0U);
        }
    }
    return constants;
}

inline constexpr std::array<std::uint64_t, kKeccakRounds> kKeccakRoundConstants =
    keccak_round_constants();

/// Every bit takes in the parity of two columns beside it.
constexpr void keccak_theta(KeccakState& lanes) {
    std::array<std::uint64_t, 5> parity{};
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        parity[i % 5] ^= lanes[i];
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        lanes[i] ^= parity[(i + 4) % 5] ^ std::rotl(parity[(i + 1) % 5], 1);
    }
}

/// Rho and pi in one walk: the lane met at step t is rotated by (t + 1)(t + 2) / 2 and moved to the
/// next place.
constexpr void keccak_rho_pi(KeccakState& lanes) {
    std::size_t x = 1;
    std::size_t y = 0;
    std::uint64_t carried = lanes[1];
    for (int t = 0; t < 24; ++t) {
        const std::size_t y_next = (2 * x + 3 * y) % 5;
        x = y;
        y = y_next;
        carried = std::exchange(lanes[x + 5 * y], std::rotl(carried, (t + 1) * (t + 2) / 2 % 64));
    }
}

/// The only step that is not linear, within each row.
constexpr void keccak_chi(KeccakState& lanes) {
    const KeccakState before = lanes;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        const std::size_t row = i - i % 5;
        lanes[i] ^= ~before[row + (i + 1) % 5] & before[row + (i + 2) % 5];
    }
}

constexpr void keccak_permute(KeccakState& lanes) {
    for (const std::uint64_t constant : kKeccakRoundConstants) {
        keccak_theta(lanes);
        keccak_rho_pi(lanes);
        keccak_chi(lanes);
        lanes[0] ^= constant;
    }
}

/// Adds a byte into the state at a place below the rate; lanes are little-endian.
constexpr void keccak_absorb(KeccakState& lanes, std::size_t at, std::uint8_t byte) {
    lanes[at / 8] ^= static_cast<std::uint64_t>(byte) << (8 * (at % 8));
}

}  // namespace detail

consteval Hash keccak256_constant(std::string_view text) {
    detail::KeccakState lanes{};
    std::size_t at = 0;
    for (const char character : text) {
        detail::keccak_absorb(lanes, at, static_cast<std::uint8_t>(character));
        if (++at == detail::kKeccakRate) {
            detail::keccak_permute(lanes);
            at = 0;
        }
    }
    // Keccak's own padding, 10…01; SHA3 would begin with 0x06.
    detail::keccak_absorb(lanes, at, 0x01);
    detail::keccak_absorb(lanes, detail::kKeccakRate - 1, 0x80);
    detail::keccak_permute(lanes);
    Hash hash{};
    for (std::size_t i = 0; i < hash.size(); ++i) {
        hash[i] = static_cast<std::uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
    }
    return hash;
}

consteval std::array<std::uint8_t, 4> selector(std::string_view signature) {
    const Hash hash = keccak256_constant(signature);
    return {hash[0], hash[1], hash[2], hash[3]};
}

}  // namespace margrave::core
