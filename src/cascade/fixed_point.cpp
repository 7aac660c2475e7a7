#include "cascade/fixed_point.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>
#include <utility>

#include "cascade/fixed_point_rounds.hpp"
#include "core/errors.hpp"

namespace margrave::cascade {

using fixed_point_rounds::kScenarios;

void FixedPointMarket::add(std::span<const Holding> holdings, double debt) {
    core::ensure(!holdings.empty() && debt > 0, "a borrower has collateral and debt");
    for (const Holding& holding : holdings) {
        core::ensure(holding.asset < asset_count_ && holding.bonus > 0, "a holding can be sold");
        const auto number =
            kind_numbers_.emplace(std::tuple(holding.asset, holding.threshold, holding.bonus),
                                  static_cast<std::uint16_t>(kinds_.size()));
        if (number.second) {
            core::ensure(kinds_.size() < std::numeric_limits<std::uint16_t>::max(),
                         "a market has fewer terms than 16 bits can number");
            kinds_.push_back(
                {.asset = holding.asset, .threshold = holding.threshold, .bonus = holding.bonus});
        }
        kind_of_.push_back(number.first->second);
        amounts_.push_back(holding.amount / debt);
    }
    first_.push_back(static_cast<std::uint32_t>(amounts_.size()));
    debts_.push_back(debt);
    groups_.clear();
}

void FixedPointMarket::arrange(std::span<const double> prices) {
    core::ensure(prices.size() == asset_count_, "there is a price for every asset");
    const auto count_of = [&](std::uint32_t borrower) {
        return first_[borrower + 1] - first_[borrower];
    };
    std::vector<double> healths(borrowers());
    for (std::size_t borrower = 0; borrower < borrowers(); ++borrower) {
        double health = 0;
        for (std::uint32_t at = first_[borrower]; at < first_[borrower + 1]; ++at) {
            const Kind& kind = kinds_[kind_of_[at]];
            health += amounts_[at] * prices[kind.asset] * kind.threshold;
        }
        healths[borrower] = health;
    }
    std::vector<std::uint32_t> order(borrowers());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(count_of(a), healths[a]) < std::pair(count_of(b), healths[b]);
    });
    arranged_at_.assign(prices.begin(), prices.end());
    healths_.clear();
    for (std::size_t at = 0; at < order.size(); at += kHealthStep) {
        healths_.push_back(healths[order[at]]);
    }
    std::vector<std::uint32_t> first{0};
    std::vector<double> amounts;
    std::vector<std::uint16_t> kind_of;
    std::vector<double> debts;
    first.reserve(first_.size());
    amounts.reserve(amounts_.size());
    kind_of.reserve(kind_of_.size());
    debts.reserve(debts_.size());
    groups_.clear();
    for (const std::uint32_t borrower : order) {
        amounts.insert(amounts.end(), amounts_.begin() + first_[borrower],
                       amounts_.begin() + first_[borrower + 1]);
        kind_of.insert(kind_of.end(), kind_of_.begin() + first_[borrower],
                       kind_of_.begin() + first_[borrower + 1]);
        first.push_back(static_cast<std::uint32_t>(amounts.size()));
        debts.push_back(debts_[borrower]);
        const std::uint32_t count = count_of(borrower);
        groups_.resize(std::max<std::size_t>(groups_.size(), count + 1),
                       static_cast<std::uint32_t>(debts.size() - 1));
        groups_[count] = static_cast<std::uint32_t>(debts.size());
    }
    first_ = std::move(first);
    amounts_ = std::move(amounts);
    kind_of_ = std::move(kind_of);
    debts_ = std::move(debts);
}

std::size_t FixedPointMarket::bytes() const {
    return first_.size() * sizeof(std::uint32_t) +
           amounts_.size() * (sizeof(double) + sizeof(std::uint16_t)) +
           (debts_.size() + healths_.size()) * sizeof(double);
}

FixedPointMarket::View FixedPointMarket::view() const {
    core::ensure(!groups_.empty() || debts_.empty(), "a market is arranged before it is solved");
    return {.kinds = kinds_,
            .first = first_.data(),
            .amounts = amounts_.data(),
            .kind_of = kind_of_.data(),
            .debts = debts_.data(),
            .groups = groups_,
            .arranged_at = arranged_at_,
            .healths = healths_,
            .assets = asset_count_};
}

FixedPoint FixedPointMarket::greatest(const Pressure& pressure, const Limits& limits) const {
    core::ensure(pressure.outside.size() == asset_count_ && pressure.impact.size() == asset_count_,
                 "there is a price and an impact for every asset");
    FixedPoint out;
    fixed_point_rounds::solve_greatest(view(), {&pressure.outside, 1}, pressure.impact, limits,
                                       {&out, 1});
    return out;
}

/// From the prices at which all of everything is sold. In a round everyone is looked at: prices
/// rise, so that who has fallen may stand up again.
FixedPoint FixedPointMarket::least(const Pressure& pressure, const Limits& limits) const {
    core::ensure(pressure.outside.size() == asset_count_ && pressure.impact.size() == asset_count_,
                 "there is a price and an impact for every asset");
    const View market = view();
    FixedPoint out;
    out.sold.assign(asset_count_, 0);
    for (std::size_t borrower = 0; borrower < borrowers(); ++borrower) {
        for (std::uint32_t at = market.first[borrower]; at < market.first[borrower + 1]; ++at) {
            out.sold[kinds_[kind_of_[at]].asset] += debts_[borrower] * amounts_[at];
        }
    }
    const auto put_prices = [&] {
        double most = 0;
        out.prices.resize(asset_count_, 0);
        for (std::size_t j = 0; j < asset_count_; ++j) {
            const double next = pressure.outside[j] * std::exp(-pressure.impact[j] * out.sold[j]);
            most = std::max(most, std::abs(next - out.prices[j]) / next);
            out.prices[j] = next;
        }
        return most;
    };
    static_cast<void>(put_prices());
    while (!out.is_settled && out.rounds < limits.rounds_max) {
        ++out.rounds;
        out.fallen = 0;
        out.bad_debt = 0;
        std::fill(out.sold.begin(), out.sold.end(), 0);
        for (std::size_t borrower = 0; borrower < borrowers(); ++borrower) {
            double health = 0;
            double net = 0;  // for each unit of the debt
            for (std::uint32_t at = market.first[borrower]; at < market.first[borrower + 1]; ++at) {
                const Kind& kind = kinds_[kind_of_[at]];
                const double value = amounts_[at] * out.prices[kind.asset];
                health += value * kind.threshold;
                net += value / kind.bonus;
            }
            if (health >= 1) {
                continue;
            }
            ++out.fallen;
            out.bad_debt += std::max(0.0, 1 - net) * debts_[borrower];
            const double paid = std::min(1.0, 1 / net) * debts_[borrower];
            for (std::uint32_t at = market.first[borrower]; at < market.first[borrower + 1]; ++at) {
                out.sold[kinds_[kind_of_[at]].asset] += paid * amounts_[at];
            }
        }
        out.is_settled = put_prices() < limits.tolerance;
    }
    return out;
}

std::vector<FixedPoint> FixedPointMarket::greatest(std::span<const std::vector<double>> outside,
                                                   const std::vector<double>& impact,
                                                   const Limits& limits, unsigned threads) const {
    core::ensure(impact.size() == asset_count_, "there is an impact for every asset");
    const View market = view();
    // Scenarios of about one depth fall together, so they share a register.
    std::vector<double> depth;
    for (const auto& prices : outside) {
        core::ensure(prices.size() == asset_count_, "there is a price for every asset");
        depth.push_back(std::accumulate(prices.begin(), prices.end(), 0.0,
                                        [](double sum, double p) { return sum + std::log(p); }));
    }
    std::vector<std::size_t> order(outside.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return depth[a] < depth[b]; });

    std::vector<FixedPoint> out(outside.size());
    std::atomic<std::size_t> next = 0;
    const auto take_some = [&] {
        for (;;) {
            const std::size_t begin = next.fetch_add(kScenarios);
            if (begin >= order.size()) {
                return;
            }
            const std::size_t count = std::min(kScenarios, order.size() - begin);
            std::vector<std::vector<double>> some(count);
            std::vector<FixedPoint> found(count);
            for (std::size_t i = 0; i < count; ++i) {
                some[i] = outside[order[begin + i]];
            }
            fixed_point_rounds::solve_greatest(market, some, impact, limits, found);
            for (std::size_t i = 0; i < count; ++i) {
                out[order[begin + i]] = std::move(found[i]);
            }
        }
    };
    const std::size_t useful = (order.size() + kScenarios - 1) / kScenarios;
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads, useful); ++i) {
        others.emplace_back(take_some);
    }
    take_some();
    others.clear();
    return out;
}

}  // namespace margrave::cascade
