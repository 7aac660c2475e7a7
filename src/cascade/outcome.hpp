#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
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
    /// Of a refusal; "unprofitable" and "no_capital": no liquidator called.
    std::string reason = {};
    margin::LiquidationOutcome outcome = {};  ///< of a call that went through
    std::optional<Sale> sale = {};            ///< of what it seized, with Selling::ToDebt
};

/// Where a pool stands: concentrated where it is that, and the price of its first token.
struct PoolState {
    core::Address pool;
    std::optional<margin::ConcentratedState> concentrated;
    std::optional<PoolPrice> price;
};

/// One without calls waits for the next step of the shock's path.
struct Round {
    std::size_t number = 0;
    std::uint64_t block = 0;  ///< since the shock
    std::vector<Call> calls;
    std::vector<Sale> sales;    ///< at the end of the round, with Selling::PerRound
    std::vector<Sale> outside;  ///< what steps of the path sold and traded after it
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
    bool is_settled = true;          ///< false when the rounds ran out, or the horizon came, first
    std::vector<std::string> notes;  ///< what could not be done as the playbook has it, once each
    /// Why what follows cannot be known: a pool was read too little of, or the rounds ran out.
    /// Empty: it is.
    std::vector<std::string> unknown_because;

    [[nodiscard]] std::size_t liquidations() const;
    /// Everything written off in one market, an asset once.
    [[nodiscard]] std::vector<margin::Deficit> deficits(std::size_t market) const;
    /// Who was liquidated, each once.
    [[nodiscard]] std::set<Place> fallen() const;
    /// The first round in which the account was liquidated.
    [[nodiscard]] std::optional<std::size_t> round_of(const Place& place) const;
};

}  // namespace margrave::cascade
