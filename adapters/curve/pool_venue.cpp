#include "adapters/curve/pool_venue.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "adapters/curve/contracts.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "margin/guard.hpp"
#include "margin/price_limit.hpp"
#include "margin/venue_token.hpp"

namespace margrave::adapters::curve {
namespace {

using core::U256;
using core::U512;
using margin::PriceRatio;
using margin::Refusal;
using margin::SwapOutcome;

constexpr std::array<std::pair<Generation, std::string_view>, 3> kGenerations{
    {{Generation::Early, "early"}, {Generation::Template, "template"}, {Generation::Ng, "ng"}}};

core::Unexpected<Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

/// The price falls out of the invariant's derivatives: of coin k it is (Ann + Dr / x_k) * rate_k,
/// with Dr = D^(n+1) / (n^n * product). Source: CurveStableSwapNG.vy, _get_p.
PriceRatio slope(const StablePool& pool, const CoinPair& coins) {
    const std::vector<U256> scaled = scaled_balances(pool);
    const U256 d = invariant(pool, scaled);
    const U256 unit = pool.generation == Generation::Early ? 1 : 100;
    U256 product_term = d;
    for (const U256& x : scaled) {
        product_term = product_term * d / (x * U256(scaled.size()));
    }
    const U256 ann = pool.amp * U256(scaled.size());
    const auto weight = [&](std::size_t k) {
        return U512(U256(ann * scaled[k] / unit + product_term)) * U512(pool.rates[k]);
    };
    return {.numerator = weight(coins.sell) * U512(scaled[coins.buy]),
            .denominator = weight(coins.buy) * U512(scaled[coins.sell])};
}

std::optional<PriceRatio> price_of(const StablePool& pool, const CoinPair& coins) {
    return margin::value_or_nothing([&] { return slope(pool, coins); });
}

/// nullopt where the contract would revert.
std::optional<StableOutcome> try_exchange(const StablePool& pool, const CoinPair& coins,
                                          const U256& amount) {
    return margin::value_or_nothing([&] { return exchange(pool, coins, amount); });
}

StablePool after(StablePool pool, const CoinPair& coins, const U256& sold,
                 const StableOutcome& moved) {
    pool.balances[coins.sell] += sold;
    pool.balances[coins.buy] -= moved.bought + moved.admin;
    return pool;
}

/// The smallest sale that buys no less; nullopt when none does.
std::optional<U256> sale_for(const StablePool& pool, const CoinPair& coins, const U256& wanted) {
    const auto buys = [&](const U256& amount) {
        const auto moved = try_exchange(pool, coins, amount);
        return moved && moved->bought >= wanted;
    };
    if (wanted >= pool.balances[coins.buy]) {
        return std::nullopt;
    }
    U256 high = 1;
    constexpr unsigned kBitsMax = 128;
    unsigned bits = 0;
    while (!buys(high)) {
        if (++bits > kBitsMax) {
            return std::nullopt;
        }
        high <<= 1U;
    }
    U256 low = high >> 1U;
    while (high - low > 1) {
        const U256 middle = low + (high - low) / 2;
        (buys(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace

std::string_view to_string(Generation generation) {
    const auto* found = std::find_if(kGenerations.begin(), kGenerations.end(),
                                     [&](const auto& known) { return known.first == generation; });
    return found->second;
}

std::optional<Generation> parse_generation(std::string_view name) {
    const auto* found = std::find_if(kGenerations.begin(), kGenerations.end(),
                                     [&](const auto& known) { return known.second == name; });
    return found == kGenerations.end() ? std::nullopt : std::optional(found->first);
}

std::optional<std::string> contradiction_in(const StablePool& pool) {
    const U256 one = core::pow10(10);
    if (pool.balances.size() != pool.rates.size() || pool.balances.size() < 2 ||
        pool.balances.size() > 8) {
        return "a pool has two to eight coins, each with a balance and a rate";
    }
    if (pool.amp == 0 || pool.fee > one || pool.admin_fee > one) {
        return "A or a fee is out of range";
    }
    if (std::count(pool.rates.begin(), pool.rates.end(), U256(0)) > 0) {
        return "a rate is 0";
    }
    return std::nullopt;
}

std::optional<CoinPair> PoolVenue::pair_of(const core::Address& sell,
                                           const core::Address& buy) const {
    const auto* sold = find_token(sell);
    const auto* bought = find_token(buy);
    if (sold == nullptr || bought == nullptr || sold == bought) {
        return std::nullopt;
    }
    const auto place = [&](const margin::VenueToken* token) {
        return static_cast<std::size_t>(token - state_.tokens.data());
    };
    return CoinPair{.sell = place(sold), .buy = place(bought)};
}

std::optional<PriceRatio> PoolVenue::price(const core::Address& sell,
                                           const core::Address& buy) const {
    const auto coins = pair_of(sell, buy);
    return coins ? price_of(state_.pool, *coins) : std::nullopt;
}

core::Result<SwapOutcome, Refusal> PoolVenue::swap(const margin::SwapCall& call) {
    const auto coins = pair_of(call.sell, call.buy);
    if (!coins) {
        return refuse("unknown_token", margin::to_string(state_.name) + " does not hold both");
    }
    if (call.amount == 0) {
        return refuse("zero_amount", "a swap of nothing");
    }
    U256 sold = call.amount;
    if (call.exact_out) {
        const auto sale = sale_for(state_.pool, *coins, call.amount);
        if (!sale) {
            return refuse("no_liquidity", "the pool does not sell so much");
        }
        sold = *sale;
    }
    const U256 whole = sold;
    if (call.price_limit) {
        sold = margin::most_within(whole, *call.price_limit, [&](const U256& amount) {
            const auto moved = try_exchange(state_.pool, *coins, amount);
            return moved ? price_of(after(state_.pool, *coins, amount, *moved), *coins)
                         : std::nullopt;
        });
    }
    if (sold == 0) {
        return SwapOutcome{.sold = 0, .bought = 0, .unfilled = call.amount};
    }
    const auto moved = try_exchange(state_.pool, *coins, sold);
    if (!moved) {
        return refuse("reverts", "the pool's arithmetic reverts at this amount");
    }
    state_.pool = after(std::move(state_.pool), *coins, sold, *moved);
    const U256 left = !call.exact_out               ? U256(call.amount - sold)
                      : moved->bought < call.amount ? U256(call.amount - moved->bought)
                                                    : U256(0);
    return SwapOutcome{.sold = sold, .bought = moved->bought, .unfilled = left};
}

core::Result<margin::ActionCalls, Refusal> PoolVenue::calls(const margin::SwapCall& call,
                                                            const margin::SwapTerms& terms) const {
    const auto coins = pair_of(call.sell, call.buy);
    if (!coins) {
        return refuse("unknown_token", margin::to_string(state_.name) + " does not hold both");
    }
    if (call.exact_out || call.price_limit) {
        return refuse("exact_out", "Curve's pools sell an exact amount only");
    }
    if (terms.pays_native) {
        return refuse("not_native", "the pool takes tokens");
    }
    const Address& pool = state_.name.address;
    margin::ActionCalls out;
    out.approvals = {{.token = call.sell, .spender = pool, .amount = call.amount}};
    out.call.to = pool;
    out.call.data =
        Exchange::encode({.negative = false, .magnitude = coins->sell},
                         {.negative = false, .magnitude = coins->buy}, call.amount, terms.limit);
    out.call.what = "swap " + core::to_decimal(call.amount) + " base units of " +
                    core::printable(state_.tokens[coins->sell].symbol) + " for at least " +
                    core::to_decimal(terms.limit) + " base units of " +
                    core::printable(state_.tokens[coins->buy].symbol) + " at " +
                    margin::to_string(state_.name);
    return out;
}

core::Archive PoolVenue::archive() const {
    const StablePool& pool = state_.pool;
    core::Archive::List coins;
    for (std::size_t k = 0; k < pool.balances.size(); ++k) {
        core::Archive coin = margin::archive(state_.tokens[k]);
        coin.set("balance", pool.balances[k]);
        coin.set("rate", pool.rates[k]);
        coins.push_back(std::move(coin));
    }
    core::Archive out;
    out.set("address", state_.name.address);
    out.set("admin_fee", pool.admin_fee);
    out.set("amp", pool.amp);
    out.set("chain", state_.name.chain);
    out.set("coins", std::move(coins));
    out.set("fee", pool.fee);
    out.set("generation", std::string(to_string(pool.generation)));
    out.set("offpeg_multiplier", pool.offpeg_multiplier);
    return out;
}

std::unique_ptr<PoolVenue> PoolVenue::restore(const core::Archive& archive) {
    const auto generation = parse_generation(archive.text("generation"));
    if (!generation) {
        throw core::InputError("\"generation\" should be early, template or ng");
    }
    State state{.name = {.kind = "curve",
                         .chain = archive.text("chain"),
                         .address = archive.address("address")},
                .tokens = {},
                .pool = {.generation = *generation,
                         .balances = {},
                         .rates = {},
                         .amp = archive.u256("amp"),
                         .fee = archive.u256("fee"),
                         .admin_fee = archive.u256("admin_fee"),
                         .offpeg_multiplier = archive.u256("offpeg_multiplier")}};
    for (const core::Archive& coin : archive.list("coins")) {
        state.tokens.push_back(margin::restore_venue_token(coin));
        state.pool.balances.push_back(coin.u256("balance"));
        state.pool.rates.push_back(coin.u256("rate"));
    }
    if (const auto why = contradiction_in(state.pool)) {
        throw core::InputError(*why);
    }
    return std::make_unique<PoolVenue>(std::move(state));
}

}  // namespace margrave::adapters::curve
