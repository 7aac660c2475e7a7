#include "cascade/outside.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <set>

#include "core/fixed_point.hpp"

namespace margrave::cascade {
namespace {

using boost::multiprecision::cpp_int;
using core::Address;
using core::U512;
using margin::PriceRatio;

/// Any fraction as one of 512 bits: the low bits that do not fit are below 2^-400 of it.
PriceRatio to_ratio(cpp_int numerator, cpp_int denominator) {
    constexpr unsigned kBits = 500;
    const cpp_int& larger = std::max(numerator, denominator);
    const unsigned bits = larger == 0 ? 0 : static_cast<unsigned>(msb(larger)) + 1;
    if (bits > kBits) {
        numerator >>= bits - kBits;
        denominator >>= bits - kBits;
    }
    if (denominator == 0) {
        denominator = 1;
    }
    return {.numerator = U512(numerator), .denominator = U512(denominator)};
}

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

int power_of(const FactorPowers& factors, const std::string& factor, const Address& asset) {
    const auto powers = factors.find(factor);
    if (powers == factors.end()) {
        return 0;
    }
    const auto found = powers->second.find(asset);
    return found == powers->second.end() ? 0 : found->second;
}

}  // namespace

std::vector<Sale> trade_outside(State& state, const Playbook& playbook,
                                const std::vector<FactorMove>& moves) {
    std::vector<Sale> out;
    for (const VenueRule& venue : all_pools(state, playbook)) {
        cpp_int up = 1;
        cpp_int down = 1;
        for (const FactorMove& move : moves) {
            const int power = power_of(playbook.factors, move.factor, venue.asset) -
                              power_of(playbook.factors, move.factor, venue.into);
            for (int i = 0; i < std::abs(power); ++i) {
                up *= cpp_int(power > 0 ? move.multiplier.numerator : move.multiplier.denominator);
                down *=
                    cpp_int(power > 0 ? move.multiplier.denominator : move.multiplier.numerator);
            }
        }
        const margin::Venue* pool = state.find_venue(venue.pool);
        const auto now = pool == nullptr ? std::nullopt : pool->price(venue.asset, venue.into);
        if (up == down || !now) {
            continue;
        }
        out.push_back(
            trade_to(state, venue,
                     to_ratio(cpp_int(now->numerator) * up, cpp_int(now->denominator) * down)));
    }
    return out;
}

OutsidePrices outside_prices(const State& state, const Playbook& playbook) {
    OutsidePrices out;
    for (const VenueRule& venue : all_pools(state, playbook)) {
        const margin::Venue* pool = state.find_venue(venue.pool);
        const auto price = pool == nullptr ? std::nullopt : pool->price(venue.asset, venue.into);
        if (price) {
            out.push_back({.venue = venue, .price = *price});
        }
    }
    return out;
}

void recover(State& state, const OutsidePrices& outside, const Playbook& playbook) {
    const cpp_int whole = 10'000;
    const cpp_int part = std::min(
        cpp_int(playbook.recovery_per_block.value()) * cpp_int(playbook.blocks_per_round), whole);
    if (part == 0) {
        return;
    }
    for (const OutsidePrice& one : outside) {
        const margin::Venue* pool = state.find_venue(one.venue.pool);
        const auto now =
            pool == nullptr ? std::nullopt : pool->price(one.venue.asset, one.venue.into);
        if (!now) {
            continue;
        }
        // now + (outside - now) * part, over one denominator
        const cpp_int inside = cpp_int(now->numerator) * cpp_int(one.price.denominator);
        const cpp_int beyond = cpp_int(one.price.numerator) * cpp_int(now->denominator);
        if (inside == beyond) {
            continue;
        }
        const cpp_int common = cpp_int(now->denominator) * cpp_int(one.price.denominator);
        const cpp_int target = inside * (whole - part) + beyond * part;
        static_cast<void>(trade_to(state, one.venue, to_ratio(target, common * whole)));
    }
}

}  // namespace margrave::cascade
