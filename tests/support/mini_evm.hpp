#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/address.hpp"
#include "core/hex.hpp"

namespace margrave::test {

/// What the world around a program is.
struct MiniWorld {
    std::uint64_t block = 0;
    std::uint64_t timestamp = 0;
    std::uint64_t gas = 50'000'000;
    /// One call of another contract: its data, or nullopt when it failed; takes `gas_of_call`.
    std::function<std::optional<core::Bytes>(const core::Address&, const core::Bytes&)> call;
    std::uint64_t gas_of_call = 5'000;
};

/// Runs creation code and gives what it returns; nullopt when it halts any other way, runs out of
/// gas, or returns what creation may not. Knows the instructions that margrave's own programs use,
/// and charges a handful of gas for each and 200 for a returned byte: enough to prove a program's
/// logic here; the real machine judges it in tests/devnet.
[[nodiscard]] std::optional<core::Bytes> run_creation_code(std::span<const std::uint8_t> code,
                                                           const MiniWorld& world);

}  // namespace margrave::test
