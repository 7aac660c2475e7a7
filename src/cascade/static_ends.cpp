#include "cascade/static_ends.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;

/// Dollars for a base unit, by asset.
using Prices = std::map<Address, double>;

/// The dollars that a market's denominator is worth: one where it counts in them, else the price of
/// the asset that it is, or what another market's price of a collateral makes it.
std::optional<double> denominator_price(const margin::Market& market, const FastMarket& fast,
                                        const std::vector<double>& answers, const Prices& known) {
    bool is_dollars = true;
    std::optional<double> out;
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (!answer.denominator) {
            continue;
        }
        is_dollars = false;
        if (const auto itself = known.find(*answer.denominator); itself != known.end()) {
            return itself->second * std::pow(10, answer.denominator_decimals);
        }
        const auto priced = known.find(answer.asset);
        for (std::size_t i = 0; i < fast.scales().size(); ++i) {
            const double value = answers[i] * fast.scales()[i].value;
            if (priced != known.end() && fast.scales()[i].asset == answer.asset && value > 0) {
                out = priced->second / value;
            }
        }
    }
    return is_dollars ? 1.0 : out;
}

/// exp(-impact * sold) is 0.99 where the pools of all the asset's venues have fallen by so much.
double impact_of(const State& state, const Playbook& playbook, const Address& asset) {
    constexpr unsigned kParts = 100;
    constexpr unsigned kMostBits = 110;  // no pool counts more
    double taken = 0;
    for (const VenueRule& venue : playbook.venues) {
        const margin::Venue* pool = state.find_venue(venue.pool);
        const auto price = pool == nullptr ? std::nullopt : pool->price(asset, venue.into);
        if (venue.asset != asset || !price) {
            continue;
        }
        const auto quote = pool->quote(
            {.sell = asset,
             .buy = venue.into,
             .amount = U256(1) << kMostBits,
             .price_limit = to_ratio(to_fraction(*price) * Fraction(kParts - 1, kParts))});
        taken += quote ? quote->sold.convert_to<double>() : 0;
    }
    const double fall = -std::log1p(-1.0 / kParts);
    return taken == 0 ? 0 : fall * static_cast<double>(playbook.depth_divisor) / taken;
}

class Maker {
  public:
    Maker(const State& shocked, const std::vector<FastMarket>& markets, const Playbook& playbook)
        : state_(shocked), markets_(markets), playbook_(playbook) {}

    std::optional<StaticEnds> make() {
        for (std::size_t i = 0; i < markets_.size(); ++i) {
            answers_.push_back(markets_[i].answers_of(*state_.markets[i]));
        }
        // Markets in dollars first: they price what the others count in.
        for (const bool in_dollars : {true, false}) {
            for (std::size_t i = 0; i < markets_.size(); ++i) {
                take_prices(i, in_dollars);
            }
        }
        FixedPointMarket market(out_.assets.size());
        for (std::size_t i = 0; i < markets_.size(); ++i) {
            add_borrowers(i, market);
        }
        if (market.borrowers() == 0) {
            return std::nullopt;
        }
        Pressure pressure;
        for (StaticEnds::Asset& asset : out_.assets) {
            asset.impact = impact_of(state_, playbook_, asset.asset);
            pressure.outside.push_back(asset.outside);
            pressure.impact.push_back(asset.impact);
        }
        market.arrange(pressure.outside);
        out_.greatest = market.greatest(pressure, {});
        out_.least = market.least(pressure, {});
        return out_;
    }

  private:
    void take_prices(std::size_t i, bool in_dollars) {
        const FastMarket& fast = markets_[i];
        const auto worth = denominator_price(*state_.markets[i], fast, answers_[i], prices_);
        if (!worth || (*worth == 1) != in_dollars) {
            return;
        }
        for (std::size_t k = 0; k < fast.scales().size(); ++k) {
            const FastMarket::Scale& scale = fast.scales()[k];
            const double price = answers_[i][k] * scale.value * *worth;
            if (std::isfinite(price) && price > 0 && prices_.emplace(scale.asset, price).second) {
                places_.emplace(scale.asset, static_cast<std::uint16_t>(out_.assets.size()));
                out_.assets.push_back({.asset = scale.asset,
                                       .symbol = scale.symbol,
                                       .unit = scale.base > 0 ? 1 / scale.base : 1 / scale.value,
                                       .outside = price,
                                       .impact = 0});
            }
        }
    }

    /// A market's own price of an asset stays the same part of the dollar price.
    void add_borrowers(std::size_t i, FixedPointMarket& market) {
        const FastMarket& fast = markets_[i];
        const margin::MarketName& name = fast.market().name();
        const auto worth = denominator_price(*state_.markets[i], fast, answers_[i], prices_);
        if (!worth) {
            out_.notes.push_back(name.protocol + " " + name.name +
                                 " is left out: nothing tells what its unit is in dollars");
            return;
        }
        for (std::size_t row = 0; row < fast.row_count(); ++row) {
            double debt = 0;
            std::vector<Holding> holdings;
            for (const margin::BulkLeg& leg : fast.row(row)) {
                const FastMarket::Scale& scale = fast.scales()[leg.asset];
                const double price = answers_[i][leg.asset] * scale.value * *worth;
                debt += leg.debt * price;
                const auto place = places_.find(scale.asset);
                if (leg.collateral > 0 && place != places_.end()) {
                    const double part = price / prices_.at(scale.asset);
                    holdings.push_back({.asset = place->second,
                                        .amount = leg.collateral,
                                        .threshold = leg.threshold * part,
                                        .bonus = leg.bonus / part});
                }
            }
            if (debt > 0 && !holdings.empty()) {
                market.add(holdings, debt);
            }
        }
    }

    const State& state_;
    const std::vector<FastMarket>& markets_;
    const Playbook& playbook_;
    std::vector<std::vector<double>> answers_;
    Prices prices_;
    std::map<Address, std::uint16_t> places_;
    StaticEnds out_;
};

}  // namespace

std::optional<StaticEnds> static_ends(const State& shocked, const std::vector<FastMarket>& markets,
                                      const Playbook& playbook) {
    return Maker(shocked, markets, playbook).make();
}

}  // namespace margrave::cascade
