#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cascade/fixed_point.hpp"

/// The loops of the fixed point, for one scenario or for kScenarios side by side: a lane of a
/// vector register is a scenario, so that a borrower's holdings are loaded once for all of them.
/// The widest registers of the machine are used, found when the program runs; a lane's products and
/// sums are the same in each (fusing is off).
namespace margrave::cascade::fixed_point_rounds {

inline constexpr std::size_t kScenarios = 8;

using View = FixedPointMarket::View;
using Limits = FixedPointMarket::Limits;
using Outside = std::span<const std::vector<double>>;  ///< prices of kScenarios or fewer
using Impact = std::span<const double>;                ///< which they share
using Solve = void(const View& market, Outside outside, Impact impact, const Limits& limits,
                   std::span<FixedPoint> out);

/// `out` is as long as `outside`.
void solve_greatest(const View& market, Outside outside, Impact impact, const Limits& limits,
                    std::span<FixedPoint> out);

/// The same with scenarios side by side, for each instruction set that this machine has: the
/// widest, which is used, first.
[[nodiscard]] std::vector<Solve*> eight_solvers();

}  // namespace margrave::cascade::fixed_point_rounds
