#include "cascade/fast_engine.hpp"

#include <utility>

#include "cascade/run.hpp"
#include "core/errors.hpp"
#include "margin/kept_rows.hpp"

namespace margrave::cascade {
namespace {

std::map<Place, std::size_t> rounds_of(const Outcome& outcome) {
    std::map<Place, std::size_t> out;
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            if (call.ok) {
                out.emplace(call.place, round.number);
            }
        }
    }
    return out;
}

State without_accounts(const State& state) {
    State out;
    for (const auto& market : state.markets) {
        const auto* rows = dynamic_cast<const margin::KeptRows*>(market.get());
        core::ensure(rows != nullptr, "a market with rules in doubles keeps its rows apart");
        out.markets.push_back(rows->without_accounts());
    }
    for (const auto& venue : state.venues) {
        out.venues.push_back(venue->fork());
    }
    return out;
}

}  // namespace

FastEngine::FastEngine(const State& begin, Playbook playbook, Moment now, double epsilon)
    : exact_(begin, std::move(playbook), now),
      now_(now),
      epsilon_(epsilon),
      markets_([&] {
          std::vector<FastMarket> out;
          for (const auto& market : begin.markets) {
              out.emplace_back(*market);
          }
          return out;
      }()),
      shells_(without_accounts(begin)),
      oracles_(exact_.playbook(), shells_, now) {
    if (this->playbook().accrues) {
        throw core::InputError("interest runs in the exact engine only: use engine = \"exact\"");
    }
    for (const FastMarket& market : markets_) {
        if (market.rows_left_out() != 0) {
            left_out_.push_back(std::to_string(market.rows_left_out()) + " accounts of " +
                                market.market().name().protocol + " " +
                                market.market().name().name +
                                " are in an e-mode with a price of its own, which only the exact "
                                "engine knows");
        }
    }
}

Outcome FastEngine::rounds(const Shock& shock, FastAccounts& accounts) const {
    Outcome out = run_rounds({.state = shells_.fork(), .now = now_, .oracles = oracles_},
                             playbook(), accounts, shock);
    out.unknown_because.insert(out.unknown_because.end(), left_out_.begin(), left_out_.end());
    return out;
}

/// The markets with their accounts, at the run's last answers.
void FastEngine::put_end(const FastAccounts& accounts, Outcome& outcome) const {
    for (std::size_t i = 0; i < begin().markets.size(); ++i) {
        auto market = begin().markets[i]->fork();
        for (const margin::OracleAnswer& answer : outcome.end.markets[i]->answers()) {
            if (answer.quote) {
                market->set_answer(answer.asset, answer.quote->answer);
            }
        }
        auto* bulk = dynamic_cast<margin::BulkMarket*>(market.get());
        for (const auto& [row, legs] : accounts.changed_rows(i)) {
            bulk->put_bulk_row(row, legs);
        }
        outcome.end.markets[i] = std::move(market);
    }
}

Outcome FastEngine::run(const Shock& shock) const {
    FastAccounts accounts(markets_, playbook(), epsilon_, Branch::Nominal);
    Outcome out = rounds(shock, accounts);
    put_end(accounts, out);
    return out;
}

std::pair<Outcome, NearCalls> FastEngine::run_branches(const Shock& shock) const {
    FastAccounts accounts(markets_, playbook(), epsilon_, Branch::Nominal);
    Outcome out = rounds(shock, accounts);
    put_end(accounts, out);
    NearCalls near{.epsilon = epsilon_, .accounts = accounts.near(), .most = {}, .least = {}};
    if (!near.accounts.empty()) {
        FastAccounts most(markets_, playbook(), epsilon_, Branch::Most);
        near.most = rounds_of(rounds(shock, most));
        FastAccounts least(markets_, playbook(), epsilon_, Branch::Least);
        near.least = rounds_of(rounds(shock, least));
    }
    return {std::move(out), std::move(near)};
}

}  // namespace margrave::cascade
