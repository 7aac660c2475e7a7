#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/units.hpp"
#include "margin/action.hpp"
#include "risk/scenario.hpp"

namespace margrave::app {

/// "ETH=-20%", "USDC=0.97"
struct PriceStep {
    std::string name;  ///< a factor, the base of one, or a symbol
    risk::PriceMove move;
};
/// "rate:USDC=+5%": added to today's with a sign, else the rate itself; a year.
struct RateStep {
    std::string symbol;
    risk::Scenario::RateMove move;
};
/// "LT:WETH=78%"
struct ThresholdStep {
    std::string symbol;
    core::Bps value;
};
/// "pause:LINK"
struct PauseStep {
    std::string symbol;
};
/// "days=30"
struct TimeStep {
    std::uint64_t seconds = 0;
};
/// "repay:USDC:10000@aave-v3", "emode:1@aave-v3/core", "collateral:WETH:off@aave-v3"
struct ActionStep {
    margin::ActionKind kind = margin::ActionKind::Repay;
    std::string symbol;                 ///< "" for an e-mode
    std::optional<std::string> amount;  ///< whole tokens; nullopt for max
    bool enable = true;
    std::uint64_t category = 0;
    std::string protocol;
    std::optional<std::string> market;
};

using Step = std::variant<PriceStep, RateStep, ThresholdStep, PauseStep, TimeStep, ActionStep>;

/// A step as typed; throws InputError that shows the accepted forms.
[[nodiscard]] Step parse_step(const std::string& text);

/// "1.5" tokens of so many decimals in base units; nullopt when malformed, finer than a base unit
/// or over 256 bits.
[[nodiscard]] std::optional<core::U256> parse_tokens(std::string_view text, unsigned decimals);

}  // namespace margrave::app
