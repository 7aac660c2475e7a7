#include "exposure/shock.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::exposure {
namespace {

using core::U256;

constexpr double kRangeMax = 1e6;
/// How far above 1 the real-valued health is already watched exactly: a threshold of 1000 basis
/// points that is rounded down to one of them loses a thousandth.
constexpr double kWatchedHealth = 1.0015;
constexpr int kScanSteps = 512;
constexpr int kWatchedSteps = 32;

/// An account's health as a function of one multiplier m: sum(weight_k m^k) / sum(debt_k m^k), with
/// the answer over today's in place of m^k where an answer moves by its composition.
class HealthCurve {
  public:
    HealthCurve(const std::vector<margin::WeightedLeg>& legs, const Powers& powers) {
        for (const margin::WeightedLeg& leg : legs) {
            const auto found = powers.find(leg.asset);
            const Follow follow = found == powers.end() ? Follow{} : found->second;
            Sums& sums = by_power_[{follow.rule.get(), follow.rule ? 0 : follow.power}];
            sums.weight += leg.weight;
            sums.debt += leg.debt;
        }
        std::erase_if(by_power_, [](const auto& entry) {
            return entry.second.weight == 0.0 && entry.second.debt == 0.0;
        });
    }

    /// False when every leg moves alike: the health then stays as it is.
    [[nodiscard]] bool can_change() const { return by_power_.size() > 1; }

    [[nodiscard]] double at(double multiplier) const {
        double weight = 0;
        double debt = 0;
        for (const auto& [follow, sums] : by_power_) {
            const auto& [rule, power] = follow;
            const double moved =
                rule == nullptr ? std::pow(multiplier, power) : rule->fast_moved(multiplier);
            weight += sums.weight * moved;
            debt += sums.debt * moved;
        }
        return weight / debt;
    }

    /// The first multiplier, counted from 1 towards `end`, at which the health is below `limit`.
    [[nodiscard]] std::optional<double> first_below(double limit, double end) const {
        if (at(1.0) < limit) {
            return 1.0;
        }
        const double step = std::pow(end, 1.0 / kScanSteps);
        double safe = 1.0;
        for (int i = 0; i < kScanSteps; ++i) {
            const double next = i + 1 == kScanSteps ? end : safe * step;
            if (at(next) < limit) {
                return bisected(limit, safe, next);
            }
            safe = next;
        }
        return std::nullopt;
    }

  private:
    struct Sums {
        double weight = 0;
        double debt = 0;
    };

    /// Between a safe and a failing multiplier, to the last bit of a double.
    [[nodiscard]] double bisected(double limit, double safe, double failing) const {
        constexpr int kBits = 64;
        for (int i = 0; i < kBits; ++i) {
            const double middle = safe + (failing - safe) / 2;
            (at(middle) < limit ? failing : safe) = middle;
        }
        return failing;
    }

    /// By the rule, nullptr without, and else the power. The rules live in the powers.
    std::map<std::pair<const AnswerRule*, int>, Sums> by_power_;
};

U256 to_multiplier(double value) {
    constexpr double kWad = 1e18;
    return U256(std::floor(value * kWad));
}

enum class Check { Passes, Fails, Unknown };

Check check(ShockedMarket& shocked, std::size_t row, const Powers& powers, const U256& multiplier) {
    if (!shocked.move(powers, multiplier)) {
        return Check::Unknown;
    }
    switch (shocked.market().health(row).status) {
        case margin::Status::Unknown:
            return Check::Unknown;
        case margin::Status::Liquidatable:
            return Check::Fails;
        default:
            return Check::Passes;
    }
}

/// Multipliers to be checked exactly, in the order of their distance from today's: through the
/// watched window, then beyond its end in growing steps, because rounding can also save an account
/// for a moment.
std::vector<double> candidates(double begin, double end, double range_end) {
    std::vector<double> out;
    const double step = std::pow(end / begin, 1.0 / kWatchedSteps);
    double at = begin;
    for (int i = 0; i < kWatchedSteps; ++i) {
        out.push_back(at);
        at *= step;
    }
    out.push_back(end);
    const double outwards = range_end < 1.0 ? -1.0 : 1.0;
    constexpr int kStepsBeyond = 12;  // as far as 1e-4
    double beyond = 1e-15;
    for (int i = 0; i < kStepsBeyond; ++i) {
        const double next = end * (1.0 + outwards * beyond);
        if (next >= 1.0 / kRangeMax && next <= kRangeMax) {
            out.push_back(next);
        }
        beyond *= 10;
    }
    return out;
}

Crossing narrowed(ShockedMarket& shocked, std::size_t row, const Powers& powers,
                  Crossing crossing) {
    const auto apart = [&] {
        return crossing.last_safe < crossing.first_failing
                   ? U256(crossing.first_failing - crossing.last_safe)
                   : U256(crossing.last_safe - crossing.first_failing);
    };
    while (apart() > 1) {
        const U256 middle = (crossing.last_safe + crossing.first_failing) / 2;
        const bool fails = check(shocked, row, powers, middle) == Check::Fails;
        (fails ? crossing.first_failing : crossing.last_safe) = middle;
    }
    return crossing;
}

std::optional<Crossing> find_towards(ShockedMarket& shocked, std::size_t row, const Powers& powers,
                                     const HealthCurve& curve, double range_end) {
    const auto begin = curve.first_below(kWatchedHealth, range_end);
    if (!begin) {
        return std::nullopt;
    }
    const double end = curve.first_below(1.0, range_end).value_or(range_end);
    U256 last_safe = core::wad();
    for (const double candidate : candidates(*begin, end, range_end)) {
        const U256 multiplier = to_multiplier(candidate);
        switch (check(shocked, row, powers, multiplier)) {
            case Check::Unknown:
                return std::nullopt;
            case Check::Passes:
                last_safe = multiplier;
                break;
            case Check::Fails:
                return narrowed(shocked, row, powers,
                                {.last_safe = last_safe, .first_failing = multiplier});
        }
    }
    return std::nullopt;
}

/// The nearer of the two in log moves: a fall to a half is as far as a rise to the double.
std::optional<Crossing> nearer(const std::optional<Crossing>& down,
                               const std::optional<Crossing>& up) {
    if (!down || !up) {
        return down ? down : up;
    }
    const U256 mirrored =
        core::mul_div_wide<core::Rounding::Down>(core::wad(), core::wad(), down->last_safe);
    return up->last_safe < mirrored ? up : down;
}

const AnswerRule* rule_of(const std::map<std::string, Powers>& powers, const std::string& factor,
                          const core::Address& asset) {
    const auto of_factor = powers.find(factor);
    if (of_factor == powers.end()) {
        return nullptr;
    }
    const auto follow = of_factor->second.find(asset);
    return follow == of_factor->second.end() ? nullptr : follow->second.rule.get();
}

}  // namespace

std::optional<U256> scaled_down(const U256& answer, const U256& multiplier, int power) {
    return margin::value_or_nothing([&] {
        U256 scaled = answer;
        for (int i = 0; i < std::abs(power); ++i) {
            scaled =
                power > 0
                    ? core::mul_div_wide<core::Rounding::Down>(scaled, multiplier, core::wad())
                    : core::mul_div_wide<core::Rounding::Down>(scaled, core::wad(), multiplier);
        }
        return scaled;
    });
}

std::optional<U256> moved_answer(const U256& today, const Follow& follow, const U256& multiplier) {
    return follow.rule ? follow.rule->moved(multiplier)
                       : scaled_down(today, multiplier, follow.power);
}

std::optional<U256> composed_answer(const std::map<std::string, Powers>& powers,
                                    const core::Address& asset, const Multipliers& moves) {
    std::vector<AnswerRule::Move> parts;
    for (const auto& [factor, multiplier] : moves) {
        const AnswerRule* rule = rule_of(powers, factor, asset);
        if (rule != nullptr) {
            parts.push_back({.rule = rule, .multiplier = multiplier});
        }
    }
    return parts.empty() ? std::nullopt : AnswerRule::moved_together(parts);
}

ShockedMarket::ShockedMarket(const margin::Market& market)
    : fork_(market.fork()), today_(market.answers()) {}

bool ShockedMarket::move(const Powers& powers, const U256& multiplier) {
    if (moved_ != powers) {
        reset();
        moved_ = powers;
    }
    for (const margin::OracleAnswer& today : today_) {
        const auto power = powers.find(today.asset);
        if (power == powers.end() || !today.quote) {
            continue;
        }
        const auto moved = moved_answer(today.quote->answer, power->second, multiplier);
        if (!moved) {
            return false;
        }
        fork_->set_answer(today.asset, std::max(*moved, U256(1)));
    }
    return true;
}

void ShockedMarket::reset() {
    for (const margin::OracleAnswer& today : today_) {
        if (today.quote && moved_.contains(today.asset)) {
            fork_->set_answer(today.asset, today.quote->answer);
        }
    }
    moved_.clear();
}

std::optional<Crossing> find_crossing(ShockedMarket& shocked, std::size_t row, const Powers& powers,
                                      Direction direction) {
    shocked.reset();
    const margin::Status today = shocked.market().health(row).status;
    if (today == margin::Status::Liquidatable) {
        return Crossing{.last_safe = core::wad(), .first_failing = core::wad()};
    }
    if (today == margin::Status::Unknown || today == margin::Status::NoDebt) {
        return std::nullopt;
    }
    const HealthCurve curve(shocked.market().weighted_legs(row), powers);
    if (!curve.can_change()) {
        return std::nullopt;
    }
    std::optional<Crossing> down;
    std::optional<Crossing> up;
    if (direction != Direction::Up) {
        down = find_towards(shocked, row, powers, curve, 1.0 / kRangeMax);
    }
    if (direction != Direction::Down) {
        up = find_towards(shocked, row, powers, curve, kRangeMax);
    }
    shocked.reset();
    return nearer(down, up);
}

}  // namespace margrave::exposure
