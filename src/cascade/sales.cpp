#include "cascade/sales.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "cascade/fraction.hpp"
#include "core/errors.hpp"
#include "margin/price_limit.hpp"

namespace margrave::cascade {

bool Sale::is_unknown() const { return refusal == kNotRead || refusal == "beyond_band"; }

namespace {

using core::Address;
using core::U256;
using margin::PriceRatio;

/// More than any pool's own counters hold, and no more than the pools' signed amounts allow.
U256 everything() {
    constexpr unsigned kBits = 127;
    return (U256(1) << kBits) - 1;
}

/// One swap in one pool; adds what moved to the sale and returns what is left of the amount.
U256 swap_into(margin::Venue& venue, const margin::SwapCall& call, Sale& sale) {
    if (call.amount == 0) {
        return 0;
    }
    const auto outcome = venue.swap(call);
    if (!outcome) {
        sale.refusal = outcome.error().reason;
        return call.amount;
    }
    if (outcome->sold == 0) {
        return call.amount;
    }
    sale.received += outcome->bought;
    sale.amount += outcome->sold;
    if (std::find(sale.pools.begin(), sale.pools.end(), venue.name().address) == sale.pools.end()) {
        sale.pools.push_back(venue.name().address);
    }
    return U256(call.amount - outcome->sold);
}

/// The pools of a hop that were read.
std::vector<margin::Venue*> pools_of(const State& state, const Hop& hop) {
    std::vector<margin::Venue*> out;
    for (const Address& pool : hop.pools) {
        if (margin::Venue* venue = state.find_venue(pool)) {
            out.push_back(venue);
        }
    }
    return out;
}

/// The pool that pays best for a little more.
margin::Venue* best_pool(const std::vector<margin::Venue*>& pools, const Hop& hop) {
    margin::Venue* best = nullptr;
    std::optional<PriceRatio> best_price;
    for (margin::Venue* pool : pools) {
        const auto price = pool->price(hop.sell, hop.buy);
        if (price && (!best_price || !margin::is_at_least(*best_price, *price))) {
            best = pool;
            best_price = price;
        }
    }
    return best;
}

/// How much all pools take together until each one's price is at `limit`.
U256 taken_until(const std::vector<margin::Venue*>& pools, const Hop& hop, const U256& amount,
                 const PriceRatio& limit) {
    U256 taken = 0;
    for (const margin::Venue* pool : pools) {
        const auto quote =
            pool->quote({.sell = hop.sell, .buy = hop.buy, .amount = amount, .price_limit = limit});
        taken += quote ? quote->sold : U256(0);
    }
    return taken;
}

/// Fills several pools to the lowest common price at which they do not take more than the amount
/// together; returns what is left of it.
U256 fill_alike(const std::vector<margin::Venue*>& pools, const Hop& hop, const U256& amount,
                Sale& sale) {
    const margin::Venue* best = best_pool(pools, hop);
    const auto top = best == nullptr ? std::nullopt : best->price(hop.sell, hop.buy);
    if (!top) {
        return amount;
    }
    static constexpr std::uint64_t kWhole = std::uint64_t{1} << 40U;
    const auto limit_at = [price = to_fraction(*top)](std::uint64_t part) {
        return to_ratio(price * Fraction(part, kWhole));
    };
    std::uint64_t enough = kWhole;  // at the best price nothing is sold
    std::uint64_t below = 0;
    while (enough - below > 1) {
        const std::uint64_t middle = (enough + below) / 2;
        const bool fits = taken_until(pools, hop, amount, limit_at(middle)) <= amount;
        (fits ? enough : below) = middle;
    }
    U256 left = amount;
    for (margin::Venue* pool : pools) {
        left = swap_into(
            *pool,
            {.sell = hop.sell, .buy = hop.buy, .amount = left, .price_limit = limit_at(enough)},
            sale);
    }
    return left;
}

/// The little that filling alike leaves goes to the pool that then pays best.
Sale sell_hop(State& state, const Hop& hop, const U256& amount) {
    Sale sale{.asset = hop.sell, .into = hop.buy};
    const std::vector<margin::Venue*> pools = pools_of(state, hop);
    if (pools.size() < hop.pools.size()) {
        sale.refusal = kNotRead;
    }
    U256 left = pools.size() > 1 ? fill_alike(pools, hop, amount, sale) : amount;
    if (margin::Venue* best = best_pool(pools, hop)) {
        left = swap_into(
            *best, {.sell = hop.sell, .buy = hop.buy, .amount = left, .price_limit = {}}, sale);
    } else if (left > 0 && sale.refusal.empty()) {
        sale.refusal = "no_liquidity";
    }
    sale.unsold = left;
    return sale;
}

Hop hop_of(const std::vector<VenueRule>& venues, const Address& sell, const Address& buy) {
    Hop hop{.sell = sell, .buy = buy, .pools = {}};
    for (const VenueRule& venue : venues) {
        const bool joins = (venue.asset == sell && venue.into == buy) ||
                           (venue.asset == buy && venue.into == sell);
        if (joins && std::find(hop.pools.begin(), hop.pools.end(), venue.pool) == hop.pools.end()) {
            hop.pools.push_back(venue.pool);
        }
    }
    return hop;
}

}  // namespace

std::vector<Hop> find_way(const std::vector<VenueRule>& venues, const Address& from,
                          const Address& to) {
    std::map<Address, Address> came_from{{from, from}};
    std::deque<Address> open{from};
    while (!open.empty() && !came_from.contains(to)) {
        const Address at = open.front();
        open.pop_front();
        for (const VenueRule& venue : venues) {
            for (const auto& [here, there] :
                 {std::pair(venue.asset, venue.into), std::pair(venue.into, venue.asset)}) {
                if (here == at && came_from.emplace(there, at).second) {
                    open.push_back(there);
                }
            }
        }
    }
    std::vector<Hop> way;
    if (from == to || !came_from.contains(to)) {
        return way;
    }
    for (Address at = to; at != from; at = came_from.at(at)) {
        way.insert(way.begin(), hop_of(venues, came_from.at(at), at));
    }
    return way;
}

Sale sell_along(State& state, const std::vector<Hop>& way, const Lot& lot) {
    core::ensure(!way.empty() && lot.divisor != 0, "a sale has a way to go, and depth on it");
    Sale whole{.asset = way.front().sell, .into = way.back().buy};
    U256 carried = lot.amount * lot.divisor;
    for (const Hop& hop : way) {
        const Sale part = sell_hop(state, hop, carried);
        if (&hop == &way.front()) {
            whole.amount = part.amount;
            whole.unsold = part.unsold;
        }
        if (!part.refusal.empty()) {
            whole.refusal = part.refusal;
        }
        whole.pools.insert(whole.pools.end(), part.pools.begin(), part.pools.end());
        carried = part.received;
    }
    whole.received = carried / lot.divisor;
    whole.unsold = whole.unsold / lot.divisor;
    whole.amount = lot.amount - whole.unsold;
    return whole;
}

Sale sell_at_venue(State& state, const std::vector<VenueRule>& venues, const Address& asset,
                   const Lot& lot) {
    const auto own = std::find_if(venues.begin(), venues.end(),
                                  [&](const VenueRule& venue) { return venue.asset == asset; });
    if (own == venues.end()) {
        return {.asset = asset, .into = asset, .unsold = lot.amount};
    }
    return sell_along(state, {hop_of(venues, asset, own->into)}, lot);
}

std::optional<Sale> sell_seized(State& state, const Playbook& playbook,
                                const margin::LiquidationCall& call, const U256& amount) {
    if (playbook.selling == Selling::Keep || call.collateral == call.debt || amount == 0) {
        return std::nullopt;
    }
    const Lot lot{.amount = amount, .divisor = playbook.depth_divisor};
    const auto way = playbook.selling == Selling::ToDebt
                         ? find_way(playbook.venues, call.collateral, call.debt)
                         : std::vector<Hop>{};
    const Sale sale = way.empty() ? sell_at_venue(state, playbook.venues, call.collateral, lot)
                                  : sell_along(state, way, lot);
    return sale.amount == 0 && sale.refusal.empty() ? std::nullopt : std::optional(sale);
}

Sale trade_to(State& state, const VenueRule& venue, const PriceRatio& target) {
    Sale sale{.asset = venue.asset, .into = venue.into};
    margin::Venue* pool = state.find_venue(venue.pool);
    const auto now = pool == nullptr ? std::nullopt : pool->price(venue.asset, venue.into);
    if (!now) {
        sale.refusal = pool == nullptr ? kNotRead : "no_liquidity";
        return sale;
    }
    const bool falls = margin::is_at_least(*now, target);
    const PriceRatio inverse{.numerator = target.denominator, .denominator = target.numerator};
    margin::SwapCall call{.sell = falls ? venue.asset : venue.into,
                          .buy = falls ? venue.into : venue.asset,
                          .amount = everything(),
                          .price_limit = falls ? target : inverse};
    sale.asset = call.sell;
    sale.into = call.buy;
    static_cast<void>(swap_into(*pool, call, sale));
    return sale;
}

}  // namespace margrave::cascade
