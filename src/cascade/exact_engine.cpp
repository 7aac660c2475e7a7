#include "cascade/exact_engine.hpp"

#include <optional>
#include <utility>

#include "cascade/accounts.hpp"
#include "cascade/liquidators.hpp"
#include "cascade/run.hpp"
#include "margin/linear_form.hpp"
#include "margin/liquidation_options.hpp"

namespace margrave::cascade {
namespace {

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
