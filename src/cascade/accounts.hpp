#pragma once

#include <optional>
#include <vector>

#include "cascade/state.hpp"
#include "core/result.hpp"
#include "margin/liquidation.hpp"

namespace margrave::cascade {

/// The borrowers of one run: who can be liquidated, whom liquidators call first, and what a call
/// does. Each engine keeps them in its own way; all else of a run is the same.
class Accounts {
  public:
    virtual ~Accounts() = default;

    /// Everyone with debt, collateral and a failing health check at the state's answers.
    [[nodiscard]] virtual std::vector<Place> eligible(const State& state) = 0;
    /// The same places in the playbook's order.
    [[nodiscard]] virtual std::vector<Place> in_order(const State& state,
                                                      const std::vector<Place>& places) = 0;
    /// The pair that is called first; nullopt for an account without one.
    [[nodiscard]] virtual std::optional<margin::LiquidationPair> choose_pair(
        const State& state, const Place& place) = 0;
    /// What a call on a pair would come to; changes nothing.
    [[nodiscard]] virtual core::Result<margin::LiquidationOutcome, margin::Refusal> tried(
        const State& state, const Place& place, const margin::LiquidationCall& call) = 0;
    /// Whether a call brings what it costs (liquidators.hpp).
    [[nodiscard]] virtual bool is_paying(const State& state, const Place& place,
                                         const margin::LiquidationCall& call) = 0;
    [[nodiscard]] virtual core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        State& state, const Place& place, const margin::LiquidationCall& call) = 0;
    /// Interest ran in the state's markets.
    virtual void accrued(const State& state) = 0;
};

}  // namespace margrave::cascade
