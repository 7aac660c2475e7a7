#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cascade/engine.hpp"
#include "cascade/exact_engine.hpp"
#include "cascade/fast_accounts.hpp"
#include "cascade/fast_market.hpp"
#include "cascade/static_ends.hpp"

namespace margrave::cascade {

/// What a run in doubles could not tell for sure.
struct NearCalls {
    double epsilon = 0;
    /// Accounts that came within epsilon of what decides, and what that was; empty: the exact
    /// engine liquidates the same accounts in the same rounds.
    std::map<Place, std::string> accounts;
    /// Otherwise both ends: who falls, and in which round, with all of them taken for fallen, and
    /// with none.
    std::map<Place, std::size_t> most;
    std::map<Place, std::size_t> least;
};

/// Replays a playbook with the accounts on flat arrays of doubles and everything else, pools and
/// oracles, as the exact engine has it: for whole markets and many shocks. Rules of liquidation are
/// the markets' own, instantiated with doubles (margin/bulk.hpp). One engine serves many threads.
class FastEngine final : public Engine {
  public:
    /// What doubles and the rounding of pools and balances can differ by is far below it for
    /// balances of a dollar and more.
    static constexpr double kEpsilon = 1e-6;

    /// `begin` must outlive the engine. Throws InputError for a market without rules in doubles,
    /// and for a playbook in which interest runs.
    FastEngine(const State& begin, Playbook playbook, Moment now, double epsilon = kEpsilon);

    /// Amounts are whole units, nearly those of the exact engine; its end has the changed accounts'
    /// balances, rounded.
    [[nodiscard]] Outcome run(const Shock& shock) const override;
    /// The same, and what is near.
    [[nodiscard]] std::pair<Outcome, NearCalls> run_branches(const Shock& shock) const;
    [[nodiscard]] Outcome shock_alone(const Shock& shock) const override {
        return exact_.shock_alone(shock);
    }

    /// Where it can end, without rounds: see static_ends.hpp.
    [[nodiscard]] std::optional<StaticEnds> static_ends(const Shock& shock) const {
        return cascade::static_ends(exact_.shocked(shock), markets_, playbook());
    }

    [[nodiscard]] std::unique_ptr<Engine> with(Playbook playbook) const override {
        return std::make_unique<FastEngine>(begin(), std::move(playbook), now_, epsilon_);
    }

    [[nodiscard]] const Playbook& playbook() const override { return exact_.playbook(); }
    [[nodiscard]] const State& begin() const override { return exact_.begin(); }

  private:
    [[nodiscard]] Outcome rounds(const Shock& shock, FastAccounts& accounts) const;
    void put_end(const FastAccounts& accounts, Outcome& outcome) const;

    ExactEngine exact_;
    Moment now_;
    double epsilon_;
    std::vector<FastMarket> markets_;
    State shells_;  ///< markets without accounts, and the pools
    Oracles oracles_;
    std::vector<std::string> left_out_;  ///< a sentence for each market with rows left out
};

}  // namespace margrave::cascade
