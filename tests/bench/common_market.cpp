#include "tests/bench/common_market.hpp"

#include <array>
#include <cmath>

namespace margrave::bench {
namespace {

constexpr std::size_t kDollars = 6;
constexpr std::size_t kHoldingsMax = 3;

}  // namespace

CommonMarket::CommonMarket(std::uint64_t seed) : state_(seed) {
    for (std::size_t j = 0; j < kAssets; ++j) {
        prices.push_back(j < kDollars ? 1 : std::exp(real(0, 11)));
        thresholds.push_back(real(0.65, 0.85));
        bonuses.push_back(real(1.04, 1.1));
    }
}

/// Uniform, by splitmix64: the same on every machine and with every library.
double CommonMarket::real(double from, double to) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31U;
    return from + (to - from) * static_cast<double>(bits >> 11U) * 0x1p-53;
}

void CommonMarket::draw(Borrower& out) {
    const auto count = 1 + static_cast<std::size_t>(real(0, kHoldingsMax));
    const double worth = std::exp(real(6, 14));
    double limit = 0;
    out.holdings.clear();
    while (out.holdings.size() < count) {
        const auto asset = static_cast<std::uint16_t>(real(0, kAssets));
        bool is_new = true;
        for (const cascade::Holding& held : out.holdings) {
            is_new &= held.asset != asset;
        }
        if (is_new) {
            out.holdings.push_back({.asset = asset,
                                    .amount = worth / prices[asset],
                                    .threshold = thresholds[asset],
                                    .bonus = bonuses[asset]});
            limit += worth * thresholds[asset];
        }
    }
    out.debt = limit / std::exp(real(0.02, 2));
}

std::vector<double> CommonMarket::impacts(std::span<const double> held) {
    constexpr double kWhole = 0.4;  // exp(-0.4) is two thirds
    std::vector<double> out;
    for (std::size_t j = 0; j < kAssets; ++j) {
        out.push_back(j < kDollars || held[j] == 0 ? 0 : kWhole / held[j]);
    }
    return out;
}

std::vector<double> CommonMarket::after(double fall) const {
    std::vector<double> out = prices;
    for (std::size_t j = kDollars; j < kAssets; ++j) {
        out[j] *= 1 - fall;
    }
    return out;
}

std::vector<std::vector<double>> CommonMarket::scenarios(std::size_t count) const {
    std::vector<std::vector<double>> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(after(0.05 + 0.4 * static_cast<double>(i) / static_cast<double>(count)));
    }
    return out;
}

CommonCase common_case(std::size_t borrowers, std::uint64_t seed) {
    CommonCase out{.common = CommonMarket(seed),
                   .market = cascade::FixedPointMarket(CommonMarket::kAssets),
                   .pressure = {}};
    std::vector<double> held(CommonMarket::kAssets, 0);
    CommonMarket::Borrower borrower;
    for (std::size_t n = 0; n < borrowers; ++n) {
        out.common.draw(borrower);
        out.market.add(borrower.holdings, borrower.debt);
        for (const cascade::Holding& holding : borrower.holdings) {
            held[holding.asset] += holding.amount;
        }
    }
    out.market.arrange(out.common.prices);
    out.pressure = {.outside = out.common.after(0.3), .impact = CommonMarket::impacts(held)};
    return out;
}

}  // namespace margrave::bench
