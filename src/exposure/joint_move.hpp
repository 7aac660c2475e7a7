#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exposure/factor_map.hpp"
#include "margin/market.hpp"

namespace margrave::exposure {

/// The smallest move of all factors together that brings an account to health 1, measured in
/// standard deviations of one day under the configured volatilities: an assumption, not a forecast.
struct JointMove {
    struct Part {
        std::string factor;
        double move = 0;  ///< multiplier - 1

        friend bool operator==(const Part&, const Part&) = default;
    };
    double sigmas = 0;        ///< Mahalanobis distance in days' standard deviations
    std::vector<Part> parts;  ///< in the order of names
};

/// Minimises sqrt(y' C^-1 y) over log moves y of the factors with HF(y) = 1, by the iteration of
/// Hasofer-Lind and Rackwitz-Fiessler (Rackwitz and Fiessler 1978): the linearised problem has the
/// closed form y = C a (a'y - ln HF) / (a'C a) with a the gradient of ln HF, and its solution is
/// the next point. An answer whose composition is confirmed moves by it, caps included; the others
/// by their powers. C is s_i s_j c_i c_j for two factors and s_i^2 for one: one common move, so
/// that every choice of loadings is a valid correlation. Statistics, in doubles: it decides
/// nothing. nullopt when the account does not owe, is at or below 1, no factor moves it, or no
/// point is found.
[[nodiscard]] std::optional<JointMove> nearest_joint_move(
    const std::vector<margin::WeightedLeg>& legs, const std::map<std::string, Powers>& powers,
    const FactorMap& factors);

}  // namespace margrave::exposure
