#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace margrave::alert {

enum class Severity : std::uint8_t { Info, Warning, Critical };

/// "info", "warning", "critical".
[[nodiscard]] std::string_view to_string(Severity severity);

/// What a rule looks at: a number in 1e18 of an account, a wallet or a chain.
enum class Quantity : std::uint8_t {
    HealthFactor,       ///< of an account that owes, the protocol's own
    CollateralFall,     ///< of an account: how far all collateral may fall until health is 1
    TimeToLiquidation,  ///< of an account: seconds until interest alone liquidates it
    CoverageGaps,       ///< of a wallet, or of a chain: how many parts could not be read
    BlockAge,           ///< of a chain: seconds since the block that was last evaluated
};

/// "health_factor" and so on, as in a configuration.
[[nodiscard]] std::string_view to_string(Quantity quantity);
inline constexpr std::array kQuantities{Quantity::HealthFactor, Quantity::CollateralFall,
                                        Quantity::TimeToLiquidation, Quantity::CoverageGaps,
                                        Quantity::BlockAge};

/// Fires beyond one number and clears at another on the safe side of it, so that a value that
/// trembles about the first changes nothing.
struct Rule {
    std::string name;
    Quantity quantity = Quantity::HealthFactor;
    Severity severity = Severity::Critical;
    bool fires_below = true;  ///< false: above
    core::Wad fires;          ///< beyond this
    core::Wad clears;         ///< at this or safer
    /// How long it must have been beyond: blocks that were evaluated, and chain seconds from the
    /// first to the last of them. A health factor below 1 waits for nothing.
    std::uint64_t for_blocks = 1;
    std::uint64_t for_s = 0;
    /// How long it must have been safe again: blocks, for what a reorganisation may still undo,
    /// and chain seconds.
    std::uint64_t clear_blocks = 0;
    std::uint64_t clear_s = 0;
    std::uint64_t unknown_after_s = 0;  ///< of the clock on the wall, until not knowing is told
    std::vector<std::string> channels;  ///< names; empty: all
};

}  // namespace margrave::alert
