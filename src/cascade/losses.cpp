#include "cascade/losses.hpp"

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;

/// Throughout the rounds, so that the gap is taken at the answer that a liquidation was made at.
void follow(const std::vector<PriceChange>& changes, const State& state, DollarPrices& prices) {
    for (const PriceChange& change : changes) {
        for (const margin::OracleAnswer& answer : state.markets[change.market]->answers()) {
            const auto price =
                answer.asset == change.asset ? dollar_price(answer, change.answer) : std::nullopt;
            if (price) {
                prices[change.asset] = *price;
            }
        }
    }
}

/// Larger than 256 bits, only a hostile market's figures are.
bool is_shown(const SignedUsd& value) { return abs(value) <= SignedUsd(core::max_u256()); }

}  // namespace

std::optional<Losses> losses(const State& shocked, const Outcome& outcome,
                             const std::set<Place>& own) {
    const DollarPrices market = dollar_prices(shocked);
    DollarPrices oracle = market;
    Losses out;
    bool is_known = true;
    const auto worth = [&](const DollarPrices& prices, const Address& asset, const U256& amount) {
        const auto value = dollars_of(prices, asset, amount);
        is_known = is_known && value.has_value();
        return value.value_or(0);
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
            out.repaid += repaid;
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
                      is_shown(out.oracle_gap) && is_shown(out.repaid);
    return is_known && fits ? std::optional(out) : std::nullopt;
}

}  // namespace margrave::cascade
