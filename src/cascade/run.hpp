#pragma once

#include "cascade/accounts.hpp"
#include "cascade/oracles.hpp"
#include "cascade/outcome.hpp"
#include "cascade/playbook.hpp"
#include "cascade/state.hpp"

/// A playbook carried out, whoever keeps the accounts.
namespace margrave::cascade {

/// Where a run begins.
struct Start {
    State state;
    Moment now;
    Oracles oracles;
};

/// The shock, then rounds: every account that is eligible, in the playbook's order, each once; then
/// sales; then oracles. It ends when nobody is eligible, or when every call of a round is refused,
/// and no step of the shock's path is to come; or at the horizon.
[[nodiscard]] Outcome run_rounds(Start start, const Playbook& playbook, Accounts& accounts,
                                 const Shock& shock);
/// The shock without rounds.
[[nodiscard]] Outcome run_shock(Start start, const Playbook& playbook, Accounts& accounts,
                                const Shock& shock);

}  // namespace margrave::cascade
