#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "cascade/engine.hpp"
#include "cascade/oracles.hpp"
#include "cascade/outcome.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"
#include "margin/book.hpp"

namespace margrave::cascade {

/// Replays a playbook to the wei: every liquidation is the protocol's own transition, every sale
/// the pool's own arithmetic. One engine serves many shocks from the same beginning; run() changes
/// nothing of it.
class ExactEngine final : public Engine {
  public:
    /// `begin` must outlive the engine; `now` is its block.
    ExactEngine(const State& begin, Playbook playbook, Moment now);

    [[nodiscard]] Outcome run(const Shock& shock) const override;
    [[nodiscard]] Outcome shock_alone(const Shock& shock) const override;
    /// The state right after the shock.
    [[nodiscard]] State shocked(const Shock& shock) const;

    /// The same beginning under another playbook.
    [[nodiscard]] std::unique_ptr<Engine> with(Playbook playbook) const override {
        return std::make_unique<ExactEngine>(begin_, std::move(playbook), now_);
    }

    [[nodiscard]] const Playbook& playbook() const override { return playbook_; }
    [[nodiscard]] const State& begin() const override { return begin_; }

  private:
    const State& begin_;
    Playbook playbook_;
    Moment now_;
    std::vector<margin::Book> books_;  ///< of begin_'s markets, for screening
    Oracles oracles_;
};

}  // namespace margrave::cascade
