#pragma once

#include <span>

#include "cascade/fixed_point.hpp"

/// The loops of the fixed point, for one scenario or for kScenarios side by side: a lane of a
/// vector register is a scenario, so that a borrower's holdings are loaded once for all of them.
/// The widest registers of the machine are used, found when the program runs; a lane's products and
/// sums are the same in each (fusing is off).
namespace margrave::cascade::fixed_point_rounds {

inline constexpr std::size_t kScenarios = 8;

/// `pressures` of kScenarios or fewer, which share their impact; `out` is as long.
void solve_greatest(const FixedPointMarket::View& market,
                    std::span<const std::vector<double>> outside, std::span<const double> impact,
                    const FixedPointMarket::Limits& limits, std::span<FixedPoint> out);

}  // namespace margrave::cascade::fixed_point_rounds
