#include "adapters/uniswap_v3/contracts.hpp"
#include "adapters/uniswap_v3/pool_venue.hpp"
#include "core/text.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using core::Bytes;
using margin::SwapCall;
using margin::SwapTerms;

/// What both routers are told.
struct Order {
    const SwapCall& call;
    const SwapTerms& terms;
    Uint<24> fee;

    [[nodiscard]] Bytes for_router() const {
        const RouterParams params{call.sell,
                                  call.buy,
                                  fee,
                                  terms.recipient,
                                  core::U256(terms.deadline.value()),
                                  call.amount,
                                  terms.limit,
                                  Uint<160>{0}};
        return call.exact_out ? ExactOutputSingle::encode(params)
                              : ExactInputSingle::encode(params);
    }
    [[nodiscard]] Bytes for_router_02() const {
        const Router02Params params{call.sell,   call.buy,    fee,         terms.recipient,
                                    call.amount, terms.limit, Uint<160>{0}};
        return call.exact_out ? ExactOutputSingle02::encode(params)
                              : ExactInputSingle02::encode(params);
    }
    /// What the swap takes at most.
    [[nodiscard]] const core::U256& sold_max() const {
        return call.exact_out ? terms.limit : call.amount;
    }
};

std::string words(const Order& order, const margin::VenueToken& sold,
                  const margin::VenueToken& bought, const margin::VenueName& name) {
    const std::string of_sold = " base units of " + core::printable(sold.symbol);
    const std::string of_bought = " base units of " + core::printable(bought.symbol);
    const std::string amount = core::to_decimal(order.call.amount);
    const std::string limit = core::to_decimal(order.terms.limit);
    return (order.call.exact_out
                ? "swap at most " + limit + of_sold + " for " + amount + of_bought
                : "swap " + amount + of_sold + " for at least " + limit + of_bought) +
           " at " + to_string(name);
}

}  // namespace

core::Result<margin::ActionCalls, margin::Refusal> PoolVenue::calls(const SwapCall& call,
                                                                    const SwapTerms& terms) const {
    if (!is_zero_for_one(call.sell, call.buy)) {
        return core::Unexpected(margin::Refusal{
            .reason = "unknown_token", .detail = to_string(state_.name) + " does not hold both"});
    }
    if (call.price_limit) {
        return core::Unexpected(margin::Refusal{
            .reason = "price_limit", .detail = "a router's limit is an amount, not a price"});
    }
    const auto& [router, router_02] = state_.routers;
    if (!router && !router_02) {
        return Venue::calls(call, terms);
    }
    const margin::VenueToken& sold = *find_token(call.sell);
    if (terms.pays_native && !sold.wraps_native) {
        return core::Unexpected(
            margin::Refusal{.reason = "not_native",
                            .detail = core::printable(sold.symbol) + " does not wrap the coin"});
    }
    const Order order{.call = call, .terms = terms, .fee = {state_.pool.fee_pips}};
    margin::ActionCalls out;
    out.call.to = router ? *router : *router_02;
    out.call.what = words(order, sold, *find_token(call.buy), state_.name);
    std::vector<Bytes> parts{router ? order.for_router() : order.for_router_02()};
    if (terms.pays_native) {
        out.call.value = order.sold_max();
        parts.push_back(RefundEth::encode());
    } else {
        out.approvals = {{.token = call.sell, .spender = out.call.to, .amount = order.sold_max()}};
    }
    if (!router) {
        out.call.data = Multicall02::encode(core::U256(terms.deadline.value()), parts);
    } else if (parts.size() > 1) {
        out.call.data = Multicall::encode(parts);
    } else {
        out.call.data = std::move(parts.front());
    }
    return out;
}

}  // namespace margrave::adapters::uniswap_v3
