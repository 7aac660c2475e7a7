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
std::optional<double> inside_move(const Engine& engine, const Outcome& outcome, const Place& place,
                                  const std::string& factor) {
    const auto fell_in = outcome.round_of(place);
    if (!fell_in) {
        return std::nullopt;
    }
    std::optional<double> most_moved;
    const margin::Market& market = *engine.begin().markets[place.market];
    const auto legs = market.legs(place.row);
    for (const margin::OracleAnswer& today : market.answers()) {
        const bool is_held = std::any_of(legs.begin(), legs.end(), [&](const margin::Leg& leg) {
            return leg.asset == today.asset;
        });
        if (!is_held || !today.quote ||
            engine.playbook().factors.of(factor, market.name().protocol, today.asset) == 0) {
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

std::string first_of(const std::vector<std::string>& reasons) {
    return reasons.empty() ? "" : reasons.front();
}

/// The nearest of what is unknown.
void take_unknown(const std::optional<std::uint32_t>& from, const std::string& because,
                  Headline& headline) {
    if (from && (!headline.unknown_from_bps || *from < *headline.unknown_from_bps)) {
        headline.unknown_from_bps = from;
        headline.unknown_because = because;
    }
}

}  // namespace

/// The first move of the grid up to `last` that fails, narrowed to a basis point; then the moves
/// shortly before it, one by one. The search ends at the first move of which nothing is known.
template <class Fails>
Headlines::Found Headlines::first_failing(std::uint32_t last, Fails&& fails) {
    const auto surely = [&](std::uint32_t move) { return fails(move).falls; };
    Found out;
    std::uint32_t safe = 0;
    for (std::uint32_t next = 0; !out.bps; next = std::min(safe + kGridBps, last)) {
        const Fall here = fails(next);
        if (here.falls) {
            out.bps = next == 0 ? 0 : narrowed(safe, next, surely);
        } else if (!here.unknown_because.empty()) {
            out.unknown_from = next;
            out.unknown_because = here.unknown_because;
            return out;
        } else if (next == last) {
            return out;
        }
        safe = next;
    }
    const std::uint32_t before = *out.bps > kNeighbours ? *out.bps - kNeighbours : 1;
    for (std::uint32_t move = before; move < *out.bps; ++move) {
        if (surely(move)) {
            out.bps = move;
        }
    }
    return out;
}

Shock move_of(const std::string& factor, Direction direction, std::uint32_t bps) {
    if (bps == 0) {
        return {};
    }
    const std::uint32_t left = direction == Direction::Down ? kWhole - bps : kWhole + bps;
    return {.sales = {}, .moves = {{.factor = factor, .multiplier = Fraction(left, kWhole)}}};
}

const SweepPoint& Headlines::at(const std::string& factor, Direction direction, std::uint32_t bps) {
    const Key key{factor, direction, bps};
    const auto known = points_.find(key);
    if (known != points_.end()) {
        return known->second;
    }
    const Outcome outcome = engine_.run(move_of(factor, direction, bps));
    SweepPoint point{.move_bps = bps,
                     .fallen = outcome.fallen(),
                     .liquidations = outcome.liquidations(),
                     .rounds = outcome.rounds.size(),
                     .unknown_because = first_of(outcome.unknown_because)};
    return points_.emplace(key, std::move(point)).first->second;
}

const Headlines::Fall& Headlines::falls_alone(const Place& place, const Key& key) {
    auto known = alone_.find(key);
    if (known == alone_.end()) {
        const Outcome shocked = engine_.shock_alone(move_of(key.factor, key.direction, key.bps));
        std::map<Place, Fall> falls;
        for (const Place& own : own_) {
            const margin::Health health = shocked.end.markets[own.market]->health(own.row);
            Fall& fall = falls[own];
            fall.unknown_because = first_of(shocked.unknown_because);
            if (fall.unknown_because.empty()) {
                fall.falls = health.status == margin::Status::Liquidatable;
                fall.unknown_because = health.unknown_because;
            }
        }
        known = alone_.emplace(key, std::move(falls)).first;
    }
    return known->second.at(place);
}

Headlines::Found Headlines::first_alone(const Place& place, const std::string& factor,
                                        Direction direction) {
    return first_failing(most(direction), [&](std::uint32_t bps) -> Fall {
        return falls_alone(place, {factor, direction, bps});
    });
}

void Headlines::find_cascade(Headline& headline) {
    // Who has fallen has, whatever is unknown behind it.
    const auto falls = [&](std::uint32_t bps) -> Fall {
        const SweepPoint& point = at(headline.factor, headline.direction, bps);
        const bool has_fallen = point.fallen.contains(headline.place);
        return {.falls = has_fallen, .unknown_because = has_fallen ? "" : point.unknown_because};
    };
    const std::uint32_t last = *headline.naive_bps;
    const Found found = first_failing(last, falls);
    headline.cascade_bps = found.bps;
    take_unknown(found.unknown_from, found.unknown_because, headline);
    if (!headline.cascade_bps) {
        return;  // refused, left by liquidators, or unknown
    }
    for (std::uint32_t move = *headline.cascade_bps; move <= last; move += kGridBps) {
        const Fall there = falls(move);
        headline.non_monotone |= !there.falls && there.unknown_because.empty();
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
    if (down.bps || up.bps) {
        const bool is_down = down.bps && (!up.bps || *down.bps <= *up.bps);
        out.direction = is_down ? Direction::Down : Direction::Up;
        out.naive_bps = is_down ? down.bps : up.bps;
    }
    // On a side of which nothing is known from nearer on, the account may fall before.
    for (const Found& side : {down, up}) {
        if (side.unknown_from && (!out.naive_bps || *side.unknown_from < *out.naive_bps)) {
            take_unknown(side.unknown_from, side.unknown_because, out);
        }
    }
    if (out.naive_bps) {
        find_cascade(out);
    }
    return out;
}

}  // namespace margrave::cascade
