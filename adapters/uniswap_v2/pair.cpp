#include "adapters/uniswap_v2/pair.hpp"

#include <string>

#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"
#include "margin/price_limit.hpp"
#include "margin/venue_token.hpp"

namespace margrave::adapters::uniswap_v2 {
namespace {

using core::U256;
using margin::PriceRatio;
using margin::Refusal;
using margin::SwapOutcome;

core::Unexpected<Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

PriceRatio price_of(const Reserves& reserves) {
    return {.numerator = core::U512(reserves.out), .denominator = core::U512(reserves.in)};
}

Reserves after(const Reserves& before, const SwapOutcome& moved) {
    return {.in = U256(before.in + moved.sold), .out = U256(before.out - moved.bought)};
}

/// The whole swap, without a limit.
std::optional<SwapOutcome> move_all(const Reserves& reserves, const margin::SwapCall& call,
                                    const U256& amount, std::uint32_t fee_bps) {
    if (!call.exact_out) {
        return SwapOutcome{.sold = amount,
                           .bought = amount_out(reserves, amount, fee_bps),
                           .unfilled = U256(call.amount - amount)};
    }
    const auto sold = amount_in(reserves, amount, fee_bps);
    return sold ? std::optional(SwapOutcome{
                      .sold = *sold, .bought = amount, .unfilled = U256(call.amount - amount)})
                : std::nullopt;
}

/// As much of the call as its price limit lets through.
U256 amount_within(const Reserves& reserves, const margin::SwapCall& call, std::uint32_t fee_bps) {
    if (!call.price_limit) {
        return call.amount;
    }
    return margin::most_within(call.amount, *call.price_limit, [&](const U256& amount) {
        const auto moved = move_all(reserves, call, amount, fee_bps);
        return moved ? std::optional(price_of(after(reserves, *moved))) : std::nullopt;
    });
}

}  // namespace

U256 amount_out(const Reserves& reserves, const U256& amount, std::uint32_t fee_bps) {
    const U256 less_fee = amount * U256(core::percentage_factor() - fee_bps);
    return core::mul_div<core::Rounding::Down>(
        less_fee, reserves.out, U256(reserves.in * core::percentage_factor() + less_fee));
}

std::optional<U256> amount_in(const Reserves& reserves, const U256& amount, std::uint32_t fee_bps) {
    if (amount >= reserves.out) {
        return std::nullopt;
    }
    const U256 divisor = U256(reserves.out - amount) * U256(core::percentage_factor() - fee_bps);
    return core::mul_div<core::Rounding::Down>(U256(reserves.in * amount),
                                               core::percentage_factor(), divisor) +
           1;
}

std::optional<std::size_t> PairVenue::place_of(const core::Address& sell,
                                               const core::Address& buy) const {
    const auto& tokens = state_.tokens;
    for (std::size_t i = 0; i < 2; ++i) {
        if (tokens[i].address == sell && tokens[1 - i].address == buy) {
            return i;
        }
    }
    return std::nullopt;
}

std::optional<PriceRatio> PairVenue::price(const core::Address& sell,
                                           const core::Address& buy) const {
    const auto place = place_of(sell, buy);
    if (!place || state_.reserves[*place] == 0) {
        return std::nullopt;
    }
    return price_of({.in = state_.reserves[*place], .out = state_.reserves[1 - *place]});
}

core::Result<SwapOutcome, Refusal> PairVenue::swap(const margin::SwapCall& call) {
    const auto place = place_of(call.sell, call.buy);
    if (!place) {
        return refuse("unknown_token", to_string(state_.name) + " does not hold both");
    }
    if (call.amount == 0) {
        return refuse("zero_amount", "a swap of nothing");
    }
    U256& in = state_.reserves[*place];
    U256& out = state_.reserves[1 - *place];
    const Reserves before{.in = in, .out = out};
    if (in == 0 || out == 0) {
        return refuse("no_liquidity", "the pair is empty");
    }
    // The pair keeps its reserves in 112 bits.
    const U256 reserve_max = U256((U256(1) << 112U) - 1);
    std::optional<SwapOutcome> moved;
    const auto computed = margin::value_or_nothing([&] {
        const U256 amount = amount_within(before, call, state_.fee_bps);
        moved = amount == 0 ? SwapOutcome{.sold = 0, .bought = 0, .unfilled = call.amount}
                            : move_all(before, call, amount, state_.fee_bps);
        return true;
    });
    if (!computed || (moved && before.in + moved->sold > reserve_max)) {
        return refuse("amount_too_large", "the pair counts in 112 bits");
    }
    if (!moved) {
        return refuse("no_liquidity", "the pair does not hold so much");
    }
    if (moved->bought == 0 && moved->sold > 0) {
        return refuse("no_output", "the sale fetches nothing, which the pair refuses");
    }
    in = before.in + moved->sold;
    out = before.out - moved->bought;
    return *moved;
}

core::Archive PairVenue::archive() const {
    core::Archive out;
    out.set("address", state_.name.address);
    out.set("chain", state_.name.chain);
    out.set("fee_bps", std::uint64_t{state_.fee_bps});
    out.set("reserve0", state_.reserves[0]);
    out.set("reserve1", state_.reserves[1]);
    out.set_optional("router", state_.router);
    out.set("token0", margin::archive(state_.tokens[0]));
    out.set("token1", margin::archive(state_.tokens[1]));
    return out;
}

std::unique_ptr<PairVenue> PairVenue::restore(const core::Archive& archive) {
    const std::uint64_t fee_bps = archive.u64("fee_bps");
    if (fee_bps >= 10'000) {
        throw core::InputError("\"fee_bps\" should be below 10000");
    }
    State state{.name = {.kind = "uniswap_v2",
                         .chain = archive.text("chain"),
                         .address = archive.address("address")},
                .tokens = {margin::restore_venue_token(archive.at("token0")),
                           margin::restore_venue_token(archive.at("token1"))},
                .reserves = {archive.u256("reserve0"), archive.u256("reserve1")},
                .fee_bps = static_cast<std::uint32_t>(fee_bps),
                .router = std::nullopt};
    if (archive.has("router")) {
        state.router = archive.address("router");
    }
    for (const U256& reserve : state.reserves) {
        if (reserve != 0 && msb(reserve) >= 112) {
            throw core::InputError("a reserve is wider than its 112 bits");
        }
    }
    return std::make_unique<PairVenue>(std::move(state));
}

}  // namespace margrave::adapters::uniswap_v2
