#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "cascade/playbook.hpp"
#include "cascade/sales.hpp"
#include "cascade/state.hpp"
#include "margin/liquidation.hpp"
#include "margin/market.hpp"

/// Who is called, in which order, on which pair, and whether it pays.
namespace margrave::cascade {

/// The accounts in the order of a round, from the state at its start.
[[nodiscard]] std::vector<Place> in_order(const State& state, std::span<const Place> places,
                                          const Playbook& playbook);

/// The pair that is called first; nullopt for an account without one.
[[nodiscard]] std::optional<margin::LiquidationPair> choose_pair(const margin::Market& market,
                                                                 std::size_t row,
                                                                 PairChoice choice);

/// The call on a pair, as large as the contract lets it be.
[[nodiscard]] margin::LiquidationCall call_of(const margin::LiquidationPair& pair);

/// True when what the call seizes, sold in the state's pools as the playbook sells, covers what it
/// repays, the flash loan's fee and gas. What no pool takes counts at the market's oracle answers.
/// Also where that has no value to the market's oracle: a loss that nobody can see holds nobody
/// back. Gas counts where the market's answers are in dollars.
[[nodiscard]] bool is_paying(const State& state, const Place& place,
                             const margin::LiquidationCall& call, const Playbook& playbook);

}  // namespace margrave::cascade
