#include "exposure/rate_outlook.hpp"

#include <algorithm>
#include <memory>

#include "core/fixed_point.hpp"

namespace margrave::exposure {
namespace {

using core::U256;

/// A fork in which the asset's borrow rate is the given one; nullptr when the market refuses it.
std::unique_ptr<margin::Market> at_rate(const margin::Market& market, const core::Address& asset,
                                        const U256& rate) {
    auto fork = market.fork();
    margin::ParameterShock shock;
    shock.kind = margin::ParameterShock::Kind::BorrowRate;
    shock.asset = asset;
    shock.value = rate;
    return fork->shock(shock) ? std::move(fork) : nullptr;
}

std::optional<core::Ray> least_failing(const margin::Market& market, std::size_t row,
                                       const core::Address& asset, const YearlyGrowth& growth,
                                       std::uint64_t horizon_s) {
    constexpr std::uint64_t kStepsPerOne = 1'000'000;
    const U256 step = core::ray() / kStepsPerOne;
    const auto fails_at = [&](std::uint64_t steps) -> std::optional<bool> {
        const auto fork = at_rate(market, asset, step * steps);
        return fork ? std::optional(fails_after(*fork, row, growth, horizon_s)) : std::nullopt;
    };
    std::uint64_t safe = 0;
    std::uint64_t failing = kBorrowRateMax * kStepsPerOne;
    const auto without = fails_at(safe);
    if (without.value_or(false)) {
        return core::Ray();
    }
    if (!without || !fails_at(failing).value_or(false)) {
        return std::nullopt;
    }
    while (failing - safe > 1) {
        const std::uint64_t middle = safe + (failing - safe) / 2;
        (fails_at(middle).value_or(false) ? failing : safe) = middle;
    }
    return core::Ray(U256(step * failing));
}

std::optional<core::Ray> rate_of(const margin::Market& market, const core::Address& asset) {
    for (const margin::AssetCapacity& capacity : market.capacities()) {
        if (capacity.asset == asset) {
            return capacity.borrow_rate;
        }
    }
    return std::nullopt;
}

/// Every debt's rate raised; nullptr when one of them is not known or not taken.
std::unique_ptr<margin::Market> with_rates_raised(const margin::Market& market,
                                                  const std::vector<RateLimit>& debts,
                                                  const core::Ray& added) {
    auto fork = market.fork();
    for (const RateLimit& debt : debts) {
        fork =
            debt.today ? at_rate(*fork, debt.asset, debt.today->value() + added.value()) : nullptr;
        if (!fork) {
            return nullptr;
        }
    }
    return fork;
}

}  // namespace

std::optional<RateOutlook> rate_outlook(const margin::Market& market, std::size_t row,
                                        const YearlyGrowth& growth,
                                        const Suppositions& suppositions) {
    const margin::Status status = market.health(row).status;
    if (status != margin::Status::Healthy && status != margin::Status::AtRisk) {
        return std::nullopt;
    }
    RateOutlook out;
    for (const margin::Leg& leg : market.legs(row)) {
        const bool is_known = std::any_of(out.limits.begin(), out.limits.end(),
                                          [&](const auto& one) { return one.asset == leg.asset; });
        if (leg.side != margin::Side::Debt || is_known) {
            continue;
        }
        RateLimit limit{.asset = leg.asset,
                        .symbol = leg.symbol,
                        .today = rate_of(market, leg.asset),
                        .falls_at = std::nullopt,
                        .falls_at_less_yield = std::nullopt};
        limit.falls_at = least_failing(market, row, leg.asset, {}, suppositions.rate_horizon_s);
        limit.falls_at_less_yield = growth.empty() ? limit.falls_at
                                                   : least_failing(market, row, leg.asset, growth,
                                                                   suppositions.rate_horizon_s);
        out.limits.push_back(std::move(limit));
    }
    for (const core::Ray& added : suppositions.rate_shocks) {
        const auto raised = with_rates_raised(market, out.limits, added);
        if (!raised) {
            continue;
        }
        RateShockTime time{.added = added,
                           .falls_at = liquidation_time(*raised, row, {}),
                           .falls_at_less_yield = std::nullopt};
        time.falls_at_less_yield =
            growth.empty() ? time.falls_at : liquidation_time(*raised, row, growth);
        out.shocks.push_back(time);
    }
    return out;
}

}  // namespace margrave::exposure
