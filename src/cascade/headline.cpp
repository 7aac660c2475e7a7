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

/// The first move of the grid up to `last` that fails, narrowed to a basis point; then the moves
/// shortly before it, one by one. The search ends at the first move of which nothing is known.
template <class Fails>
Headlines::Found Headlines::first_failing(std::uint32_t last, Fails&& fails) {
    const auto surely = [&](std::uint32_t move) { return fails(move).value_or(false); };
    std::optional<std::uint32_t> found;
    std::uint32_t safe = 0;
    for (std::uint32_t next = 0;; next = std::min(safe + kGridBps, last)) {
        const std::optional<bool> here = fails(next);
        if (!here) {
            return {.bps = std::nullopt, .unknown_from = next};
        }
        if (*here) {
            found = next == 0 ? 0 : narrowed(safe, next, surely);
            break;
        }
        safe = next;
        if (next == last) {
            return {};
        }
    }
    const std::uint32_t before = *found > kNeighbours ? *found - kNeighbours : 1;
    for (std::uint32_t move = before; move < *found; ++move) {
        if (surely(move)) {
            return {.bps = move, .unknown_from = std::nullopt};
        }
    }
    return {.bps = found, .unknown_from = std::nullopt};
}

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
                     .is_settled = outcome.is_settled,
                     .is_known = outcome.unknown_because.empty()};
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            if (call.ok) {
                point.fallen.insert(call.place);
            }
        }
    }
    return points_.emplace(key, std::move(point)).first->second;
}

std::optional<bool> Headlines::falls_alone(const Place& place, const Key& key) {
    auto known = alone_.find(key);
    if (known == alone_.end()) {
        const Outcome shocked = engine_.shock_alone(move_of(key.factor, key.direction, key.bps));
        Alone alone{.fallen = {}, .is_known = shocked.unknown_because.empty()};
        for (const Place& own : own_) {
            if (shocked.end.markets[own.market]->health(own.row).status ==
                margin::Status::Liquidatable) {
                alone.fallen.insert(own);
            }
        }
        known = alone_.emplace(key, std::move(alone)).first;
    }
    return known->second.is_known ? std::optional(known->second.fallen.contains(place))
                                  : std::nullopt;
}

Headlines::Found Headlines::first_alone(const Place& place, const std::string& factor,
                                        Direction direction) {
    return first_failing(most(direction), [&](std::uint32_t bps) {
        return falls_alone(place, {factor, direction, bps});
    });
}

void Headlines::find_cascade(Headline& headline) {
    // Who has fallen has, whatever is unknown behind it.
    const auto falls = [&](std::uint32_t bps) -> std::optional<bool> {
        const SweepPoint& point = at(headline.factor, headline.direction, bps);
        const bool has_fallen = point.fallen.contains(headline.place);
        return has_fallen || point.is_known ? std::optional(has_fallen) : std::nullopt;
    };
    const std::uint32_t last = *headline.naive_bps;
    const Found found = first_failing(last, falls);
    headline.cascade_bps = found.bps;
    if (found.unknown_from) {
        headline.unknown_from_bps = found.unknown_from;
    }
    if (!headline.cascade_bps) {
        return;  // refused, left by liquidators, or unknown
    }
    for (std::uint32_t move = *headline.cascade_bps; move <= last; move += kGridBps) {
        headline.non_monotone = headline.non_monotone || falls(move) == false;
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
    const Found down = first_alone(place, factor, Direction::Down);
    const Found up = first_alone(place, factor, Direction::Up);
    if (!down.bps && !up.bps) {
        out.unknown_from_bps = down.unknown_from;
        return out;
    }
    out.direction = down.bps && (!up.bps || *down.bps <= *up.bps) ? Direction::Down : Direction::Up;
    out.naive_bps = out.direction == Direction::Down ? down.bps : up.bps;
    const Found& other = out.direction == Direction::Down ? up : down;
    if (other.unknown_from && *other.unknown_from < *out.naive_bps) {
        out.unknown_from_bps = other.unknown_from;  // the other side may be nearer
    }
    find_cascade(out);
    return out;
}

}  // namespace margrave::cascade
