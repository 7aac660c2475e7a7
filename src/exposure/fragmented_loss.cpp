#include "exposure/fragmented_loss.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace margrave::exposure {
namespace {

using core::Rounding;
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
        const double volatility =
            factors.risk_of(limit.factor).volatility.value().convert_to<double>();
        const double distance = log_move(limit.failing) / std::max(volatility, 1.0);
        if (best == nullptr || distance < best_distance) {
            best = &limit;
            best_distance = distance;
        }
    }
    return best;
}

/// Dollar prices once a factor has moved.
class MovedPrices {
  public:
    MovedPrices(const PriceBook& prices, const margin::MarketName& market, const Powers& powers,
                U256 multiplier)
        : prices_(prices), market_(market), powers_(powers), multiplier_(std::move(multiplier)) {}

    template <Rounding R>
    [[nodiscard]] std::optional<core::Usd> value(const core::Address& asset, unsigned decimals,
                                                 const U256& amount) const {
        auto price = prices_.price(market_, asset);
        const auto power = powers_.find(asset);
        if (price && power != powers_.end()) {
            const auto moved = scaled_down(price->answer, multiplier_, power->second);
            price = moved ? std::optional(DollarPrice{.answer = *moved, .unit = price->unit})
                          : std::nullopt;
        }
        return price ? usd_value<R>(amount, decimals, *price) : std::nullopt;
    }

  private:
    const PriceBook& prices_;
    const margin::MarketName& market_;
    const Powers& powers_;
    U256 multiplier_;
};

/// How a factor moves the dollar price of each of the row's assets, as the market's oracle has it.
Powers dollar_powers(const margin::Market& market, std::size_t row, const std::string& factor,
                     const FactorMap& factors) {
    Powers powers;
    for (const margin::Leg& leg : market.legs(row)) {
        const Token token{.chain = market.name().chain, .address = leg.asset, .symbol = leg.symbol};
        const auto found = factors.factors_of(token, market.name().protocol).factors;
        if (std::find(found.begin(), found.end(), factor) != found.end()) {
            powers[leg.asset] = 1;
        }
    }
    return powers;
}

unsigned decimals_of(const margin::Market& market, std::size_t row, const core::Address& asset) {
    for (const margin::Leg& leg : market.legs(row)) {
        if (leg.asset == asset) {
            return leg.decimals;
        }
    }
    return 0;
}

/// One pair tried on a fork.
struct Attempt {
    margin::LiquidationPair pair;
    core::Usd seized;
    core::Usd repaid;
    SignedUsd profit;  ///< the liquidator's, so without the protocol's fee
};

bool pays_better(const SignedUsd& a, const SignedUsd& b) {
    if (a.negative != b.negative) {
        return b.negative;
    }
    return a.negative ? a.magnitude < b.magnitude : a.magnitude > b.magnitude;
}

/// Adds what the liquidation at the trigger costs to `out`.
void liquidate(const margin::Market& market, std::size_t row, const MovedPrices& prices,
               OwnTrigger& out) {
    std::optional<Attempt> best;
    out.reason = "the account's balances form no pair that can be liquidated";
    for (const margin::LiquidationPair& pair : market.liquidation_pairs(row)) {
        const auto fork = market.fork();
        margin::LiquidationCall call;
        call.collateral = pair.collateral;
        call.debt = pair.debt;
        const auto outcome = fork->liquidate(row, call);
        if (!outcome) {
            if (!best) {
                out.reason = outcome.error().reason;
            }
            continue;
        }
        const unsigned collateral_decimals = decimals_of(market, row, pair.collateral);
        const auto lost = prices.value<Rounding::Up>(pair.collateral, collateral_decimals,
                                                     outcome->seized + outcome->fee);
        const auto received =
            prices.value<Rounding::Down>(pair.collateral, collateral_decimals, outcome->seized);
        const auto repaid = prices.value<Rounding::Down>(
            pair.debt, decimals_of(market, row, pair.debt), outcome->repaid);
        if (!lost || !received || !repaid) {
            if (!best) {
                out.reason = "no dollar price";
            }
            continue;
        }
        Attempt attempt{.pair = pair,
                        .seized = *lost,
                        .repaid = *repaid,
                        .profit = difference(*received, *repaid)};
        if (!best || pays_better(attempt.profit, best->profit)) {
            best = std::move(attempt);
        }
    }
    if (best) {
        const SignedUsd loss = difference(best->seized, best->repaid);
        out.pair = best->pair;
        out.seized = best->seized;
        out.repaid = best->repaid;
        out.loss = loss.negative ? core::Usd() : loss.magnitude;
        out.reason = "";
    }
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
                const Powers in_dollars = dollar_powers(market, row, limit->factor, factors);
                liquidate(shocked.market(), row,
                          MovedPrices(prices, market.name(), in_dollars, limit->failing), trigger);
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
