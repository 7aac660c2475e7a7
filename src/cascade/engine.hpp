#pragma once

#include <memory>

#include "cascade/outcome.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"

namespace margrave::cascade {

/// Replays a playbook for many shocks from the same beginning.
class Engine {
  public:
    virtual ~Engine() = default;

    [[nodiscard]] virtual Outcome run(const Shock& shock) const = 0;
    /// The shock without rounds: pools traded, oracles moved, nobody liquidated.
    [[nodiscard]] virtual Outcome shock_alone(const Shock& shock) const = 0;

    /// The same beginning under another playbook.
    [[nodiscard]] virtual std::unique_ptr<Engine> with(Playbook playbook) const = 0;

    [[nodiscard]] virtual const Playbook& playbook() const = 0;
    [[nodiscard]] virtual const State& begin() const = 0;
};

}  // namespace margrave::cascade
