#include "cascade/losses.hpp"

#include <map>

#include "cascade/fraction.hpp"
#include "core/fixed_point.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;

/// Dollars of a base unit, 1e18 each, by asset.
using Prices = std::map<Address, Fraction>;

/// nullopt for an answer that is not in dollars.
std::optional<Fraction> unit_price(const margin::OracleAnswer& answer, const U256& value) {
    if (!answer.unit || answer.denominator) {
        return std::nullopt;
    }
    return fraction(value, *answer.unit) * fraction(core::wad(), core::pow10(answer.decimals));
}

/// The dollar answers of a state's markets, the first that prices an asset.
Prices prices_of(const State& state) {
    Prices out;
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            const auto price =
                answer.quote ? unit_price(answer, answer.quote->answer) : std::nullopt;
            if (price) {
                out.emplace(answer.asset, *price);
            }
        }
    }
    return out;
}

/// Throughout the rounds, so that the gap is taken at the answer that a liquidation was made at.
void follow(const std::vector<PriceChange>& changes, const State& state, Prices& prices) {
    for (const PriceChange& change : changes) {
        for (const margin::OracleAnswer& answer : state.markets[change.market]->answers()) {
            const auto price =
                answer.asset == change.asset ? unit_price(answer, change.answer) : std::nullopt;
            if (price) {
                prices[change.asset] = *price;
            }
        }
    }
}

/// Rounded towards zero.
SignedUsd worth_of(const U256& amount, const Fraction& price) {
    return SignedUsd(amount) * boost::multiprecision::numerator(price) /
           boost::multiprecision::denominator(price);
}

/// Larger than 256 bits, only a hostile market's figures are.
bool is_shown(const SignedUsd& value) { return abs(value) <= SignedUsd(core::max_u256()); }

}  // namespace

std::optional<Losses> losses(const State& shocked, const Outcome& outcome,
                             const std::set<Place>& own) {
    const Prices market = prices_of(shocked);
    Prices oracle = market;
    Losses out;
    bool is_known = true;
    const auto worth = [&](const Prices& prices, const Address& asset, const U256& amount) {
        const auto price = prices.find(asset);
        if (price == prices.end()) {
            is_known = is_known && amount == 0;
            return SignedUsd(0);
        }
        return worth_of(amount, price->second);
    };
    const auto add_sale = [&](const Sale& sale) {
        const SignedUsd lost =
            worth(market, sale.asset, sale.amount) - worth(market, sale.into, sale.received);
        out.liquidators -= lost;
        out.pools += lost;
    };
    for (const Round& round : outcome.rounds) {
        for (const Call& call : round.calls) {
            if (!call.ok) {
                continue;
            }
            const SignedUsd seized = worth(market, call.pair.collateral, call.outcome.seized);
            const SignedUsd fee = worth(market, call.pair.collateral, call.outcome.fee);
            const SignedUsd repaid = worth(market, call.pair.debt, call.outcome.repaid);
            SignedUsd written_off = 0;
            for (const margin::Deficit& deficit : call.outcome.deficits) {
                written_off += worth(market, deficit.asset, deficit.amount);
            }
            const SignedUsd owner = repaid + written_off - seized - fee;
            out.owners += owner;
            out.own += own.contains(call.place) ? owner : SignedUsd(0);
            out.liquidators += seized - repaid;
            out.lenders -= written_off;
            out.treasuries += fee;
            out.oracle_gap += worth(oracle, call.pair.collateral, call.outcome.seized) - seized;
        }
        for (const Sale& sale : round.all_sales()) {
            add_sale(sale);
        }
        follow(round.prices, shocked, oracle);
    }
    const bool fits = is_shown(out.owners) && is_shown(out.own) && is_shown(out.liquidators) &&
                      is_shown(out.lenders) && is_shown(out.treasuries) && is_shown(out.pools) &&
                      is_shown(out.oracle_gap);
    return is_known && fits ? std::optional(out) : std::nullopt;
}

}  // namespace margrave::cascade
