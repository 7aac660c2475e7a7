#include "cascade/losses.hpp"

#include <map>
#include <utility>

namespace margrave::cascade {
namespace {

using boost::multiprecision::cpp_int;
using core::Address;
using core::U256;

/// Dollars per base unit, 1e18 each, as a fraction.
struct UnitPrice {
    cpp_int up;
    cpp_int down;

    [[nodiscard]] SignedUsd of(const U256& amount) const { return cpp_int(amount) * up / down; }
};
using Prices = std::map<Address, UnitPrice>;

/// The dollar answers of a state's markets, the first that prices an asset.
Prices prices_of(const State& state) {
    Prices out;
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            if (answer.quote && answer.unit && !answer.denominator) {
                out.emplace(
                    answer.asset,
                    UnitPrice{cpp_int(answer.quote->answer) * cpp_int(core::pow10(18)),
                              cpp_int(*answer.unit) * cpp_int(core::pow10(answer.decimals))});
            }
        }
    }
    return out;
}

/// Throughout the rounds, so that the gap is taken at the answer that a liquidation was made at.
void follow(const std::vector<PriceChange>& changes, const State& state, Prices& prices) {
    for (const PriceChange& change : changes) {
        for (const margin::OracleAnswer& answer : state.markets[change.market]->answers()) {
            if (answer.asset == change.asset && answer.unit && !answer.denominator) {
                prices[change.asset] = {
                    cpp_int(change.answer) * cpp_int(core::pow10(18)),
                    cpp_int(*answer.unit) * cpp_int(core::pow10(answer.decimals))};
            }
        }
    }
}

/// What one sale moved from the seller to the pools.
struct SaleValue {
    SignedUsd given;
    SignedUsd got;
};

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
        return price->second.of(amount);
    };
    const auto add_sale = [&](const Sale& sale) {
        const SaleValue value{worth(market, sale.asset, sale.amount),
                              worth(market, sale.into, sale.received)};
        out.liquidators += value.got - value.given;
        out.pools += value.given - value.got;
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
            if (call.sale) {
                add_sale(*call.sale);
            }
        }
        for (const Sale& sale : round.sales) {
            add_sale(sale);
        }
        follow(round.prices, shocked, oracle);
    }
    return is_known ? std::optional(out) : std::nullopt;
}

}  // namespace margrave::cascade
