#include "risk/rescue_lever.hpp"

namespace margrave::risk {
namespace {

using margin::Leg;
using margin::Side;

bool holds_until_end(const RescueAccount& account, const RescueOptions& options) {
    if (!holds(account.market->health(account.row), options.target)) {
        return false;
    }
    const auto late = account.market->fork();
    late->accrue(core::Timestamp(late->time().value() + options.valid_for_s));
    return holds(late->health(account.row), options.target);
}

/// The account as it is after what earlier plans take of it: itself, or on a fork that the scene
/// keeps.
RescueAccount without(const RescueAccount& account, const std::vector<Withdrawal>& moved,
                      RescueScene& scene) {
    std::unique_ptr<margin::Market> fork;
    for (const Withdrawal& taken : moved) {
        if (taken.account == account) {
            fork = fork ? std::move(fork) : account.market->fork();
            core::ensure(fork->apply(account.row, taken.action).has_value(),
                         "the plan that takes it was tried");
        }
    }
    if (!fork) {
        return account;
    }
    scene.forks.push_back(std::move(fork));
    return {.market = scene.forks.back().get(), .row = account.row};
}

void add_donors(const RescueAccount& shown, bool is_own, const std::vector<Withdrawal>& moved,
                RescueScene& scene) {
    const RescueAccount account = is_own ? shown : without(shown, moved, scene);
    if (!is_own && !holds_until_end(account, scene.options)) {
        return;
    }
    for (const Leg& leg : account.market->legs(account.row)) {
        const bool is_spare = leg.side == Side::Supply || (leg.side == Side::Collateral && !is_own);
        if (!is_spare || leg.amount.value_or(0) == 0) {
            continue;
        }
        Donor donor{.account = account,
                    .shown = shown,
                    .withdraw = margin::ActionKind::Withdraw,
                    .token = {.address = leg.asset, .symbol = leg.symbol, .decimals = leg.decimals},
                    .amount = *leg.amount};
        if (leg.side == Side::Collateral) {
            donor.withdraw = posting_of(account, donor.token).withdraw;
        }
        scene.donors.push_back(std::move(donor));
    }
}

}  // namespace

void find_donors(const snapshot::Snapshot& snapshot, const std::vector<Withdrawal>& moved,
                 RescueScene& scene) {
    const RescueAccount own{.market = &scene.market, .row = scene.row};
    const core::Address wallet = scene.market.wallet(scene.row);
    for (const auto& market : snapshot.markets) {
        if (market->name().chain != scene.market.name().chain) {
            continue;
        }
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            if (market->wallet(row) == wallet) {
                const RescueAccount account{.market = market.get(), .row = row};
                add_donors(account, account == own, moved, scene);
            }
        }
    }
}

}  // namespace margrave::risk
