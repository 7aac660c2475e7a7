#include "cascade/outside.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

#include "cascade/assumed_curve.hpp"
#include "cascade/fraction.hpp"

namespace margrave::cascade {
namespace {

using core::Address;

/// Every pool once, the playbook's venues first; what only an oracle looks at too.
std::vector<VenueRule> all_pools(const State& state, const Playbook& playbook) {
    std::vector<VenueRule> out;
    std::set<Address> seen;
    for (const VenueRule& venue : playbook.venues) {
        if (seen.insert(venue.pool).second) {
            out.push_back(venue);
        }
    }
    for (const OracleRule& rule : playbook.oracles) {
        const margin::Venue* venue = rule.pool ? state.find_venue(*rule.pool) : nullptr;
        if (venue == nullptr || venue->tokens().size() != 2 || !seen.insert(*rule.pool).second) {
            continue;
        }
        const auto& tokens = venue->tokens();
        const bool is_first = tokens[0].address == rule.asset;
        out.push_back({.asset = rule.asset,
                       .into = is_first ? tokens[1].address : tokens[0].address,
                       .pool = *rule.pool});
    }
    return out;
}

/// nullopt where the pool was not read, or has no price.
std::optional<Fraction> price_at(const State& state, const VenueRule& venue) {
    const margin::Venue* pool = state.find_venue(venue.pool);
    const auto price = pool == nullptr ? std::nullopt : pool->price(venue.asset, venue.into);
    return price ? std::optional(to_fraction(*price)) : std::nullopt;
}

}  // namespace

std::vector<Sale> trade_outside(State& state, const Playbook& playbook,
                                const std::vector<FactorMove>& moves, OutsidePrices& outside) {
    std::vector<Sale> out;
    for (const VenueRule& venue : all_pools(state, playbook)) {
        Fraction moved = 1;
        for (const FactorMove& move : moves) {
            const int power = playbook.factors.of(move.factor, "", venue.asset) -
                              playbook.factors.of(move.factor, "", venue.into);
            moved *= to_power(move.multiplier, power);
        }
        if (moved == 1) {
            continue;
        }
        const auto price =
            std::find_if(outside.begin(), outside.end(),
                         [&](const OutsidePrice& one) { return one.venue.pool == venue.pool; });
        if (price == outside.end()) {
            out.push_back({.asset = venue.asset, .into = venue.into, .refusal = kNotRead});
            continue;
        }
        price->price *= moved;
        if (auto* curve = dynamic_cast<AssumedCurve*>(state.find_venue(venue.pool))) {
            curve->move(moved);
            continue;
        }
        out.push_back(trade_to(state, venue, to_ratio(price->price)));
    }
    return out;
}

OutsidePrices outside_prices(const State& state, const Playbook& playbook) {
    OutsidePrices out;
    for (const VenueRule& venue : all_pools(state, playbook)) {
        if (const auto price = price_at(state, venue)) {
            out.push_back({.venue = venue, .price = *price});
        }
    }
    return out;
}

std::vector<Sale> recover(State& state, const OutsidePrices& outside, const Playbook& playbook,
                          std::uint64_t blocks) {
    constexpr std::uint64_t kWholeBps = 10'000;
    const Fraction pull = std::min(
        Fraction(1), Fraction(playbook.recovery_per_block.value(), kWholeBps) * Fraction(blocks));
    std::vector<Sale> out;
    for (const OutsidePrice& one : outside) {
        const auto now = price_at(state, one.venue);
        if (now && *now != one.price && pull != 0) {
            const Fraction target = *now + (one.price - *now) * pull;
            out.push_back(trade_to(state, one.venue, to_ratio(target)));
        }
    }
    return out;
}

}  // namespace margrave::cascade
