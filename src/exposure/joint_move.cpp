#include "exposure/joint_move.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace margrave::exposure {
namespace {

constexpr double kDaysPerYear = 365.0;

/// A factor with the account's legs' powers in it.
struct Axis {
    std::string factor;
    double sigma = 0;       ///< of a day
    double common = 0;      ///< loading on the common move
    std::vector<int> legs;  ///< power of each leg
    /// The rule by which a leg's answer follows it, nullptr where only the power is known.
    std::vector<const AnswerRule*> rules;
};

double as_double(const core::Wad& value) {
    constexpr double kWad = 1e18;
    return value.value().convert_to<double>() / kWad;
}

std::vector<Axis> make_axes(const std::vector<margin::WeightedLeg>& legs,
                            const std::map<std::string, Powers>& powers, const FactorMap& factors) {
    std::vector<Axis> axes;
    for (const auto& [factor, assets] : powers) {
        const RiskFactor risk = factors.risk_of(factor);
        Axis axis{.factor = factor,
                  .sigma = as_double(risk.volatility) / std::sqrt(kDaysPerYear),
                  .common = as_double(risk.common),
                  .legs = {},
                  .rules = {}};
        bool moves = false;
        for (const margin::WeightedLeg& leg : legs) {
            const auto power = assets.find(leg.asset);
            axis.legs.push_back(power == assets.end() ? 0 : power->second.power);
            axis.rules.push_back(power == assets.end() ? nullptr : power->second.rule.get());
            moves |= axis.legs.back() != 0 && (leg.weight != 0.0 || leg.debt != 0.0);
        }
        if (moves && axis.sigma > 0.0) {
            axes.push_back(std::move(axis));
        }
    }
    return axes;
}

/// A leg's answer over today's at a point, and the slopes of its logarithm along the axes.
struct LegMove {
    double moved = 1;
    std::vector<double> slopes;
};

/// ln of what the leg's composition makes of its parts; nullopt where no rule is known.
std::optional<double> composed(const std::vector<Axis>& axes, std::size_t leg,
                               const std::vector<double>& point) {
    std::vector<AnswerRule::FastMove> moves;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (axes[i].rules[leg] != nullptr) {
            moves.push_back({.rule = axes[i].rules[leg], .multiplier = std::exp(point[i])});
        }
    }
    return moves.empty() ? std::nullopt
                         : std::optional(std::log(AnswerRule::fast_moved_together(moves)));
}

LegMove move_of(const std::vector<Axis>& axes, std::size_t leg, const std::vector<double>& point) {
    LegMove out{.moved = 1, .slopes = std::vector<double>(axes.size())};
    if (const auto log_moved = composed(axes, leg, point)) {
        constexpr double kStep = 1e-6;  // of a central difference: a composition has no closed form
        out.moved = std::exp(*log_moved);
        for (std::size_t i = 0; i < axes.size(); ++i) {
            if (axes[i].rules[leg] != nullptr) {
                auto before = point;
                auto after = point;
                before[i] -= kStep;
                after[i] += kStep;
                out.slopes[i] =
                    (*composed(axes, leg, after) - *composed(axes, leg, before)) / (2 * kStep);
            }
        }
        return out;
    }
    double exponent = 0;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        exponent += axes[i].legs[leg] * point[i];
        out.slopes[i] = axes[i].legs[leg];
    }
    out.moved = std::exp(exponent);
    return out;
}

/// ln HF at a point, and its gradient there.
struct Tangent {
    double log_health = 0;
    std::vector<double> gradient;
};

Tangent tangent_at(const std::vector<margin::WeightedLeg>& legs, const std::vector<Axis>& axes,
                   const std::vector<double>& point) {
    double weight = 0;
    double debt = 0;
    std::vector<double> weight_slope(axes.size());
    std::vector<double> debt_slope(axes.size());
    for (std::size_t leg = 0; leg < legs.size(); ++leg) {
        const LegMove move = move_of(axes, leg, point);
        weight += legs[leg].weight * move.moved;
        debt += legs[leg].debt * move.moved;
        for (std::size_t i = 0; i < axes.size(); ++i) {
            weight_slope[i] += move.slopes[i] * legs[leg].weight * move.moved;
            debt_slope[i] += move.slopes[i] * legs[leg].debt * move.moved;
        }
    }
    Tangent out{.log_health = std::log(weight / debt), .gradient = {}};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        out.gradient.push_back(weight_slope[i] / weight - debt_slope[i] / debt);
    }
    return out;
}

/// C a.
std::vector<double> times_covariance(const std::vector<Axis>& axes, const std::vector<double>& a) {
    double common = 0;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        common += axes[i].sigma * axes[i].common * a[i];
    }
    std::vector<double> out;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const double own = axes[i].sigma * axes[i].sigma * (1 - axes[i].common * axes[i].common);
        out.push_back(axes[i].sigma * axes[i].common * common + own * a[i]);
    }
    return out;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

}  // namespace

std::optional<JointMove> nearest_joint_move(const std::vector<margin::WeightedLeg>& legs,
                                            const std::map<std::string, Powers>& powers,
                                            const FactorMap& factors) {
    constexpr int kIterationsMax = 200;
    constexpr double kTolerance = 1e-12;
    constexpr double kMoveMax = 13.8;  // a millionth to a million times today's
    const std::vector<Axis> axes = make_axes(legs, powers, factors);
    std::vector<double> point(axes.size());
    Tangent tangent = tangent_at(legs, axes, point);
    if (!std::isfinite(tangent.log_health) || tangent.log_health <= 0.0) {
        return std::nullopt;
    }
    for (int i = 0; i < kIterationsMax; ++i) {
        const std::vector<double> spread = times_covariance(axes, tangent.gradient);
        const double variance = dot(tangent.gradient, spread);
        if (!(variance > 1e-24)) {
            return std::nullopt;  // no factor moves the health here
        }
        const double scale = (dot(tangent.gradient, point) - tangent.log_health) / variance;
        double change = 0;
        for (std::size_t axis = 0; axis < axes.size(); ++axis) {
            const double next = scale * spread[axis];
            change = std::max(change, std::abs(next - point[axis]));
            point[axis] = next;
            if (!(std::abs(next) <= kMoveMax)) {
                return std::nullopt;
            }
        }
        if (change < kTolerance) {
            JointMove move{.sigmas = std::abs(scale) * std::sqrt(variance), .parts = {}};
            for (std::size_t axis = 0; axis < axes.size(); ++axis) {
                move.parts.push_back(
                    {.factor = axes[axis].factor, .move = std::expm1(point[axis])});
            }
            return move;
        }
        tangent = tangent_at(legs, axes, point);
    }
    return std::nullopt;
}

}  // namespace margrave::exposure
