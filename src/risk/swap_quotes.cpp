#include "risk/swap_quotes.hpp"

#include <algorithm>

namespace margrave::risk {
namespace {

using core::U256;
using margin::SwapCall;
using margin::Venue;

/// The pool's own name for a token: of the chain's coin the token that wraps it.
const margin::VenueToken* find(const Venue& venue, const Token& token) {
    if (token.address) {
        return venue.find_token(*token.address);
    }
    const auto& all = venue.tokens();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [](const margin::VenueToken& one) { return one.wraps_native; });
    return found == all.end() ? nullptr : &*found;
}

/// nullopt when the pool does not hold both, or holds them as one.
std::optional<SwapCall> call_of(const Venue& venue, const Token& from, const Token& to) {
    const auto* sold = find(venue, from);
    const auto* bought = find(venue, to);
    // What is bought is never the coin itself: the pool pays out the token that wraps it.
    if (sold == nullptr || bought == nullptr || sold == bought || !to.address) {
        return std::nullopt;
    }
    return SwapCall{.sell = sold->address,
                    .buy = bought->address,
                    .amount = 0,
                    .exact_out = false,
                    .price_limit = std::nullopt};
}

/// What a whole swap moves; nullopt when the pool refuses it or fills a part only.
std::optional<margin::SwapOutcome> quote_whole(const Venue& venue, const SwapCall& call) {
    const auto quoted = venue.quote(call);
    return quoted && quoted->unfilled == 0 ? std::optional(*quoted) : std::nullopt;
}

/// What the most of the funds that the pool takes buys; 0 when it takes none.
U256 most_bought(const Venue& venue, SwapCall call, const U256& funds) {
    const auto bought = [&](const U256& amount) {
        call.amount = amount;
        return quote_whole(venue, call);
    };
    if (funds == 0) {
        return 0;
    }
    if (const auto all = bought(funds)) {
        return all->bought;
    }
    // Halving between what is taken and what is not, to a millionth of the funds.
    constexpr unsigned kHalvings = 20;
    U256 taken = 0;
    U256 refused = funds;
    U256 best = 0;
    for (unsigned i = 0; i < kHalvings && refused - taken > 1; ++i) {
        const U256 middle = taken + (refused - taken) / 2;
        if (const auto some = bought(middle)) {
            taken = middle;
            best = some->bought;
        } else {
            refused = middle;
        }
    }
    return best;
}

}  // namespace

SwapQuotes::SwapQuotes(const snapshot::Snapshot& snapshot, const std::string& chain) {
    for (const auto& venue : snapshot.venues) {
        if (venue->name().chain == chain) {
            venues_.push_back(venue.get());
        }
    }
}

bool SwapQuotes::serves(const Token& from, const Token& to) const {
    return std::any_of(venues_.begin(), venues_.end(),
                       [&](const Venue* venue) { return call_of(*venue, from, to).has_value(); });
}

std::optional<SwapQuote> SwapQuotes::buy(const Token& from, const Token& to,
                                         const U256& amount) const {
    const auto [slot, is_new] = bought_.try_emplace({from.address, to.address, amount});
    if (!is_new) {
        return slot->second;
    }
    std::optional<SwapQuote>& best = slot->second;
    for (const Venue* venue : venues_) {
        auto call = call_of(*venue, from, to);
        if (!call) {
            continue;
        }
        call->amount = amount;
        call->exact_out = true;
        const auto quoted = quote_whole(*venue, *call);
        if (quoted && (!best || quoted->sold < best->sold)) {
            best = SwapQuote{
                .venue = venue, .call = *call, .pays_native = !from.address, .sold = quoted->sold};
        }
    }
    return best;
}

U256 SwapQuotes::bought_with(const Token& from, const U256& funds, const Token& to) const {
    U256 best = 0;
    for (const Venue* venue : venues_) {
        if (const auto call = call_of(*venue, from, to)) {
            best = std::max(best, most_bought(*venue, *call, funds));
        }
    }
    return best;
}

}  // namespace margrave::risk
