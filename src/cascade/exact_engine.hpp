#pragma once

#include <utility>
#include <vector>

#include "cascade/oracles.hpp"
#include "cascade/outcome.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "margin/book.hpp"

namespace margrave::cascade {

/// Replays a playbook to the wei: every liquidation is the protocol's own transition, every sale
/// the pool's own arithmetic. One engine serves many shocks from the same beginning; run() changes
/// nothing of it.
///
/// A round: every account that has debt, collateral and a failing health check, in the playbook's
/// order, each once; then sales; then oracles. It ends when nobody is eligible, or when every call
/// of a round is refused, and no step of the shock's path is to come; or at the horizon.
class ExactEngine {
  public:
    /// `begin` must outlive the engine; `now` is its block.
    ExactEngine(const State& begin, Playbook playbook, Moment now);

    [[nodiscard]] Outcome run(const Shock& shock) const;
    /// The shock without rounds: pools traded, oracles moved, nobody liquidated.
    [[nodiscard]] Outcome shock_alone(const Shock& shock) const;
    /// The state right after the shock.
    [[nodiscard]] State shocked(const Shock& shock) const;

    /// The same beginning under another playbook.
    [[nodiscard]] ExactEngine with(Playbook playbook) const {
        return {begin_, std::move(playbook), now_};
    }

    [[nodiscard]] const Playbook& playbook() const { return playbook_; }
    [[nodiscard]] const State& begin() const { return begin_; }

  private:
    const State& begin_;
    Playbook playbook_;
    Moment now_;
    std::vector<margin::Book> books_;  ///< of begin_'s markets, for screening
    Oracles oracles_;
};

}  // namespace margrave::cascade
