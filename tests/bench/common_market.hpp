#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cascade/fixed_point.hpp"

/// A whole market from a seed for the fixed point, and what is the same for margrave and its peer.
namespace margrave::bench {

/// 30 assets, of which six are dollars that a shock leaves alone and no sale moves; `count`
/// borrowers with one to three of them as collateral, each of one worth, and a debt in dollars at
/// healths from 1.02 to 7.4. All terms are the asset's own. Were everything sold, an asset would
/// lose a third.
struct CommonMarket {
    static constexpr std::size_t kAssets = 30;

    struct Borrower {
        std::vector<cascade::Holding> holdings;
        double debt = 0;
    };

    explicit CommonMarket(std::uint64_t seed);
    /// The next one; the same for a seed, whatever their number.
    void draw(Borrower& out);

    std::vector<double> prices;
    std::vector<double> thresholds;
    std::vector<double> bonuses;

    /// Impacts for so much of each asset held by all.
    [[nodiscard]] static std::vector<double> impacts(std::span<const double> held);
    /// Prices after a fall of all but the dollars.
    [[nodiscard]] std::vector<double> after(double fall) const;
    /// `count` falls from 5 to 45 %.
    [[nodiscard]] std::vector<std::vector<double>> scenarios(std::size_t count) const;

  private:
    [[nodiscard]] double real(double from, double to);

    std::uint64_t state_;
};

/// The market for margrave, and the pressure after a fall of 30 %.
struct CommonCase {
    CommonMarket common;
    cascade::FixedPointMarket market;
    cascade::Pressure pressure;
};
[[nodiscard]] CommonCase common_case(std::size_t borrowers, std::uint64_t seed);

inline constexpr std::uint64_t kCommonSeed = 20261126;
inline constexpr cascade::FixedPointMarket::Limits kCommonLimits{.tolerance = 1e-9,
                                                                 .rounds_max = 1000};

}  // namespace margrave::bench
