#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"
#include "exposure/factor_map.hpp"
#include "margin/action.hpp"
#include "margin/liquidation.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::risk {

/// An oracle answer that a step moved, or a step that a market refused.
struct StepEffect {
    margin::MarketName market;
    std::string symbol;  ///< of the asset concerned; "" for the whole market
    std::optional<core::U256> from;
    std::optional<core::U256> to;
    std::optional<margin::Refusal> refusal;
};

/// A level or a change of a price.
struct PriceMove {
    core::Wad value;  ///< with `is_relative` a multiplier of today's, else dollars
    bool is_relative = true;
};

/// A what-if under way: forks of a snapshot's markets, changed step by step. The snapshot stays as
/// it is. Each step says what it did, market by market; one that touches nothing says nothing.
class Scenario {
  public:
    /// The snapshot must outlive the scenario.
    Scenario(const snapshot::Snapshot& snapshot, const exposure::FactorMap& factors);

    /// The factors that oracle answers here follow, in the order of names.
    [[nodiscard]] std::vector<std::string> factors() const;
    /// The symbols that oracles here price, each once, in order.
    [[nodiscard]] std::vector<std::string> symbols() const;

    /// Moves every answer that follows the factor, as its composition does together with the
    /// factors that have moved before, else by the power with which it follows; rounded down to an
    /// integer and never below 1, since 0 is no answer. A level in dollars is reached from the
    /// factor's price today; a market that knows none refuses as "no_price".
    [[nodiscard]] std::vector<StepEffect> move_factor(const std::string& factor,
                                                      const PriceMove& move);
    /// Moves the answers of the symbol alone.
    [[nodiscard]] std::vector<StepEffect> move_asset(const std::string& symbol,
                                                     const PriceMove& move);
    /// Shocks every market that lists the symbol. A `relative` rate is added to today's.
    struct RateMove {
        core::Ray value;
        bool is_relative = true;
        bool is_fall = false;
    };
    [[nodiscard]] std::vector<StepEffect> move_rate(const std::string& symbol,
                                                    const RateMove& move);
    [[nodiscard]] std::vector<StepEffect> set_threshold(const std::string& symbol, core::Bps value);
    [[nodiscard]] std::vector<StepEffect> pause(const std::string& symbol);
    /// Interest of so many seconds, in every market.
    void pass(std::uint64_t seconds);
    [[nodiscard]] StepEffect act(std::size_t market, std::size_t row, const std::string& symbol,
                                 const margin::Action& action);

    [[nodiscard]] const std::vector<std::unique_ptr<margin::Market>>& markets() const {
        return forks_;
    }
    /// The changed markets as a snapshot, with the blocks, holdings and gaps of the first one. Ends
    /// the scenario.
    [[nodiscard]] snapshot::Snapshot take() &&;

  private:
    [[nodiscard]] std::optional<core::U256> moved_answer(std::size_t market,
                                                         const margin::OracleAnswer& now,
                                                         const std::string& factor,
                                                         const core::U256& multiplier) const;
    [[nodiscard]] std::vector<StepEffect> shock_symbol(const std::string& symbol,
                                                       const margin::ParameterShock& shock);

    const snapshot::Snapshot& snapshot_;
    exposure::FactorMap factors_;
    std::vector<std::unique_ptr<margin::Market>> forks_;
    /// Of each market as it was read: later a composition is no longer that of the answer.
    std::vector<std::map<std::string, exposure::Powers>> powers_;
    std::vector<exposure::Multipliers> moved_;  ///< in each, so far, of what was read
};

}  // namespace margrave::risk
