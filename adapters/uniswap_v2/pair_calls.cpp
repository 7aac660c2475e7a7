#include "adapters/uniswap_v2/contracts.hpp"
#include "adapters/uniswap_v2/pair.hpp"
#include "core/text.hpp"

namespace margrave::adapters::uniswap_v2 {
namespace {

core::Unexpected<margin::Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(margin::Refusal{.reason = reason, .detail = std::move(detail)});
}

core::Bytes encode(const margin::SwapCall& call, const margin::SwapTerms& terms) {
    const Path path{call.sell, call.buy};
    const U256 deadline(terms.deadline.value());
    if (terms.pays_native) {
        return call.exact_out
                   ? SwapCoinForExact::encode(call.amount, path, terms.recipient, deadline)
                   : SwapExactCoin::encode(terms.limit, path, terms.recipient, deadline);
    }
    return call.exact_out
               ? SwapForExactTokens::encode(call.amount, terms.limit, path, terms.recipient,
                                            deadline)
               : SwapExactTokens::encode(call.amount, terms.limit, path, terms.recipient, deadline);
}

}  // namespace

core::Result<margin::ActionCalls, margin::Refusal> PairVenue::calls(
    const margin::SwapCall& call, const margin::SwapTerms& terms) const {
    const auto place = place_of(call.sell, call.buy);
    if (!place) {
        return refuse("unknown_token", to_string(state_.name) + " does not hold both");
    }
    if (call.price_limit) {
        return refuse("price_limit", "a router's limit is an amount, not a price");
    }
    if (!state_.router) {
        return Venue::calls(call, terms);
    }
    const margin::VenueToken& sold = state_.tokens[*place];
    const margin::VenueToken& bought = state_.tokens[1 - *place];
    if (terms.pays_native && !sold.wraps_native) {
        return refuse("not_native", core::printable(sold.symbol) + " does not wrap the coin");
    }
    const U256& sold_max = call.exact_out ? terms.limit : call.amount;
    margin::ActionCalls out;
    out.call.to = *state_.router;
    out.call.data = encode(call, terms);
    out.call.what = "swap " + std::string(call.exact_out ? "at most " : "") +
                    core::to_decimal(sold_max) + " base units of " + core::printable(sold.symbol) +
                    " for " + (call.exact_out ? "" : "at least ") +
                    core::to_decimal(call.exact_out ? call.amount : terms.limit) +
                    " base units of " + core::printable(bought.symbol) + " at " +
                    to_string(state_.name);
    if (terms.pays_native) {
        out.call.value = sold_max;
    } else {
        out.approvals = {{.token = call.sell, .spender = out.call.to, .amount = sold_max}};
    }
    return out;
}

}  // namespace margrave::adapters::uniswap_v2
