#include "cascade/exact_engine.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "cascade/liquidators.hpp"
#include "cascade/outside.hpp"
#include "cascade/run.hpp"
#include "margin/linear_form.hpp"
#include "margin/liquidation_options.hpp"

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
          oracles_(std::move(start.oracles)) {
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
            if (eligible.empty()) {
                break;
            }
            if (outcome_.rounds.size() == playbook_.rounds_max) {
                outcome_.is_settled = false;
                add_once(outcome_.unknown_because,
                         "the rounds of the playbook (max_rounds) ran out first");
                break;
            }
            Round round{.number = outcome_.rounds.size() + 1,
                        .calls = {},
                        .sales = {},
                        .prices = {},
                        .pools = {}};
            liquidate(eligible, round);
            sell(round);
            pass_blocks();
            round.prices = update_oracles();
            round.pools = pools();
            const bool is_stuck = round.successes() == 0;
            outcome_.rounds.push_back(std::move(round));
            if (is_stuck) {
                break;
            }
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
        for (const OutsideSale& sale : shock.sales) {
            outcome_.shock_sales.push_back(
                sell_at_venue(state(), playbook_.venues, sale.asset, lot_of(sale.amount)));
        }
        for (const Sale& sale : trade_outside(state(), playbook_, shock.moves)) {
            outcome_.shock_sales.push_back(sale);
        }
        for (const Sale& sale : outcome_.shock_sales) {
            tell(sale);
        }
        outcome_.shock_prices = oracles_.move(state(), shock.moves);
        for (const PriceChange& change : update_oracles()) {
            outcome_.shock_prices.push_back(change);
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
        if (playbook_.liquidators.only_when_paying &&
            !accounts_.is_paying(state(), place, call_of(pair))) {
            out.reason = "unprofitable";
            return out;
        }
        const auto done = accounts_.liquidate(state(), place, call_of(pair));
        if (!done) {
            out.reason = done.error().reason;
            return out;
        }
        out.ok = true;
        out.outcome = *done;
        if (playbook_.selling == Selling::ToDebt) {
            out.sale = sell_seized(state(), playbook_, call_of(pair), done->seized);
            if (out.sale) {
                tell(*out.sale);
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
            held_.erase(held);  // offered once: what no pool takes is kept
        }
    }

    void pass_blocks() {
        if (playbook_.blocks_per_round == 0) {
            return;
        }
        now_.block = now_.block + core::BlockNumber(playbook_.blocks_per_round);
        now_.time = now_.time + core::Timestamp(playbook_.blocks_per_round * playbook_.block_s);
        if (playbook_.accrues) {
            for (std::size_t i = 0; i < state().markets.size(); ++i) {
                state().markets[i]->accrue(now_.time);
            }
            accounts_.accrued(state());
        }
        for (const Sale& sale : recover(state(), outside_, playbook_)) {
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
    OutsidePrices outside_;
    Outcome outcome_;
};

/// The accounts of the state's own markets; books say of most rows that they are healthy.
class ExactAccounts : public Accounts {
  public:
    ExactAccounts(const Playbook& playbook, std::vector<margin::Book> books)
        : playbook_(playbook), books_(std::move(books)) {}

    /// Only collateral makes an account worth calling.
    std::vector<Place> eligible(const State& state) override {
        std::vector<Place> out;
        for (std::size_t i = 0; i < state.markets.size(); ++i) {
            const margin::Market& market = *state.markets[i];
            for (const std::size_t row : margin::liquidatable_rows(market, books_[i])) {
                if (!market.liquidation_pairs(row).empty()) {
                    out.push_back({.market = i, .row = row});
                }
            }
        }
        return out;
    }
    std::vector<Place> in_order(const State& state, const std::vector<Place>& places) override {
        return cascade::in_order(state, places, playbook_);
    }
    std::optional<margin::LiquidationPair> choose_pair(const State& state,
                                                       const Place& place) override {
        return cascade::choose_pair(*state.markets[place.market], place.row, playbook_.pair);
    }
    core::Result<margin::LiquidationOutcome, margin::Refusal> tried(
        const State& state, const Place& place, const margin::LiquidationCall& call) override {
        return margin::try_liquidation(*state.markets[place.market], place.row, call).outcome;
    }
    bool is_paying(const State& state, const Place& place,
                   const margin::LiquidationCall& call) override {
        return cascade::is_paying(state, place, call, playbook_);
    }
    core::Result<margin::LiquidationOutcome, margin::Refusal> liquidate(
        State& state, const Place& place, const margin::LiquidationCall& call) override {
        auto done = state.markets[place.market]->liquidate(place.row, call);
        if (done) {
            screen_again(state, place);
        }
        return done;
    }
    void accrued(const State& state) override {
        for (std::size_t i = 0; i < state.markets.size(); ++i) {
            books_[i] = margin::make_book(*state.markets[i]);
        }
    }

  private:
    /// The account is other than its book says.
    void screen_again(const State& state, const Place& place) {
        const margin::Market& market = *state.markets[place.market];
        const auto* linear = dynamic_cast<const margin::LinearRows*>(&market);
        const auto form = linear == nullptr ? std::nullopt : linear->linear_form(place.row);
        const bool fits = books_[place.market].replace(static_cast<std::uint32_t>(place.row), form);
        if (!fits) {
            books_[place.market] = margin::make_book(market);
        }
    }

    const Playbook& playbook_;
    std::vector<margin::Book> books_;
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

ExactEngine::ExactEngine(const State& begin, Playbook playbook, Moment now)
    : begin_(begin), playbook_(std::move(playbook)), now_(now), oracles_(playbook_, begin_, now_) {
    for (const auto& market : begin_.markets) {
        books_.push_back(margin::make_book(*market));
    }
}

Outcome ExactEngine::run(const Shock& shock) const {
    ExactAccounts accounts(playbook_, books_);
    return run_rounds({.state = begin_.fork(), .now = now_, .oracles = oracles_}, playbook_,
                      accounts, shock);
}

Outcome ExactEngine::shock_alone(const Shock& shock) const {
    ExactAccounts accounts(playbook_, books_);
    return run_shock({.state = begin_.fork(), .now = now_, .oracles = oracles_}, playbook_,
                     accounts, shock);
}

State ExactEngine::shocked(const Shock& shock) const { return shock_alone(shock).end; }

}  // namespace margrave::cascade
