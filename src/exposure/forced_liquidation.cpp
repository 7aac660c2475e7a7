#include "exposure/forced_liquidation.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "exposure/shock.hpp"

namespace margrave::exposure {
namespace {

using core::Rounding;
using core::U256;

/// One pair tried on a fork.
struct Attempt {
    ForcedLiquidation outcome;
    SignedUsd profit;  ///< the liquidator's, so without the protocol's fee
};

bool pays_better(const SignedUsd& a, const SignedUsd& b) {
    if (a.negative != b.negative) {
        return b.negative;
    }
    return a.negative ? a.magnitude < b.magnitude : a.magnitude > b.magnitude;
}

/// The asset as one of the row's legs; nullptr when it holds none.
const margin::Leg* leg_of(const std::vector<margin::Leg>& legs, const core::Address& asset) {
    const auto found = std::find_if(legs.begin(), legs.end(),
                                    [&](const margin::Leg& leg) { return leg.asset == asset; });
    return found == legs.end() ? nullptr : &*found;
}

margin::LiquidationCall whole_call(const margin::LiquidationPair& pair) {
    margin::LiquidationCall call;
    call.collateral = pair.collateral;
    call.debt = pair.debt;
    return call;
}

/// What is written off beside what was repaid; nothing is said of an asset without a price.
core::Usd written_off(const margin::LiquidationOutcome& outcome,
                      const std::vector<margin::Leg>& legs, const MovedPrices& prices) {
    core::Usd out;
    for (const margin::Deficit& deficit : outcome.deficits) {
        const margin::Leg* leg = leg_of(legs, deficit.asset);
        const auto value =
            leg == nullptr ? std::nullopt : prices.value<Rounding::Down>(*leg, deficit.amount);
        out = out + value.value_or(core::Usd());
    }
    return out;
}

std::optional<Attempt> priced(const margin::LiquidationPair& pair,
                              const margin::LiquidationOutcome& outcome,
                              const std::vector<margin::Leg>& legs, const MovedPrices& prices) {
    const margin::Leg* collateral = leg_of(legs, pair.collateral);
    const margin::Leg* debt = leg_of(legs, pair.debt);
    if (collateral == nullptr || debt == nullptr) {
        return std::nullopt;
    }
    const auto lost = prices.value<Rounding::Up>(*collateral, outcome.seized + outcome.fee);
    const auto received = prices.value<Rounding::Down>(*collateral, outcome.seized);
    const auto repaid = prices.value<Rounding::Down>(*debt, outcome.repaid);
    if (!lost || !received || !repaid) {
        return std::nullopt;
    }
    return Attempt{.outcome = {.pair = pair,
                               .seized = *lost,
                               .repaid = *repaid,
                               .written_off = written_off(outcome, legs, prices)},
                   .profit = difference(*received, *repaid)};
}

}  // namespace

std::optional<U256> moved_value(const U256& value, const std::vector<std::string>& factors,
                                const Multipliers& moves) {
    std::optional<U256> out = value;
    for (const std::string& factor : factors) {
        const auto move = moves.find(factor);
        if (out && move != moves.end()) {
            out = scaled_down(*out, move->second, 1);
        }
    }
    return out;
}

std::optional<DollarPrice> MovedPrices::price_of(const margin::Leg& leg) const {
    const auto price = prices_.price(market_, leg.asset);
    if (!price) {
        return std::nullopt;
    }
    const Token token{.chain = market_.chain, .address = leg.asset, .symbol = leg.symbol};
    const auto answer =
        moved_value(price->answer, factors_.factors_of(token, market_.protocol).factors, moves_);
    return answer ? std::optional(DollarPrice{.answer = *answer, .unit = price->unit})
                  : std::nullopt;
}

core::Result<ForcedLiquidation, std::string> liquidate_best(margin::Market& market, std::size_t row,
                                                            const MovedPrices& prices) {
    std::optional<Attempt> best;
    std::string reason = "the account's balances form no pair that can be liquidated";
    const std::vector<margin::Leg> legs = market.legs(row);
    for (const margin::LiquidationPair& pair : market.liquidation_pairs(row)) {
        const auto outcome = market.fork()->liquidate(row, whole_call(pair));
        if (!outcome) {
            reason = outcome.error().reason;
            continue;
        }
        auto attempt = priced(pair, *outcome, legs, prices);
        if (!attempt) {
            reason = "no dollar price";
        } else if (!best || pays_better(attempt->profit, best->profit)) {
            best = std::move(attempt);
        }
    }
    if (!best) {
        return core::Unexpected(std::move(reason));
    }
    const auto done = market.liquidate(row, whole_call(best->outcome.pair));
    core::ensure(done.has_value(), "what a fork allowed is allowed here");
    return best->outcome;
}

}  // namespace margrave::exposure
