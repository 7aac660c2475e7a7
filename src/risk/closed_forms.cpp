#include "risk/closed_forms.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>

namespace margrave::risk {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

double health_of(const LendingAccount& account) {
    return account.debt > 0 ? account.weighted_collateral / account.debt : kNoLimit;
}

/// What the weighted collateral lacks at the target.
double shortage(const LendingAccount& account, double target) {
    return target * account.debt - account.weighted_collateral;
}

/// Indexes of the accounts with the lowest health first.
std::vector<std::size_t> by_health(std::span<const LendingAccount> accounts) {
    std::vector<std::size_t> order(accounts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return health_of(accounts[a]) < health_of(accounts[b]);
    });
    return order;
}

/// The common health of the funded accounts.
double level(const LendingAccount& funded, double budget) {
    const double left = funded.debt - budget;
    return left > 0 ? funded.weighted_collateral / left : kNoLimit;
}

}  // namespace

double repay_for(const LendingAccount& account, double target) {
    return shortage(account, target) / target;
}

double add_collateral_for(const LendingAccount& account, double target, double threshold) {
    return shortage(account, target) / threshold;
}

std::optional<double> sell_to_repay_for(const LendingAccount& account, double target,
                                        double threshold, double swap_cost) {
    const double gain = target - threshold * (1 + swap_cost);
    return gain > 0 ? std::optional(shortage(account, target) / gain) : std::nullopt;
}

std::optional<double> fall_to_liquidation(const LendingAccount& account, double weighted_volatile) {
    const double room = account.weighted_collateral - account.debt;
    if (account.debt <= 0 || room > weighted_volatile) {
        return std::nullopt;
    }
    return room <= 0 ? 0 : room / weighted_volatile;
}

Funding water_fill(std::span<const LendingAccount> accounts, double budget) {
    Funding out{.lowest_health = kNoLimit, .repay = std::vector<double>(accounts.size(), 0.0)};
    const auto order = by_health(accounts);
    LendingAccount funded;
    std::size_t count = 0;
    // The next account joins while the water stands above its own health.
    while (count < order.size() && accounts[order[count]].debt > 0 &&
           (count == 0 || level(funded, budget) > health_of(accounts[order[count]]))) {
        funded.weighted_collateral += accounts[order[count]].weighted_collateral;
        funded.debt += accounts[order[count]].debt;
        ++count;
    }
    if (count == 0) {
        return out;
    }
    out.lowest_health = level(funded, budget);
    for (std::size_t i = 0; i < count; ++i) {
        const LendingAccount& account = accounts[order[i]];
        out.repay[order[i]] =
            std::max(0.0, account.debt - account.weighted_collateral / out.lowest_health);
    }
    return out;
}

}  // namespace margrave::risk
