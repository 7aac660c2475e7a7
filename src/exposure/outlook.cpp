#include "exposure/outlook.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "exposure/liquidation_time.hpp"

namespace margrave::exposure {
namespace {

/// The row's legs that can move its health, and what moves them.
struct Row {
    std::size_t index = 0;
    std::vector<margin::WeightedLeg> legs;
};

bool touches(const Row& row, const Powers& powers) {
    return std::any_of(row.legs.begin(), row.legs.end(), [&](const margin::WeightedLeg& leg) {
        return (leg.weight != 0.0 || leg.debt != 0.0) && powers.contains(leg.asset);
    });
}

std::vector<FactorLimit> limits(ShockedMarket& shocked, const Row& row,
                                const std::map<std::string, Powers>& powers,
                                const PriceBook& prices) {
    std::vector<FactorLimit> out;
    for (const auto& [factor, assets] : powers) {
        if (!touches(row, assets)) {
            continue;
        }
        const auto crossing = find_crossing(shocked, row.index, assets, Direction::Nearest);
        if (!crossing) {
            continue;
        }
        FactorLimit limit{.factor = factor,
                          .multiplier = crossing->last_safe,
                          .failing = crossing->first_failing,
                          .price = std::nullopt};
        if (const auto today = prices.factor_price(shocked.market().name(), factor)) {
            const auto there = scaled_down(today->value(), crossing->last_safe, 1);
            limit.price = there ? std::optional(core::Usd(*there)) : std::nullopt;
        }
        out.push_back(std::move(limit));
    }
    return out;
}

/// What the tokens of the legs are worth, less what the market's oracle follows anywhere.
std::vector<std::string> ignored_factors(const margin::Market& market, std::size_t row,
                                         const FactorMap& factors) {
    std::set<std::string> worth;
    std::set<std::string> followed;
    for (const margin::Leg& leg : market.legs(row)) {
        const Token token{.chain = market.name().chain, .address = leg.asset, .symbol = leg.symbol};
        const auto all = factors.factors_of(token, "").factors;
        const auto seen = factors.factors_of(token, market.name().protocol).factors;
        worth.insert(all.begin(), all.end());
        followed.insert(seen.begin(), seen.end());
    }
    std::vector<std::string> out;
    std::set_difference(worth.begin(), worth.end(), followed.begin(), followed.end(),
                        std::back_inserter(out));
    return out;
}

void set_times(const margin::Market& market, const std::vector<std::size_t>& rows,
               const YearlyGrowth& growth, std::vector<Outlook>& out) {
    const auto times = liquidation_times(market, rows, {});
    const auto less_yield = growth.empty() ? times : liquidation_times(market, rows, growth);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        out[rows[i]].falls_at = times[i];
        out[rows[i]].falls_at_less_yield = less_yield[i];
    }
}

}  // namespace

std::vector<Outlook> outlooks(const margin::Market& market, const Portfolio& portfolio,
                              const PriceBook& prices, const FactorMap& factors,
                              const Suppositions& suppositions) {
    std::vector<Outlook> out(market.account_count());
    const std::map<std::string, Powers> powers = factor_powers(market, factors);
    const YearlyGrowth growth = answer_growth(market, factors);
    ShockedMarket shocked(market);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!has_outlook(market.health(i).status) || !portfolio.counts(market.wallet(i))) {
            continue;
        }
        rows.push_back(i);
        Outlook& outlook = out[i];
        outlook.ignored = ignored_factors(market, i, factors);
        outlook.bases =
            market_bases(market, i, outlook.ignored, prices, factors, suppositions.basis_fall);
        const Row row{.index = i, .legs = market.weighted_legs(i)};
        if (!row.legs.empty()) {
            outlook.factors = limits(shocked, row, powers, prices);
            outlook.joint = nearest_joint_move(row.legs, powers, factors);
            outlook.unreachable_by_price = outlook.factors.empty();
        }
        if (out.size() <= kRatedAccountsMax) {
            outlook.rates = rate_outlook(market, i, growth, suppositions);
        }
    }
    if (rows.size() <= kTimedAccountsMax) {
        set_times(market, rows, growth, out);
    }
    return out;
}

}  // namespace margrave::exposure
