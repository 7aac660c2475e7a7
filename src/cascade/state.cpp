#include "cascade/state.hpp"

namespace margrave::cascade {

State State::fork() const {
    State out;
    for (const auto& market : markets) {
        out.markets.push_back(market->fork());
    }
    for (const auto& venue : venues) {
        out.venues.push_back(venue->fork());
    }
    return out;
}

margin::Venue* State::find_venue(const core::Address& pool) const {
    for (const auto& venue : venues) {
        if (venue->name().address == pool) {
            return venue.get();
        }
    }
    return nullptr;
}

}  // namespace margrave::cascade
