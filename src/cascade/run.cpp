#include "cascade/run.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cascade/capital.hpp"
#include "cascade/liquidators.hpp"
#include "cascade/outside.hpp"
#include "cascade/sales.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;

void add_once(std::vector<std::string>& into, const std::string& text) {
    if (std::find(into.begin(), into.end(), text) == into.end()) {
        into.push_back(text);
    }
}

/// Why a sale was not done whole, in words that do not differ between amounts.
std::string why_refused(const Sale& sale) {
    const std::string what =
        "a sale of " + sale.asset.to_string() + " for " + sale.into.to_string();
    if (sale.refusal == "beyond_band") {
        return what + " goes beyond the ticks that were read of the pool: widen its band_bps";
    }
    if (sale.refusal == kNotRead) {
        return what + " needs a pool that was not read";
    }
    return what + " is not taken whole by any pool: " + sale.refusal;
}

/// One run under way.
class Run {
  public:
    Run(Start start, const Playbook& playbook, Accounts& accounts)
        : playbook_(playbook),
          accounts_(accounts),
          now_(start.now),
          oracles_(std::move(start.oracles)),
          capital_(playbook.liquidators.capital) {
        outcome_.end = std::move(start.state);
    }

    Outcome only(const Shock& shock) && {
        apply(shock);
        return std::move(outcome_);
    }

    Outcome go(const Shock& shock) && {
        apply(shock);
        outside_ = outside_prices(state(), playbook_);
        while (true) {
            const std::vector<Place> eligible = accounts_.eligible(state());
            const PathStep* step = next_step(shock);
            if (eligible.empty() && step == nullptr) {
                break;
            }
            if (is_beyond_horizon(blocks_)) {
                outcome_.is_settled = false;
                break;
            }
            if (outcome_.rounds.size() == playbook_.rounds_max) {
                outcome_.is_settled = false;
                add_once(outcome_.unknown_because,
                         "the rounds of the playbook (max_rounds) ran out first");
                break;
            }
            Round round{.number = outcome_.rounds.size() + 1,
                        .block = blocks_,
                        .calls = {},
                        .sales = {},
                        .outside = {},
                        .prices = {},
                        .pools = {}};
            capital_.begin_round(state());
            liquidate(eligible, round);
            sell(round);
            const bool is_stuck = round.successes() == 0;
            if (is_stuck && step != nullptr) {
                pass_to(*step);
            } else {
                pass_blocks(playbook_.blocks_per_round);
            }
            follow_path(shock, round);
            for (const PriceChange& change : update_oracles()) {
                round.prices.push_back(change);
            }
            round.pools = pools();
            outcome_.rounds.push_back(std::move(round));
            if (is_stuck && step == nullptr) {
                break;
            }
        }
        for (const std::string& note : capital_.notes()) {
            add_once(outcome_.notes, note);
        }
        return std::move(outcome_);
    }

  private:
    [[nodiscard]] State& state() { return outcome_.end; }
    [[nodiscard]] Lot lot_of(const U256& amount) const {
        return {.amount = amount, .divisor = playbook_.depth_divisor};
    }

    /// Without a shock nothing moves, not even an oracle that stands elsewhere than its pool.
    void apply(const Shock& shock) {
        if (shock.is_empty()) {
            return;
        }
        move_outside(shock.sales, shock.moves, outcome_.shock_sales, outcome_.shock_prices);
        for (const PriceChange& change : update_oracles()) {
            outcome_.shock_prices.push_back(change);
        }
    }

    /// What happens outside: sales, then pools to the new prices, then oracles that follow no pool.
    void move_outside(const std::vector<OutsideSale>& sales, const std::vector<FactorMove>& moves,
                      std::vector<Sale>& done, std::vector<PriceChange>& prices) {
        for (const OutsideSale& sale : sales) {
            done.push_back(
                sell_at_venue(state(), playbook_.venues, sale.asset, lot_of(sale.amount)));
        }
        if (outside_.empty()) {
            outside_ = outside_prices(state(), playbook_);
        }
        const std::vector<FactorMove> onward = since_last(moves);
        for (const Sale& sale : trade_outside(state(), playbook_, onward, outside_)) {
            done.push_back(sale);
        }
        for (const Sale& sale : done) {
            tell(sale);
        }
        for (const PriceChange& change : oracles_.move(state(), onward)) {
            prices.push_back(change);
        }
    }

    /// Moves count from the beginning; these are from where the factors stand now.
    std::vector<FactorMove> since_last(const std::vector<FactorMove>& moves) {
        std::vector<FactorMove> out;
        for (const FactorMove& move : moves) {
            Fraction& level = levels_.try_emplace(move.factor, 1).first->second;
            out.push_back({.factor = move.factor, .multiplier = move.multiplier / level});
            level = move.multiplier;
        }
        return out;
    }

    [[nodiscard]] bool is_beyond_horizon(std::uint64_t block) const {
        return playbook_.horizon_blocks && block >= *playbook_.horizon_blocks;
    }

    /// nullptr when no more comes within the horizon.
    [[nodiscard]] const PathStep* next_step(const Shock& shock) const {
        const bool is_there =
            steps_done_ < shock.path.size() && !is_beyond_horizon(shock.path[steps_done_].block);
        return is_there ? &shock.path[steps_done_] : nullptr;
    }

    /// The steps that the round's blocks have reached.
    void follow_path(const Shock& shock, Round& round) {
        for (const PathStep* step = next_step(shock); step != nullptr && step->block <= blocks_;
             step = next_step(shock)) {
            move_outside(step->sales, step->moves, round.outside, round.prices);
            for (const KnownAnswer& known : step->answers) {
                state().markets[known.market]->set_answer(known.asset, known.answer);
            }
            ++steps_done_;
        }
    }

    std::vector<PriceChange> update_oracles() {
        for (const std::string& why : oracles_.unread()) {
            add_once(outcome_.unknown_because, why);
        }
        return oracles_.update(state(), now_);
    }

    /// What a pool refuses because more of it is there than was read makes the rest unknown; what
    /// it really does not take is told.
    void tell(const Sale& sale) {
        if (!sale.refusal.empty()) {
            add_once(sale.is_unknown() ? outcome_.unknown_because : outcome_.notes,
                     why_refused(sale));
        }
    }

    void liquidate(const std::vector<Place>& eligible, Round& round) {
        for (const Place& place : accounts_.in_order(state(), eligible)) {
            const auto& most = playbook_.liquidators.calls_per_round;
            if (most && round.successes() >= *most) {
                break;
            }
            // Nobody else's liquidation changes this account, so it is still eligible.
            const auto pair = accounts_.choose_pair(state(), place);
            if (pair) {
                round.calls.push_back(call(place, *pair));
            }
        }
    }

    Call call(const Place& place, const margin::LiquidationPair& pair) {
        Call out{.place = place, .pair = pair};
        std::optional<margin::LiquidationCall> order = call_of(pair);
        if (capital_.is_limited()) {
            order = capital_.sized(*order, accounts_.tried(state(), place, *order));
        }
        if (!order) {
            out.reason = "no_capital";
            return out;
        }
        if (playbook_.liquidators.only_when_paying &&
            !accounts_.is_paying(state(), place, *order)) {
            out.reason = "unprofitable";
            return out;
        }
        const auto done = accounts_.liquidate(state(), place, *order);
        if (!done) {
            out.reason = done.error().reason;
            return out;
        }
        out.ok = true;
        out.outcome = *done;
        capital_.pay(pair.debt, done->repaid);
        if (playbook_.selling == Selling::ToDebt) {
            out.sale = sell_seized(state(), playbook_, *order, done->seized);
            if (out.sale) {
                tell(*out.sale);
                capital_.earn(out.sale->into, out.sale->received);
            }
        } else if (playbook_.selling == Selling::PerRound) {
            held_[pair.collateral] += done->seized;
        }
        return out;
    }

    void sell(Round& round) {
        for (const VenueRule& venue : playbook_.venues) {
            const auto held = held_.find(venue.asset);
            if (held == held_.end() || held->second == 0) {
                continue;
            }
            round.sales.push_back(
                sell_at_venue(state(), playbook_.venues, venue.asset, lot_of(held->second)));
            tell(round.sales.back());
            capital_.earn(round.sales.back().into, round.sales.back().received);
            held_.erase(held);  // offered once: what no pool takes is kept
        }
    }

    void pass_blocks(std::uint64_t blocks) {
        pass(blocks, now_.time + core::Timestamp(blocks * playbook_.block_s));
    }

    void pass_to(const PathStep& step) {
        const std::uint64_t blocks = step.block - blocks_;
        pass(blocks, step.time.value_or(now_.time + core::Timestamp(blocks * playbook_.block_s)));
    }

    void pass(std::uint64_t blocks, core::Timestamp time) {
        if (blocks == 0) {
            return;
        }
        blocks_ += blocks;
        now_.block = now_.block + core::BlockNumber(blocks);
        now_.time = time;
        if (playbook_.accrues) {
            for (std::size_t i = 0; i < state().markets.size(); ++i) {
                state().markets[i]->accrue(now_.time);
            }
            accounts_.accrued(state());
        }
        for (const Sale& sale : recover(state(), outside_, playbook_, blocks)) {
            tell(sale);
        }
    }

    [[nodiscard]] std::vector<PoolState> pools() {
        std::vector<PoolState> out;
        for (const auto& venue : state().venues) {
            out.push_back({.pool = venue->name().address,
                           .concentrated = venue->concentrated(),
                           .price = pool_price(*venue, venue->tokens().front().address)});
        }
        return out;
    }

    const Playbook& playbook_;
    Accounts& accounts_;
    Moment now_;
    Oracles oracles_;
    std::map<Address, U256> held_;  ///< seized and not sold yet
    Capital capital_;
    OutsidePrices outside_;
    std::map<std::string, Fraction> levels_;  ///< of factors, over the beginning's
    std::uint64_t blocks_ = 0;                ///< since the shock
    std::size_t steps_done_ = 0;              ///< of the shock's path
    Outcome outcome_;
};

}  // namespace

Outcome run_rounds(Start start, const Playbook& playbook, Accounts& accounts, const Shock& shock) {
    const std::vector<std::string> notes = start.oracles.notes();
    Outcome out = Run(std::move(start), playbook, accounts).go(shock);
    out.notes.insert(out.notes.begin(), notes.begin(), notes.end());
    return out;
}

Outcome run_shock(Start start, const Playbook& playbook, Accounts& accounts, const Shock& shock) {
    return Run(std::move(start), playbook, accounts).only(shock);
}

}  // namespace margrave::cascade
