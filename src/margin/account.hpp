#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "core/units.hpp"

namespace margrave::margin {

/// What the protocol's own health check says. `AtRisk` is margrave's word for healthy with little
/// room.
enum class Status { Healthy, AtRisk, Liquidatable, NoDebt, Unknown };

/// `Supply` is a balance that is not enabled as collateral.
enum class Side { Collateral, Supply, Debt };

/// Where a price came from and how old it is.
struct PriceQuote {
    core::U256 answer;                          ///< the oracle's integer, in the market's quote
    core::Address source;                       ///< the feed the oracle read; zero when unknown
    std::optional<core::Timestamp> updated_at;  ///< nullopt when the feed does not tell
};

/// One balance of an account at the time it is evaluated for.
struct Leg {
    core::Address asset;
    std::string symbol;
    unsigned decimals = 0;
    Side side = Side::Collateral;
    std::optional<core::U256>
        amount;  ///< base units of the asset; nullopt when it could not be read
    std::optional<PriceQuote> price;  ///< nullopt when the oracle gives none
    std::optional<core::Usd>
        value;  ///< rounded down; nullopt without price, or without a quote in dollars
};

/// The account in the protocol's own arithmetic and units. Everything is nullopt when the status is
/// Unknown and it depends on what could not be read; `health_factor` also when there is no debt.
struct Health {
    Status status = Status::Unknown;
    std::optional<core::Wad> health_factor;
    std::optional<core::U256> collateral;  ///< see collateral_value
    /// The collateral in the market's quote, rounded down. `collateral` itself is that where a
    /// market has several; an isolated one counts it in the collateral's token.
    std::optional<core::U256> collateral_value;
    std::optional<core::U256> debt;                  ///< in the market's quote
    std::optional<core::U256> available_borrows;     ///< in the market's quote
    std::optional<core::Bps> liquidation_threshold;  ///< weighted average
    std::optional<core::Bps> max_ltv;                ///< weighted average
    std::optional<core::Usd> collateral_usd;         ///< rounded down
    std::optional<core::Usd> debt_usd;               ///< rounded up
    std::string unknown_because;                     ///< says what is missing; "" unless Unknown
};

/// One figure of an account on which margrave and the protocol's own view disagree.
struct Difference {
    std::string what;  ///< "health factor", "balance of aWETH" …
    std::string ours;
    std::string theirs;
};

}  // namespace margrave::margin
