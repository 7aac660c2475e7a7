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
inline constexpr std::array kSeverities{Severity::Info, Severity::Warning, Severity::Critical};
/// Info for a word that is none.
[[nodiscard]] Severity parse_severity(std::string_view word);

/// What a rule looks at: a number in 1e18 of an account, a wallet or a chain.
enum class Quantity : std::uint8_t {
    HealthFactor,         ///< of an account that owes, the protocol's own
    CollateralFall,       ///< of an account: how far all collateral may fall until health is 1
    TimeToLiquidation,    ///< of an account: seconds until interest alone liquidates it
    LiquidationDistance,  ///< of an account: the smallest move of one asset's price that liquidates
                          ///< it
    FactorDistance,    ///< of an account: the smallest move of one risk factor that liquidates it
    CascadeDistance,   ///< of an account: the same with everyone else's liquidations
    OracleAge,         ///< of an account that owes: seconds of the oldest answer that prices it
    LateOracles,       ///< of an account that owes: how many of its answers are overdue
    Utilisation,       ///< of a market: the largest part that is lent out of a pool that we are in
    FreeLiquidity,     ///< of a market: the smallest part of what we lend there that can leave now
    OracleDivergence,  ///< of a market: how far an answer is from what another source says
    PegDistance,       ///< of a market: how far an asset that should keep to a peg is from it
    ParameterChanges,  ///< of a market: how often its parameters and oracles changed of late
    AccountChanges,    ///< of a wallet: how many accounts it opened or closed of late
    CoverageGaps,      ///< of a wallet, or of a chain: how many parts could not be read
    NetUsd,            ///< of a chain's watched wallets: what they own less what they owe
    Leverage,          ///< of a chain's watched wallets: what they own over the same
    Concentration,     ///< of a chain's watched wallets: the largest factor's part of all |net|
    FactorExposure,    ///< of a chain's watched wallets: the largest |net| dollars of a factor
    BlockAge,          ///< of a chain: seconds since the block that was last evaluated
};

/// "health_factor" and so on, as in a configuration.
[[nodiscard]] std::string_view to_string(Quantity quantity);
inline constexpr std::array kQuantities{Quantity::HealthFactor,      Quantity::CollateralFall,
                                        Quantity::TimeToLiquidation, Quantity::LiquidationDistance,
                                        Quantity::FactorDistance,    Quantity::CascadeDistance,
                                        Quantity::OracleAge,         Quantity::LateOracles,
                                        Quantity::Utilisation,       Quantity::FreeLiquidity,
                                        Quantity::OracleDivergence,  Quantity::PegDistance,
                                        Quantity::ParameterChanges,  Quantity::AccountChanges,
                                        Quantity::CoverageGaps,      Quantity::NetUsd,
                                        Quantity::Leverage,          Quantity::Concentration,
                                        Quantity::FactorExposure,    Quantity::BlockAge};

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
    /// Of PegDistance: risk factors that should be worth 1.
    std::vector<std::string> pegs = {};
    /// Of FactorExposure: of which risk factors; empty: of all.
    std::vector<std::string> factors = {};
    std::uint64_t within_s = 86'400;    ///< of what counts changes: up to how long ago
    std::uint64_t unknown_after_s = 0;  ///< of the clock on the wall, until not knowing is told
    /// Who fires so often within so many chain seconds is flapping: told once, and safe only after
    /// as long a calm. 0: never.
    std::uint64_t flap_count = 4;
    std::uint64_t flap_window_s = 1800;
    std::uint64_t escalate_after_s = 0;     ///< on the wall, unacknowledged; 0: never
    std::vector<std::string> escalate_to;   ///< names of channels
    std::vector<std::string> inhibited_by;  ///< names of rules that say enough while they fire
    std::vector<std::string> channels;      ///< names; empty: all
    /// Of a cascade's distance: the file of the playbook, and after how many chain seconds it is
    /// carried out again.
    std::string playbook;
    std::uint64_t every_s = 0;
};

}  // namespace margrave::alert
