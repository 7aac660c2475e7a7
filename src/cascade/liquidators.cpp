#include "cascade/liquidators.hpp"

#include <algorithm>
#include <utility>

#include "core/fixed_point.hpp"
#include "margin/liquidation_options.hpp"
#include "margin/valuation.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::Rounding;
using core::U256;
using margin::LiquidationPair;
using margin::Market;

/// What an account ranks by: the one that comes first is the smaller.
struct Rank {
    std::optional<margin::SignedWad> profit;  ///< the larger comes first, unknown last
    core::Wad health;
    Address wallet;
    Place place;
};

bool comes_before(const Rank& a, const Rank& b, Order order) {
    if (order == Order::MostProfitable) {
        if (a.profit.has_value() != b.profit.has_value()) {
            return a.profit.has_value();
        }
        if (a.profit && *a.profit != *b.profit) {
            return margin::is_less(*b.profit, *a.profit);
        }
    } else if (a.health != b.health) {
        return a.health < b.health;
    }
    return std::pair(a.wallet, a.place) < std::pair(b.wallet, b.place);
}

/// A value in the market's denominator as dollars, where it is them.
bool counts_in_dollars(const Market& market) {
    const auto answers = market.answers();
    return std::all_of(answers.begin(), answers.end(),
                       [](const margin::OracleAnswer& answer) { return !answer.denominator; });
}

/// The row's legs of one side in an asset in the oracle's own unit, floored as the protocol does.
U256 base_value(const std::vector<margin::OracleAnswer>& answers,
                const std::vector<margin::Leg>& legs, const Address& asset, margin::Side side) {
    const auto answer = std::find_if(
        answers.begin(), answers.end(),
        [&](const margin::OracleAnswer& one) { return one.asset == asset && one.quote; });
    U256 sum = 0;
    for (const margin::Leg& leg : legs) {
        if (answer != answers.end() && leg.asset == asset && leg.side == side && leg.amount) {
            sum += core::mul_div_wide<Rounding::Down>(*leg.amount, answer->quote->answer,
                                                      core::pow10(answer->decimals));
        }
    }
    return sum;
}

std::optional<LiquidationPair> largest(const Market& market, std::size_t row) {
    const auto legs = market.legs(row);
    const auto answers = market.answers();
    std::optional<LiquidationPair> best;
    std::pair<U256, U256> best_values;
    for (const LiquidationPair& pair : market.liquidation_pairs(row)) {
        const std::pair values{base_value(answers, legs, pair.collateral, margin::Side::Collateral),
                               base_value(answers, legs, pair.debt, margin::Side::Debt)};
        // Collateral and debt are each the largest of their side, the first where two are equal.
        const bool is_larger =
            !best || values.first > best_values.first ||
            (values.first == best_values.first && values.second > best_values.second);
        if (is_larger) {
            best = pair;
            best_values = values;
        }
    }
    return best;
}

/// The only pair needs no trial.
std::optional<LiquidationPair> most_profitable(const Market& market, std::size_t row) {
    const auto pairs = market.liquidation_pairs(row);
    if (pairs.size() <= 1) {
        return pairs.empty() ? std::nullopt : std::optional(pairs.front());
    }
    return margin::liquidation_options(market, row, false).front().pair;
}

Rank rank(const State& state, const Place& place, const Playbook& playbook) {
    const Market& market = *state.markets[place.market];
    Rank out{.profit = std::nullopt,
             .health = market.health(place.row).health_factor.value_or(core::Wad()),
             .wallet = market.wallet(place.row),
             .place = place};
    if (playbook.order == Order::MostProfitable) {
        if (const auto pair = choose_pair(market, place.row, playbook.pair)) {
            out.profit = margin::try_liquidation(market, place.row, call_of(*pair)).profit;
        }
    }
    return out;
}

}  // namespace

margin::LiquidationCall call_of(const LiquidationPair& pair) {
    margin::LiquidationCall call;
    call.collateral = pair.collateral;
    call.debt = pair.debt;
    return call;
}

std::vector<Place> in_order(const State& state, std::span<const Place> places,
                            const Playbook& playbook) {
    std::vector<Rank> ranks;
    for (const Place& place : places) {
        ranks.push_back(rank(state, place, playbook));
    }
    std::sort(ranks.begin(), ranks.end(),
              [&](const Rank& a, const Rank& b) { return comes_before(a, b, playbook.order); });
    std::vector<Place> out;
    for (const Rank& one : ranks) {
        out.push_back(one.place);
    }
    return out;
}

std::optional<LiquidationPair> choose_pair(const Market& market, std::size_t row,
                                           PairChoice choice) {
    return choice == PairChoice::Largest ? largest(market, row) : most_profitable(market, row);
}

bool is_paying(const State& state, const Place& place, const margin::LiquidationCall& call,
               const Playbook& playbook) {
    const Market& market = *state.markets[place.market];
    const auto trial = margin::try_liquidation(market, place.row, call);
    if (!trial.outcome) {
        return true;  // the contract's own refusal is what the round records
    }
    State pools;
    for (const auto& venue : state.venues) {
        pools.venues.push_back(venue->fork());
    }
    const U256& seized = trial.outcome->seized;
    const Sale sale =
        sell_seized(pools, playbook, call, seized)
            .value_or(Sale{.asset = call.collateral, .into = call.debt, .unsold = seized});
    const U256 fee = core::percent_mul<Rounding::Up>(trial.outcome->repaid,
                                                     playbook.liquidators.flash_fee.value());
    const auto answers = market.answers();
    const auto got = margin::oracle_value(answers, sale.into, sale.received, Rounding::Down);
    const auto kept = margin::oracle_value(answers, call.collateral, sale.unsold, Rounding::Down);
    const auto paid =
        margin::oracle_value(answers, call.debt, trial.outcome->repaid + fee, Rounding::Up);
    if (!got || !kept || !paid) {
        return true;
    }
    const core::Wad gas = counts_in_dollars(market) ? playbook.liquidators.gas_usd : core::Wad();
    return *got + *kept >= *paid + gas;
}

}  // namespace margrave::cascade
