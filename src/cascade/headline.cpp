#include "cascade/headline.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace margrave::cascade {
namespace {

constexpr std::uint32_t kWhole = 10'000;

std::uint32_t most(Direction direction) {
    return direction == Direction::Down ? kFallBpsMax : kRiseBpsMax;
}

/// The smallest move in (safe, failing] that fails, where `fails` is taken to change once.
template <class Fails>
std::uint32_t narrowed(std::uint32_t safe, std::uint32_t failing, Fails&& fails) {
    while (failing - safe > 1) {
        const std::uint32_t middle = safe + (failing - safe) / 2;
        (fails(middle) ? failing : safe) = middle;
    }
    return failing;
}

/// The first move of the grid up to `last` that fails, narrowed to a basis point; then the moves
/// shortly before it, one by one.
template <class Fails>
std::optional<std::uint32_t> first_failing(std::uint32_t last, Fails&& fails) {
    if (fails(0)) {
        return 0;
    }
    std::uint32_t safe = 0;
    std::optional<std::uint32_t> found;
    while (!found && safe < last) {
        const std::uint32_t next = std::min(safe + kGridBps, last);
        if (fails(next)) {
            found = narrowed(safe, next, fails);
        }
        safe = next;
    }
    if (found) {
        const std::uint32_t before = *found > kNeighbours ? *found - kNeighbours : 1;
        for (std::uint32_t move = before; move < *found; ++move) {
            if (fails(move)) {
                return move;
            }
        }
    }
    return found;
}

/// The account's own answer that moved most with the factor: how far it went, over today's.
std::optional<double> inside_move(const ExactEngine& engine, const Outcome& outcome,
                                  const Place& place, const std::string& factor) {
    const auto powers = engine.playbook().factors.find(factor);
    const auto fell_in = outcome.round_of(place);
    if (powers == engine.playbook().factors.end() || !fell_in) {
        return std::nullopt;
    }
    std::optional<double> most_moved;
    const margin::Market& market = *engine.begin().markets[place.market];
    const auto legs = market.legs(place.row);
    for (const margin::OracleAnswer& today : market.answers()) {
        const bool is_held = std::any_of(legs.begin(), legs.end(), [&](const margin::Leg& leg) {
            return leg.asset == today.asset;
        });
        if (!is_held || !today.quote || !powers->second.contains(today.asset)) {
            continue;
        }
        core::U256 answer = today.quote->answer;
        const auto follow = [&](const std::vector<PriceChange>& changes) {
            for (const PriceChange& change : changes) {
                if (change.market == place.market && change.asset == today.asset) {
                    answer = change.answer;
                }
            }
        };
        follow(outcome.shock_prices);
        for (const Round& round : outcome.rounds) {
            if (round.number < *fell_in) {
                follow(round.prices);
            }
        }
        const double moved =
            answer.convert_to<double>() / today.quote->answer.convert_to<double>() - 1;
        if (!most_moved || std::abs(moved) > std::abs(*most_moved)) {
            most_moved = moved;
        }
    }
    return most_moved;
}

}  // namespace

Shock move_of(const std::string& factor, Direction direction, std::uint32_t bps) {
    if (bps == 0) {
        return {};
    }
    const core::U256 moved =
        direction == Direction::Down ? core::U256(kWhole - bps) : core::U256(kWhole + bps);
    return {.sales = {},
            .moves = {{.factor = factor,
                       .multiplier = {.numerator = moved, .denominator = core::U256(kWhole)}}}};
}

const SweepPoint& Headlines::at(const std::string& factor, Direction direction, std::uint32_t bps) {
    const Key key{factor, direction, bps};
    const auto known = points_.find(key);
    if (known != points_.end()) {
        return known->second;
    }
    const Outcome outcome = engine_.run(move_of(factor, direction, bps));
    SweepPoint point{.move_bps = bps,
                     .fallen = {},
                     .liquidations = outcome.liquidations(),
                     .rounds = outcome.rounds.size(),
                     .is_settled = outcome.is_settled};
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            if (call.ok) {
                point.fallen.insert(call.place);
            }
        }
    }
    return points_.emplace(key, std::move(point)).first->second;
}

bool Headlines::falls_alone(const Place& place, const Key& key) {
    auto known = alone_.find(key);
    if (known == alone_.end()) {
        const State state = engine_.shocked(move_of(key.factor, key.direction, key.bps));
        std::set<Place> fallen;
        for (const Place& own : own_) {
            if (state.markets[own.market]->health(own.row).status == margin::Status::Liquidatable) {
                fallen.insert(own);
            }
        }
        known = alone_.emplace(key, std::move(fallen)).first;
    }
    return known->second.contains(place);
}

std::optional<std::uint32_t> Headlines::first_alone(const Place& place, const std::string& factor,
                                                    Direction direction) {
    return first_failing(most(direction), [&](std::uint32_t bps) {
        return falls_alone(place, {factor, direction, bps});
    });
}

void Headlines::find_cascade(Headline& headline) {
    const auto falls = [&](std::uint32_t bps) {
        return at(headline.factor, headline.direction, bps).fallen.contains(headline.place);
    };
    const std::uint32_t last = *headline.naive_bps;
    headline.cascade_bps = first_failing(last, falls);
    if (!headline.cascade_bps) {
        return;  // refused, or left by liquidators
    }
    for (std::uint32_t move = *headline.cascade_bps; move <= last; move += kGridBps) {
        headline.non_monotone = headline.non_monotone || !falls(move);
    }
    headline.at_fall =
        engine_.run(move_of(headline.factor, headline.direction, *headline.cascade_bps));
    const auto inside = inside_move(engine_, *headline.at_fall, headline.place, headline.factor);
    if (inside && *headline.cascade_bps != 0) {
        const double outside = static_cast<double>(*headline.cascade_bps) / kWhole;
        headline.amplification = std::abs(*inside) / outside;
    }
}

Headline Headlines::find(const Place& place, const std::string& factor) {
    Headline out{.place = place, .factor = factor};
    const auto down = first_alone(place, factor, Direction::Down);
    const auto up = first_alone(place, factor, Direction::Up);
    if (!down && !up) {
        return out;
    }
    out.direction = down && (!up || *down <= *up) ? Direction::Down : Direction::Up;
    out.naive_bps = out.direction == Direction::Down ? down : up;
    find_cascade(out);
    return out;
}

}  // namespace margrave::cascade
