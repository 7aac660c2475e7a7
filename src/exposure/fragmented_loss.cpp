#include "exposure/fragmented_loss.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "exposure/forced_liquidation.hpp"

namespace margrave::exposure {
namespace {

using core::U256;

double log_move(const U256& multiplier) {
    constexpr double kWad = 1e18;
    return std::abs(std::log(multiplier.convert_to<double>() / kWad));
}

/// The limit that the least move, measured in the factor's own volatility, reaches; nullptr without
/// any.
const FactorLimit* nearest(const Outlook& outlook, const FactorMap& factors) {
    const FactorLimit* best = nullptr;
    double best_distance = 0;
    for (const FactorLimit& limit : outlook.factors) {
        const auto volatility =
            factors.risk_of(limit.factor).volatility.value().convert_to<double>();
        const double distance = log_move(limit.failing) / std::max(volatility, 1.0);
        if (best == nullptr || distance < best_distance) {
            best = &limit;
            best_distance = distance;
        }
    }
    return best;
}

/// Adds what one liquidation at the trigger costs to `out`.
void liquidate(const margin::Market& market, std::size_t row, const MovedPrices& prices,
               OwnTrigger& out) {
    const auto fork = market.fork();
    const auto done = liquidate_best(*fork, row, prices);
    if (!done) {
        out.reason = done.error();
        return;
    }
    const SignedUsd loss = difference(done->seized, done->repaid);
    out.pair = done->pair;
    out.seized = done->seized;
    out.repaid = done->repaid;
    out.loss = loss.negative ? core::Usd() : loss.magnitude;
}

}  // namespace

SignedUsd netted_move(const std::vector<Item>& items, const std::string& factor,
                      const U256& multiplier) {
    core::Usd gains;
    core::Usd losses;
    for (const Item& item : items) {
        const auto& names = item.found.factors;
        if (!item.value || std::find(names.begin(), names.end(), factor) == names.end()) {
            continue;
        }
        const auto moved = scaled_down(item.value->value(), multiplier, 1);
        if (!moved) {
            continue;
        }
        const SignedUsd change = difference(core::Usd(*moved), *item.value);
        core::Usd& side = change.negative == item.is_debt() ? gains : losses;
        side = side + change.magnitude;
    }
    return difference(gains, losses);
}

std::vector<OwnTrigger> own_triggers(const Portfolio& portfolio,
                                     const std::vector<std::vector<Outlook>>& outlooks,
                                     const PriceBook& prices, const std::vector<Item>& items,
                                     const FactorMap& factors) {
    std::vector<OwnTrigger> out;
    for (std::size_t i = 0; i < portfolio.markets.size(); ++i) {
        const margin::Market& market = *portfolio.markets[i];
        const auto powers = factor_powers(market, factors);
        ShockedMarket shocked(market);
        for (std::size_t row = 0; row < outlooks.at(i).size(); ++row) {
            const FactorLimit* limit = nearest(outlooks[i][row], factors);
            if (limit == nullptr) {
                continue;
            }
            OwnTrigger trigger{.market = market.name(),
                               .wallet = market.wallet(row),
                               .factor = limit->factor,
                               .multiplier = limit->failing,
                               .netted = netted_move(items, limit->factor, limit->failing),
                               .pair = std::nullopt,
                               .seized = {},
                               .repaid = {},
                               .loss = {},
                               .reason = {}};
            if (shocked.move(powers.at(limit->factor), limit->failing)) {
                liquidate(
                    shocked.market(), row,
                    MovedPrices(prices, market.name(), factors, {{limit->factor, limit->failing}}),
                    trigger);
            }
            out.push_back(std::move(trigger));
        }
    }
    std::sort(out.begin(), out.end(), [](const OwnTrigger& a, const OwnTrigger& b) {
        return std::tie(a.market, a.wallet) < std::tie(b.market, b.wallet);
    });
    return out;
}

}  // namespace margrave::exposure
