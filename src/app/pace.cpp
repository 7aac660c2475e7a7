#include "app/pace.hpp"

#include <algorithm>
#include <utility>

#include "core/u256.hpp"

namespace margrave::app {
namespace {

bool is_near(const report::Account& account) {
    if (account.health.status == margin::Status::NoDebt) {
        return false;
    }
    return account.health.status == margin::Status::Unknown || !account.collateral_fall ||
           account.collateral_fall->value() < core::wad() / core::U256(Pace::kNearOneIn);
}

/// With those who own one of them.
void add_owners(const report::Report& report, std::set<core::Address>& near) {
    for (bool grows = true; grows;) {
        const std::size_t before = near.size();
        for (const auto& account : report.smart_accounts) {
            if (near.contains(account.address)) {
                near.insert(account.owners.begin(), account.owners.end());
            }
        }
        grows = near.size() != before;
    }
}

}  // namespace

Pace::Pace(std::uint64_t far_every_s, std::vector<core::Address> wallets)
    : far_every_s_(far_every_s), wallets_(std::move(wallets)) {}

bool Pace::is_nobody_near() const {
    return far_every_s_ != 0 && all_at_s_.has_value() && near_.empty();
}

alert::Scope Pace::due(std::uint64_t time_s) const {
    // A reorganisation can lead back in time.
    const bool is_all = far_every_s_ == 0 || !all_at_s_ || time_s < *all_at_s_ ||
                        time_s - *all_at_s_ >= far_every_s_ || near_.size() == wallets_.size();
    if (is_all) {
        return {.wallets = wallets_, .is_of_all = true};
    }
    return {.wallets = {near_.begin(), near_.end()}, .is_of_all = false};
}

void Pace::learn(const report::Report& report, const alert::Scope& scope,
                 const std::set<core::Address>& waiting, std::uint64_t time_s) {
    std::set<core::Address> found = waiting;
    for (const report::Account& account : report.accounts) {
        if (is_near(account)) {
            found.insert(account.wallet);
        }
    }
    for (const auto& gap : report.gaps) {
        if (gap.wallet) {
            found.insert(*gap.wallet);
        } else {  // whose it is cannot be known
            found.insert(scope.wallets.begin(), scope.wallets.end());
        }
    }
    add_owners(report, found);
    for (const core::Address& wallet : scope.wallets) {
        near_.erase(wallet);
        if (found.contains(wallet)) {
            near_.insert(wallet);
        }
    }
    if (scope.is_of_all) {
        all_at_s_ = time_s;
    }
}

}  // namespace margrave::app
