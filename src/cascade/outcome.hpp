#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cascade/oracles.hpp"
#include "cascade/sales.hpp"
#include "cascade/state.hpp"
#include "margin/liquidation.hpp"
#include "margin/market.hpp"

namespace margrave::cascade {

/// One liquidation call of a round.
struct Call {
    Place place;
    margin::LiquidationPair pair;
    bool ok = false;
    std::string reason = {};  ///< of a refusal; "unprofitable": no liquidator called
    margin::LiquidationOutcome outcome = {};  ///< of a call that went through
    std::optional<Sale> sale = {};            ///< of what it seized, with Selling::ToDebt
};

/// Where a pool stands: concentrated where it is that, and the price of its first token.
struct PoolState {
    core::Address pool;
    std::optional<margin::ConcentratedState> concentrated;
    std::optional<PoolPrice> price;
};

struct Round {
    std::size_t number = 0;
    std::vector<Call> calls;
    std::vector<Sale> sales;  ///< at the end of the round, with Selling::PerRound
    std::vector<PriceChange> prices;
    std::vector<PoolState> pools;

    [[nodiscard]] std::size_t successes() const;
    /// Of its calls and at its end, in their order.
    [[nodiscard]] std::vector<Sale> all_sales() const;
};

/// What a cascade did, from the shock to the end.
struct Outcome {
    std::vector<Sale> shock_sales;
    std::vector<PriceChange> shock_prices;
    std::vector<Round> rounds;
    State end;
    bool is_settled = true;          ///< false when the rounds ran out first
    std::vector<std::string> notes;  ///< what could not be done as the playbook has it, once each
    /// Why what follows cannot be known: a pool was read too little of, or the rounds ran out.
    /// Empty: it is.
    std::vector<std::string> unknown_because;

    [[nodiscard]] std::size_t liquidations() const;
    /// The first round in which the account was liquidated.
    [[nodiscard]] std::optional<std::size_t> round_of(const Place& place) const;
};

}  // namespace margrave::cascade
