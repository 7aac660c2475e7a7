#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "margin/market.hpp"
#include "margin/venue.hpp"
#include "risk/token_prices.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::risk {

struct RescueOptions {
    core::Wad target;               ///< health factor, above 0
    std::uint64_t valid_for_s = 0;  ///< the plan reaches it whenever it is carried out within
    core::Bps swap_cost;            ///< of what a swap buys, paid on top: where no pool serves
    core::Bps slippage{50};         ///< of what a pool asks, that it may ask more when it is done
    core::Usd gas;                  ///< of one transaction: an assumption
    bool idle_only = false;         ///< no funds from outside
};

/// Where the tokens of a step come from.
enum class Funds {
    Idle,     ///< the wallet's own balance
    Account,  ///< withdrawn before: what another account of the wallet can spare, or what is lent
    Swap,     ///< bought with another balance of the wallet
    Outside,  ///< not there: somebody brings them
    Sale,     ///< bought with collateral that was withdrawn before
    Flash,    ///< lent for the moment, paid back with collateral that the bundle withdraws
};

struct TokenAmount {
    Token token;
    core::U256 amount;               ///< base units
    std::optional<core::Usd> value;  ///< rounded up; nullopt without a price
};

struct Portion {
    Funds from = Funds::Idle;
    core::U256 amount;
};

/// A row of a market of the snapshot.
struct RescueAccount {
    const margin::Market* market = nullptr;
    std::size_t row = 0;

    friend auto operator<=>(const RescueAccount&, const RescueAccount&) = default;
};

/// Where a swap is done.
struct SwapPlace {
    margin::VenueName venue;
    core::U256
        quoted;  ///< base units sold, as the pool was read; with the slippage, what is `sold`
};

/// One thing to do. A swap has no action; without a pool that serves it, it has no calldata either.
struct RescueStep {
    std::optional<margin::Action> action;
    TokenAmount tokens;               ///< what the action moves, or the swap buys
    std::optional<TokenAmount> sold;  ///< of a swap: at most so much
    std::optional<SwapPlace> place;   ///< of a swap; nullopt where no pool serves it
    /// The account when the step is done now; of a swap what it was.
    margin::Health after;
    std::optional<margin::UnsignedCall> call;
    /// Of a withdrawal of spare funds, the account that has them; `after` is its health.
    std::optional<RescueAccount> elsewhere;
    std::vector<Portion> portions;            ///< of a repayment or supply; sums to the amount
    std::vector<margin::Approval> approvals;  ///< must stand before the call
    std::string no_call_because;              ///< says why there is none
    bool in_flash = false;                    ///< only within a bundle with a flash loan
};

/// Taken out of an account of the wallet that can spare it.
struct Withdrawal {
    RescueAccount account;
    margin::Action action;
};

/// Steps that bring the account to the target, each amount the smallest that does: with one base
/// unit less of the last-sized amount it is missed at some moment of the validity.
struct RescuePlan {
    std::vector<RescueStep> steps;  ///< none takes the health below 1, or below where it was
    bool needs_flash_loan = false;
    unsigned transactions = 0;  ///< approvals and swaps included
    core::Usd gas;              ///< of all transactions
    core::Usd swap_cost;        ///< rounded up
    core::Usd capital;          ///< tokens that go in or are sold, rounded up
    core::Usd outside;          ///< those of them that are not there
    bool has_unpriced = false;  ///< then the figures leave out tokens without a price
    bool uses_outside = false;
    std::vector<TokenAmount> spent;  ///< of the wallet's idle balances
    std::vector<Withdrawal> moved;   ///< out of other accounts of the wallet
    margin::Health after;            ///< carried out now
    margin::Health after_at_end;     ///< the same, `valid_for` later
    margin::Health after_late;       ///< carried out at the end of the validity

    /// Gas and swaps; what is brought from outside is capital, not cost.
    [[nodiscard]] core::Usd cost() const { return gas + swap_cost; }
};

/// Something that does not do, and why: the protocol's refusal, "no_effect", "not_enough",
/// "crosses_one" or "unpriced".
struct RejectedLever {
    std::string what;  ///< "repay USDC from idle"
    margin::Refusal refusal;
};

enum class RescueVerdict {
    NotNeeded,    ///< holds the target for the whole validity already
    Planned,      ///< plans.front() is the cheapest
    Unreachable,  ///< nothing that was tried reaches it; `because` says so
    Unknown,      ///< the health is not known; `because` says why
};

struct AccountRescue {
    const margin::Market* market = nullptr;
    std::size_t row = 0;
    RescueVerdict verdict = RescueVerdict::NotNeeded;
    margin::Health now;
    margin::Health at_end;          ///< untouched, at the end of the validity
    std::vector<RescuePlan> plans;  ///< the cheapest first; those with outside funds last
    std::vector<RejectedLever> rejected;
    bool is_exhaustive = true;  ///< false: the search stopped at its limit of trials
    std::string because;
};

/// What earlier plans took of a wallet's funds.
struct TakenFunds {
    std::vector<TokenAmount> spent;
    std::vector<Withdrawal> moved;
};

/// The rescue of one account that alone may spend its wallet's balances and what the wallet's other
/// accounts on the chain can spare above the target, less what was taken already; pure.
[[nodiscard]] AccountRescue rescue_account(const snapshot::Snapshot& snapshot,
                                           const RescueAccount& account,
                                           const RescueOptions& options,
                                           const TakenFunds& taken = {});

struct PortfolioRescue {
    std::vector<AccountRescue> accounts;  ///< the most urgent first
    core::Usd gas;                        ///< of the first plans together
    core::Usd swap_cost;
    core::Usd outside;
};

/// The rescue of all: the accounts of one wallet on one chain share its balances and surplus, and
/// no unit is spent twice. The most urgent account chooses first, unless another order costs less
/// in all.
[[nodiscard]] PortfolioRescue rescue_portfolio(const snapshot::Snapshot& snapshot,
                                               const std::vector<RescueAccount>& accounts,
                                               const RescueOptions& options);

}  // namespace margrave::risk
