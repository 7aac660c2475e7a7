#include "margin/venue.hpp"

#include <algorithm>

namespace margrave::margin {

std::string to_string(const VenueName& name) { return name.kind + " " + name.address.to_string(); }

core::Result<SwapOutcome, Refusal> Venue::quote(const SwapCall& call) const {
    return fork()->swap(call);
}

core::Result<ActionCalls, Refusal> Venue::calls(const SwapCall& /*call*/,
                                                const SwapTerms& /*terms*/) const {
    return core::Unexpected(
        Refusal{.reason = "no_router", .detail = to_string(name()) + " has no router configured"});
}

const VenueToken* Venue::find_token(const core::Address& token) const {
    const auto& all = tokens();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const VenueToken& one) { return one.address == token; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace margrave::margin
