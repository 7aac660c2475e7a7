#include "report/totals.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/u256.hpp"

namespace margrave::report {

namespace {

using AccountKey = std::pair<margin::MarketName, core::Address>;

/// Adds what is known; a value that is missing, or too large to add, makes the total incomplete.
void add(const std::optional<core::Usd>& value, core::Usd& total, bool& complete) {
    if (!value || value->value() > core::max_u256() - total.value()) {
        complete = false;
        return;
    }
    total = total + *value;
}

class Totals {
  public:
    explicit Totals(const std::vector<core::Address>& wallets) {
        for (const core::Address& wallet : wallets) {
            of(wallet);
        }
    }

    /// In the order in which they were first named.
    WalletTotal& of(const core::Address& wallet) {
        const auto [found, is_new] = index_.emplace(wallet, totals_.size());
        if (is_new) {
            totals_.push_back(
                {.wallet = wallet, .collateral_and_supply = {}, .debt = {}, .idle = {}});
        }
        return totals_[found->second];
    }
    std::vector<WalletTotal>& all() { return totals_; }

  private:
    std::vector<WalletTotal> totals_;
    std::map<core::Address, std::size_t> index_;
};

/// The larger of the protocol's own figure, rounded up, and the sum of the legs, which round down
/// but keep digits that a protocol's quote may drop. The legs alone where one of them has no value.
void add_debt(const Account& account, WalletTotal& total) {
    core::Usd debt;
    bool complete = true;
    for (const Leg& leg : account.legs) {
        if (leg.leg.side == margin::Side::Debt) {
            add(leg.leg.value, debt, complete);
        }
    }
    if (complete) {
        debt = std::max(debt, account.health.debt_usd.value_or(core::Usd()));
    }
    add(debt, total.debt, total.debt_complete);
    total.debt_complete = total.debt_complete && complete;
}

void add_account(const Account& account, Totals& totals) {
    WalletTotal& total = totals.of(account.wallet);
    add_debt(account, total);
    for (const Leg& leg : account.legs) {
        if (leg.leg.side != margin::Side::Debt) {
            add(leg.leg.value, total.collateral_and_supply, total.assets_complete);
        }
    }
}

std::set<AccountKey> accounts_read(const snapshot::Snapshot& snapshot) {
    std::set<AccountKey> read;
    for (const auto& market : snapshot.markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            read.emplace(market->name(), market->wallet(row));
        }
    }
    return read;
}

/// What a gap takes from the totals of the wallets it concerns.
class GapEffect {
  public:
    explicit GapEffect(const snapshot::Snapshot& snapshot) : read_(accounts_read(snapshot)) {
        for (const snapshot::ChainCut& cut : snapshot.chains) {
            chains_.insert(cut.chain);
        }
    }

    void apply(const snapshot::CoverageGap& gap, WalletTotal& total) const {
        // An account that was read shows its own holes: a leg without amount, price or value.
        if (read_.contains({{gap.protocol, gap.chain, gap.market}, total.wallet})) {
            return;
        }
        total.assets_complete = false;
        // A gap of a chain that was read, but of no protocol, is a token balance: never a debt.
        if (!gap.protocol.empty() || !chains_.contains(gap.chain)) {
            total.debt_complete = false;
        }
    }

  private:
    std::set<AccountKey> read_;
    std::set<std::string> chains_;
};

}  // namespace

std::vector<WalletTotal> wallet_totals(const snapshot::Snapshot& snapshot, const Report& report) {
    Totals totals(snapshot.wallets);
    for (const Account& account : report.accounts) {
        add_account(account, totals);
    }
    for (const Holding& holding : report.holdings) {
        if (holding.counted_in) {
            continue;
        }
        WalletTotal& total = totals.of(holding.holding.wallet);
        add(holding.value, total.idle, total.assets_complete);
    }
    const GapEffect effect(snapshot);
    for (const snapshot::CoverageGap& gap : report.gaps) {
        if (gap.wallet) {
            effect.apply(gap, totals.of(*gap.wallet));
            continue;
        }
        for (WalletTotal& total : totals.all()) {
            effect.apply(gap, total);
        }
    }
    return std::move(totals.all());
}

}  // namespace margrave::report
