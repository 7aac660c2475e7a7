#include "risk/rescue.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "risk/rescue_search.hpp"

namespace margrave::risk {
namespace {

using core::U256;
using core::Usd;
using margin::Health;
using margin::Status;

core::Address wallet_of(const RescueAccount& account) {
    return account.market->wallet(account.row);
}

/// The wallet's balances on the account's chain, less what is spent.
std::vector<IdleBalance> idle_of(const snapshot::Snapshot& snapshot, const RescueAccount& account,
                                 const std::vector<TokenAmount>& spent) {
    std::vector<IdleBalance> out;
    for (const snapshot::Holding& holding : snapshot.holdings) {
        if (holding.chain != account.market->name().chain || holding.wallet != wallet_of(account)) {
            continue;
        }
        IdleBalance idle{.token = {.address = holding.asset,
                                   .symbol = holding.symbol,
                                   .decimals = holding.decimals},
                         .amount = holding.amount};
        for (const TokenAmount& gone : spent) {
            if (is_same(gone.token, idle.token)) {
                idle.amount = gone.amount < idle.amount ? U256(idle.amount - gone.amount) : U256(0);
            }
        }
        if (idle.amount > 0) {
            out.push_back(std::move(idle));
        }
    }
    return out;
}

/// Native coin pays the gas: that of this many transactions stays.
constexpr unsigned kGasReserve = 20;

void keep_gas(std::vector<IdleBalance>& idle, const TokenPrices& prices, const Usd& gas) {
    for (IdleBalance& balance : idle) {
        if (balance.token.address) {
            continue;
        }
        const auto value = prices.value(balance.token, balance.amount, core::Rounding::Down);
        const U256 kept = gas.value() * kGasReserve;
        balance.amount = value && value->value() > kept
                             ? core::mul_div_wide<core::Rounding::Down>(
                                   balance.amount, value->value() - kept, value->value())
                             : U256(0);
    }
    std::erase_if(idle, [](const IdleBalance& balance) { return balance.amount == 0; });
}

std::string why_unreachable(const RescueFound& found, const RescueOptions& options) {
    const bool is_modelled = std::any_of(
        found.rejected.begin(), found.rejected.end(),
        [](const RejectedLever& lever) { return lever.refusal.reason != "not_modelled"; });
    if (!found.rejected.empty() && !is_modelled) {
        return "margrave does not model what users do to this protocol";
    }
    return options.idle_only
               ? "what the wallet and the account hold does not reach the target"
               : "no action reaches the target: each is refused, or has an end before it";
}

/// The verdict that needs no search; Planned when a search is needed.
RescueVerdict first_verdict(const AccountRescue& rescue, const core::Wad& target) {
    if (rescue.now.status == Status::Unknown || rescue.at_end.status == Status::Unknown) {
        return RescueVerdict::Unknown;
    }
    return holds(rescue.now, target) && holds(rescue.at_end, target) ? RescueVerdict::NotNeeded
                                                                     : RescueVerdict::Planned;
}

/// The lower of the two; accounts without one, or whose health is unknown, come last.
std::optional<core::Wad> urgency(const AccountRescue& rescue) {
    if (!rescue.now.health_factor || !rescue.at_end.health_factor) {
        return rescue.now.health_factor;
    }
    return std::min(*rescue.now.health_factor, *rescue.at_end.health_factor);
}

bool is_more_urgent(const AccountRescue& a, const AccountRescue& b) {
    const auto first = urgency(a);
    const auto second = urgency(b);
    return first && (!second || *first < *second);
}

/// What an order of choosing leads to.
struct Allocation {
    std::vector<AccountRescue> accounts;

    /// Fewest unrescued accounts, then fewest that need help from outside, then the least cost.
    [[nodiscard]] auto rank() const {
        unsigned unreached = 0;
        unsigned outside = 0;
        U256 cost = 0;
        U256 capital = 0;
        for (const AccountRescue& account : accounts) {
            unreached += account.verdict == RescueVerdict::Unreachable ? 1U : 0U;
            if (!account.plans.empty()) {
                const RescuePlan& plan = account.plans.front();
                outside += plan.uses_outside ? 1U : 0U;
                cost += (plan.cost() + plan.outside).value();
                capital += plan.capital.value();
            }
        }
        return std::make_tuple(unreached, outside, cost, capital);
    }
};

/// Each in this order takes its cheapest plan from what those before it left.
Allocation allocate(const snapshot::Snapshot& snapshot, const std::vector<RescueAccount>& accounts,
                    const RescueOptions& options) {
    Allocation out;
    TakenFunds taken;
    for (const RescueAccount& account : accounts) {
        out.accounts.push_back(rescue_account(snapshot, account, options, taken));
        const auto& plans = out.accounts.back().plans;
        if (!plans.empty()) {
            const auto& [spent, moved] = std::tie(plans.front().spent, plans.front().moved);
            taken.spent.insert(taken.spent.end(), spent.begin(), spent.end());
            taken.moved.insert(taken.moved.end(), moved.begin(), moved.end());
        }
    }
    return out;
}

/// The cheapest of all orders, of a few accounts; the first of equals, so the most urgent chooses
/// first unless that costs more.
Allocation allocate_best(const snapshot::Snapshot& snapshot,
                         const std::vector<AccountRescue>& urgent, const RescueOptions& options) {
    constexpr std::size_t kPermutedMax = 4;
    std::vector<RescueAccount> accounts;
    accounts.reserve(urgent.size());
    for (const AccountRescue& account : urgent) {
        accounts.push_back({.market = account.market, .row = account.row});
    }
    Allocation best = allocate(snapshot, accounts, options);
    // Alone, each would do at least as well: nothing to gain by another order.
    if (best.rank() == Allocation{urgent}.rank() || accounts.size() > kPermutedMax) {
        return best;
    }
    std::vector<std::size_t> order(accounts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    while (std::next_permutation(order.begin(), order.end())) {
        std::vector<RescueAccount> permuted;
        permuted.reserve(order.size());
        for (const std::size_t i : order) {
            permuted.push_back(accounts[i]);
        }
        Allocation other = allocate(snapshot, permuted, options);
        if (other.rank() < best.rank()) {
            best = std::move(other);
        }
    }
    return best;
}

}  // namespace

AccountRescue rescue_account(const snapshot::Snapshot& snapshot, const RescueAccount& account,
                             const RescueOptions& options, const TakenFunds& taken) {
    const TokenPrices prices(snapshot, account.market->name().chain);
    const SwapQuotes quotes(snapshot, account.market->name().chain);
    RescueScene scene{.market = *account.market,
                      .row = account.row,
                      .options = options,
                      .prices = prices,
                      .quotes = quotes,
                      .idle = idle_of(snapshot, account, taken.spent),
                      .donors = {},
                      .forks = {}};
    keep_gas(scene.idle, prices, options.gas);
    find_donors(snapshot, taken.moved, scene);
    const RescueTable table(scene);

    AccountRescue out;
    out.market = account.market;
    out.row = account.row;
    out.now = account.market->health(account.row);
    out.at_end = table.at_end().health(account.row);
    out.verdict = first_verdict(out, options.target);
    if (out.verdict == RescueVerdict::Unknown) {
        out.because = out.now.status == Status::Unknown ? out.now.unknown_because
                                                        : out.at_end.unknown_because;
    }
    if (out.verdict != RescueVerdict::Planned) {
        return out;
    }
    RescueFound found = search_rescue(table);
    if (found.plans.empty()) {
        out.verdict = RescueVerdict::Unreachable;
        out.because = why_unreachable(found, options);
    }
    out.plans = std::move(found.plans);
    out.rejected = std::move(found.rejected);
    out.is_exhaustive = found.is_exhaustive;
    return out;
}

PortfolioRescue rescue_portfolio(const snapshot::Snapshot& snapshot,
                                 const std::vector<RescueAccount>& accounts,
                                 const RescueOptions& options) {
    PortfolioRescue out;
    // Those that share balances: of one wallet on one chain.
    std::map<std::pair<std::string, core::Address>, std::vector<AccountRescue>> groups;
    for (const RescueAccount& account : accounts) {
        AccountRescue alone = rescue_account(snapshot, account, options);
        if (alone.plans.empty()) {
            out.accounts.push_back(std::move(alone));
        } else {
            groups[{account.market->name().chain, wallet_of(account)}].push_back(std::move(alone));
        }
    }
    for (auto& [key, group] : groups) {
        std::stable_sort(group.begin(), group.end(), is_more_urgent);
        Allocation allocation = group.size() == 1 ? Allocation{std::move(group)}
                                                  : allocate_best(snapshot, group, options);
        for (AccountRescue& account : allocation.accounts) {
            if (!account.plans.empty()) {
                const RescuePlan& plan = account.plans.front();
                out.gas = out.gas + plan.gas;
                out.swap_cost = out.swap_cost + plan.swap_cost;
                out.outside = out.outside + plan.outside;
            }
            out.accounts.push_back(std::move(account));
        }
    }
    std::stable_sort(out.accounts.begin(), out.accounts.end(), is_more_urgent);
    return out;
}

}  // namespace margrave::risk
