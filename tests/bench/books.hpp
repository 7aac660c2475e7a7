#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "adapters/aave_v3/state.hpp"
#include "adapters/morpho_blue/state.hpp"

/// Whole markets from a seed, for measuring.
namespace margrave::bench {

inline constexpr std::uint64_t kBlockTime = 1'750'000'000;

[[nodiscard]] core::Address address(std::uint64_t n);

/// 40 reserves of 6 to 18 decimals and four e-modes of five to ten of them; `count` borrowers with
/// one to three collaterals and one to three debts, four legs on the average, every third in an
/// e-mode, healths from a little below 1 to 4.
[[nodiscard]] adapters::aave_v3::State aave_borrowers(std::size_t count,
                                                      const std::string& behaviour,
                                                      std::uint64_t seed);

/// `count` borrowers of one market with a day of interest, healths from a little below 1 to 4.
[[nodiscard]] adapters::morpho_blue::State morpho_borrowers(std::size_t count, std::uint64_t seed);

}  // namespace margrave::bench
