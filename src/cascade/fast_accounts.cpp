#include "cascade/fast_accounts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cascade/liquidators.hpp"
#include "core/errors.hpp"

namespace margrave::cascade {
namespace {

using margin::BulkCall;
using margin::BulkLeg;
using margin::BulkOutcome;

/// How far a cushion may be used up before all rows are looked at again.
constexpr double kNearCushion = 1.25;

/// What all cushions may have shrunk by between two sets of answers (margin/crossings.hpp).
double shrinkage(std::span<const double> before, std::span<const double> now) {
    double low = 1;
    double high = 1;
    for (std::size_t i = 0; i < now.size(); ++i) {
        low = std::min(low, now[i] / before[i]);
        high = std::max(high, now[i] / before[i]);
    }
    return high / low;
}

/// Larger first; what has none last.
bool is_better(const std::optional<double>& a, const std::optional<double>& b) {
    return a.has_value() != b.has_value() ? a.has_value() : a && *a > *b;
}

margin::LiquidationOutcome in_units(const FastMarket& market, const BulkOutcome& outcome,
                                    BulkCall call, std::span<const BulkLeg> before,
                                    std::span<const BulkLeg> after) {
    margin::LiquidationOutcome out{.repaid = margin::to_units(outcome.repaid),
                                   .seized = margin::to_units(outcome.seized),
                                   .fee = margin::to_units(outcome.fee),
                                   .bad_debt = 0,
                                   .deficits = {}};
    for (std::size_t i = 0; i < before.size(); ++i) {
        const bool is_repaid = i == call.debt;
        const double gone = before[i].debt - after[i].debt - (is_repaid ? outcome.repaid : 0);
        const core::U256 amount = margin::to_units(gone);
        if (after[i].debt == 0 && amount != 0) {
            const FastMarket::Scale& scale = market.scales()[before[i].asset];
            out.bad_debt = is_repaid ? amount : out.bad_debt;
            out.deficits.push_back(
                {.asset = scale.asset, .symbol = scale.symbol, .amount = amount});
        }
    }
    return out;
}

/// Answers at which everything that the row has is worth `tilt` times as much, and its health is
/// that, too.
std::vector<double> tilted(const std::vector<double>& answers, std::span<const BulkLeg> legs,
                           double tilt) {
    std::vector<double> out = answers;
    for (const BulkLeg& leg : legs) {
        out[leg.asset] = answers[leg.asset] * tilt * (leg.collateral > 0 ? tilt : 1);
    }
    return out;
}

}  // namespace

FastAccounts::FastAccounts(const std::vector<FastMarket>& markets, const Playbook& playbook,
                           double epsilon, Branch branch)
    : markets_(markets),
      playbook_(playbook),
      epsilon_(epsilon),
      tilt_(branch == Branch::Most    ? 1 - epsilon
            : branch == Branch::Least ? 1 + epsilon
                                      : 1),
      sides_(markets.size()) {
    for (std::size_t i = 0; i < markets.size(); ++i) {
        sides_[i].liquidity = markets[i].rules().bulk_liquidity();
        sides_[i].is_changed.resize(markets[i].row_count());
    }
}

FastAccounts::Legs FastAccounts::legs_of(const Place& place) const {
    const Side& side = sides_[place.market];
    const auto row = markets_[place.market].row(place.row);
    return side.is_changed[place.row] ? side.changed.at(place.row) : Legs(row.begin(), row.end());
}

/// Rows that are perhaps not healthy, each once.
const std::vector<std::uint32_t>& FastAccounts::candidates(std::size_t market,
                                                           std::span<const double> answers) {
    Side& side = sides_[market];
    const margin::Book& book = markets_[market].book();
    if (side.reference.empty() ||
        shrinkage(side.reference, answers) * (1 + 2 * epsilon_) >= kNearCushion) {
        side.low.clear();
        for (std::uint32_t row = 0; row < book.row_count(); ++row) {
            if (!markets_[market].row(row).empty() && book.cushion(answers, row) < kNearCushion) {
                side.low.push_back(row);
            }
        }
        side.reference.assign(answers.begin(), answers.end());
    }
    return side.low;
}

std::vector<Place> FastAccounts::eligible(const State& state) {
    std::vector<Place> out;
    for (std::size_t i = 0; i < markets_.size(); ++i) {
        Side& side = sides_[i];
        const FastMarket& market = markets_[i];
        const std::vector<double> book_answers = market.book().answers_of(*state.markets[i]);
        side.answers = market.answers_of(*state.markets[i]);
        for (const std::uint32_t row : candidates(i, book_answers)) {
            const Place place{.market = i, .row = row};
            if (!side.is_changed[row] &&
                market.book().cushion(book_answers, row) >= 1 + 2 * epsilon_) {
                continue;
            }
            const Legs legs = legs_of(place);
            const double health =
                market.rules().bulk_health(legs, tilted(side.answers, legs, tilt_));
            const bool has_collateral = std::any_of(
                legs.begin(), legs.end(), [](const BulkLeg& leg) { return leg.collateral > 0; });
            if (!has_collateral || std::isinf(health)) {
                continue;
            }
            if (is_close(health, 1)) {
                near_.emplace(place, "the health limit");
            }
            if (health < 1) {
                out.push_back(place);
            }
        }
    }
    return out;
}

bool FastAccounts::is_close(double a, double b) const {
    return std::abs(a - b) <= epsilon_ * std::max(std::abs(a), std::abs(b));
}

FastAccounts::Trial FastAccounts::trial(const Place& place, BulkCall call) const {
    const FastMarket& market = markets_[place.market];
    const Side& side = sides_[place.market];
    Legs legs = legs_of(place);
    std::vector<double> liquidity = side.liquidity;
    Trial out{.outcome = market.rules().bulk_liquidate(
                  legs, call, tilted(side.answers, legs, tilt_), liquidity),
              .after = {},
              .profit = std::nullopt};
    const auto value = [&](std::size_t leg, double amount) {
        const std::uint16_t asset = legs[leg].asset;
        return amount * side.answers[asset] * market.scales()[asset].value;
    };
    const double profit =
        value(call.collateral, out.outcome.seized) - value(call.debt, out.outcome.repaid);
    if (out.outcome.refusal == nullptr && !std::isnan(profit)) {
        out.profit = profit;
    }
    out.after = std::move(legs);
    return out;
}

/// By the playbook's rule: the most profitable, or the largest of either side; the first where two
/// are equal.
std::optional<BulkCall> FastAccounts::best_pair(const Place& place) {
    const Legs legs = legs_of(place);
    const Side& side = sides_[place.market];
    const auto base = [&](const BulkLeg& leg, double amount) {
        return amount * side.answers[leg.asset] * markets_[place.market].scales()[leg.asset].base;
    };
    struct Choice {
        BulkCall pair;
        std::optional<double> first;  ///< the larger is taken, then by the second
        double second = 0;
    };
    std::vector<Choice> all;
    for (std::size_t i = 0; i < legs.size(); ++i) {
        for (std::size_t k = 0; k < legs.size(); ++k) {
            if (legs[i].collateral > 0 && legs[k].debt > 0) {
                all.push_back({.pair = {.collateral = i, .debt = k}, .first = 0});
            }
        }
    }
    if (all.size() > 1) {
        for (Choice& one : all) {
            if (playbook_.pair == PairChoice::Largest) {
                const BulkLeg& held = legs[one.pair.collateral];
                const BulkLeg& owed = legs[one.pair.debt];
                one.first = std::floor(base(held, held.collateral));
                one.second = std::floor(base(owed, owed.debt));
            } else {
                one.first = trial(place, one.pair).profit;
            }
        }
    }
    if (all.empty()) {
        return std::nullopt;
    }
    const Choice* best = &all.front();
    for (const Choice& one : all) {
        const bool is_equal = one.first == best->first;
        if (is_better(one.first, best->first) || (is_equal && one.second > best->second)) {
            best = &one;
        }
    }
    for (const Choice& one : all) {
        const bool is_tie = &one != best && one.first && best->first &&
                            is_close(*one.first, *best->first) &&
                            is_close(one.second, best->second);
        if (is_tie) {
            near_.emplace(place, "two pairs of equal worth");
        }
    }
    return best->pair;
}

std::vector<Place> FastAccounts::in_order(const State& /*state*/,
                                          const std::vector<Place>& places) {
    struct Rank {
        std::optional<double> profit;
        double health = 0;
        core::Address wallet;
        Place place;
    };
    std::vector<Rank> ranks;
    for (const Place& place : places) {
        const FastMarket& market = markets_[place.market];
        Rank rank{
            .profit = std::nullopt, .wallet = market.market().wallet(place.row), .place = place};
        if (playbook_.order == Order::MostProfitable) {
            if (const auto pair = best_pair(place)) {
                rank.profit = trial(place, *pair).profit;
            }
        } else {
            rank.health = market.rules().bulk_health(legs_of(place), sides_[place.market].answers);
        }
        ranks.push_back(rank);
    }
    std::sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
        if (a.profit != b.profit) {
            return is_better(a.profit, b.profit);
        }
        if (a.health != b.health) {
            return a.health < b.health;
        }
        return std::pair(a.wallet, a.place) < std::pair(b.wallet, b.place);
    });
    std::vector<Place> out;
    for (const Rank& rank : ranks) {
        out.push_back(rank.place);
    }
    // Who comes first decides what the other's sale fetches, or whether there is a call left. Where
    // all is the same, two accounts are alike, and the wallet decides for both engines.
    const auto are_hard_to_tell = [&](double x, double y) { return x != y && is_close(x, y); };
    for (std::size_t i = 1; i < ranks.size(); ++i) {
        const Rank& last = ranks[i - 1];
        const bool is_tie =
            playbook_.order == Order::MostProfitable
                ? ranks[i].profit && last.profit && are_hard_to_tell(*ranks[i].profit, *last.profit)
                : are_hard_to_tell(ranks[i].health, last.health);
        if (is_tie) {
            near_.emplace(ranks[i].place, "its place in the order");
        }
    }
    return out;
}

std::optional<margin::LiquidationPair> FastAccounts::choose_pair(const State& /*state*/,
                                                                 const Place& place) {
    const auto pair = best_pair(place);
    if (!pair) {
        return std::nullopt;
    }
    const Legs legs = legs_of(place);
    const auto& scales = markets_[place.market].scales();
    const FastMarket::Scale& held = scales[legs[pair->collateral].asset];
    const FastMarket::Scale& owed = scales[legs[pair->debt].asset];
    return margin::LiquidationPair{.collateral = held.asset,
                                   .collateral_symbol = held.symbol,
                                   .debt = owed.asset,
                                   .debt_symbol = owed.symbol};
}

BulkCall FastAccounts::find_legs(const Place& place, const margin::LiquidationCall& call) const {
    const Legs legs = legs_of(place);
    const auto& scales = markets_[place.market].scales();
    const auto place_of = [&](const core::Address& asset) {
        return static_cast<std::size_t>(
            std::find_if(legs.begin(), legs.end(),
                         [&](const BulkLeg& leg) { return scales[leg.asset].asset == asset; }) -
            legs.begin());
    };
    BulkCall out{.collateral = place_of(call.collateral), .debt = place_of(call.debt)};
    if (call.repay) {
        out.repay = call.repay->convert_to<double>();
    }
    return out;
}

core::Result<margin::LiquidationOutcome, margin::Refusal> FastAccounts::tried(
    const State& /*state*/, const Place& place, const margin::LiquidationCall& call) {
    const BulkCall legs = find_legs(place, call);
    const Trial tried = trial(place, legs);
    if (tried.outcome.refusal != nullptr) {
        return core::Unexpected(margin::Refusal{.reason = tried.outcome.refusal, .detail = ""});
    }
    return in_units(markets_[place.market], tried.outcome, legs, legs_of(place), tried.after);
}

bool FastAccounts::is_paying(const State& state, const Place& place,
                             const margin::LiquidationCall& call) {
    const auto outcome = tried(state, place, call);
    if (!outcome) {
        return true;  // the contract's own refusal is what the round records
    }
    const auto known = payoff(state, *state.markets[place.market], call, *outcome, playbook_);
    if (!known) {
        return true;
    }
    const auto gain = known->gain.value().convert_to<double>();
    const auto cost = known->cost.value().convert_to<double>();
    if (is_close(gain, cost)) {
        near_.emplace(place, "what a liquidator earns");
    }
    return gain >= cost;
}

/// The protocol's own limits of size show where the call comes out otherwise when everything is
/// worth a little less or more.
void FastAccounts::note_near_rule(const Place& place, BulkCall call, const Trial& done) {
    const Side& side = sides_[place.market];
    constexpr double kMore = 10;  // than epsilon itself moves an amount
    for (const double tilt : {1 - epsilon_, 1 + epsilon_}) {
        Legs legs = legs_of(place);
        std::vector<double> liquidity = side.liquidity;
        const BulkOutcome other = markets_[place.market].rules().bulk_liquidate(
            legs, call, tilted(side.answers, legs, tilt), liquidity);
        const bool is_same = (other.refusal == nullptr) == (done.outcome.refusal == nullptr) &&
                             std::abs(other.repaid - done.outcome.repaid) <=
                                 kMore * epsilon_ * done.outcome.repaid + 1 &&
                             std::abs(other.seized - done.outcome.seized) <=
                                 kMore * epsilon_ * done.outcome.seized + 1;
        if (!is_same) {
            near_.emplace(place, "a limit of the size of a call");
        }
    }
}

core::Result<margin::LiquidationOutcome, margin::Refusal> FastAccounts::liquidate(
    State& /*state*/, const Place& place, const margin::LiquidationCall& call) {
    Side& side = sides_[place.market];
    const FastMarket& market = markets_[place.market];
    const BulkCall at = find_legs(place, call);
    note_near_rule(place, at, trial(place, at));
    const Legs before = legs_of(place);
    Legs legs = before;
    const BulkOutcome done =
        market.rules().bulk_liquidate(legs, at, tilted(side.answers, legs, tilt_), side.liquidity);
    if (done.refusal != nullptr) {
        return core::Unexpected(margin::Refusal{.reason = done.refusal, .detail = ""});
    }
    const auto out = in_units(market, done, at, before, legs);
    side.changed[place.row] = std::move(legs);
    side.is_changed[place.row] = true;
    return out;
}

void FastAccounts::accrued(const State& /*state*/) {
    core::ensure(false, "a playbook that accrues is the exact engine's");
}

}  // namespace margrave::cascade
