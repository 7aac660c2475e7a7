#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/u256.hpp"
#include "margin/market.hpp"
#include "risk/rescue.hpp"
#include "risk/swap_quotes.hpp"
#include "risk/token_prices.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::risk {

/// A leg that can be withdrawn while its account keeps the target: of another account of the
/// wallet, or what this one lends without posting it.
struct Donor {
    RescueAccount account;  ///< of the snapshot, or of a fork from which something is taken already
    RescueAccount shown;    ///< of the snapshot
    margin::ActionKind withdraw = margin::ActionKind::Withdraw;
    Token token;
    core::U256 amount;  ///< of the leg; less may be free
};

/// One way to raise an account's health; all but the switches take an amount.
struct Lever {
    enum class Kind { Emode, EnableCollateral, Repay, Supply };
    Kind kind = Kind::Repay;
    Funds from = Funds::Idle;
    Token token;  ///< repaid, supplied or enabled
    Token
        source;  ///< what pays: the same, the balance that is swapped, the collateral that is sold
    std::uint64_t category = 0;                                  ///< of Emode
    margin::ActionKind supply = margin::ActionKind::Supply;      ///< the protocol's way to post
    margin::ActionKind withdraw = margin::ActionKind::Withdraw;  ///< and to take back
    bool enables = false;          ///< what is supplied must be enabled as collateral too
    bool only_alone = false;       ///< never cheaper in company
    bool is_late = false;          ///< of Emode: taken only after repayments
    const Donor* donor = nullptr;  ///< of Account, and of a swap of what it withdraws

    [[nodiscard]] bool is_switch() const {
        return kind == Kind::Emode || kind == Kind::EnableCollateral;
    }
    [[nodiscard]] bool sells() const { return from == Funds::Sale || from == Funds::Flash; }
    [[nodiscard]] bool swaps() const {
        return (from == Funds::Swap || sells()) && !is_same(token, source);
    }
};

/// "repay USDC, swapped from WETH"
[[nodiscard]] std::string describe(const Lever& lever);

/// A lever pulled this far; a switch has no amount.
struct Pull {
    Lever lever;
    core::U256 amount;  ///< base units of lever.token
};

/// A balance of the wallet that no account holds.
struct IdleBalance {
    Token token;
    core::U256 amount;
};

/// An account as levers see it, today and at the end of the validity.
struct RescueScene {
    const margin::Market& market;
    std::size_t row;
    const RescueOptions& options;
    const TokenPrices& prices;
    const SwapQuotes& quotes;
    std::vector<IdleBalance> idle;
    std::vector<Donor> donors;
    std::vector<std::unique_ptr<margin::Market>> forks;  ///< behind donors
};

/// What the wallet's other accounts on the chain hold and this account lends, where the account
/// holds the target now and at the end of the validity. Fills `donors` and `forks`.
void find_donors(const snapshot::Snapshot& snapshot, const std::vector<Withdrawal>& moved,
                 RescueScene& scene);

/// Every lever that the account's legs and the wallet's balances allow; what the protocol thinks of
/// them is not asked yet, but of the switches, which stand only where they raise the health.
[[nodiscard]] std::vector<Lever> find_levers(const RescueScene& scene);

/// What `amount` bought with a swap takes of the source at most, rounded up: what the cheapest pool
/// asks and the slippage, or, where no pool serves the pair, its worth and the assumed swap cost.
/// nullopt without prices, and where the pools do not sell so much. Without a swap it is the
/// amount.
[[nodiscard]] std::optional<core::U256> price_of(const RescueScene& scene, const Lever& lever,
                                                 const core::U256& amount);
/// The most that `funds` of the source buy, rounded down.
[[nodiscard]] std::optional<core::U256> bought_with(const RescueScene& scene, const Lever& lever,
                                                    const core::U256& funds);

/// How the protocol takes and gives back collateral: where it keeps what is lent apart, supplying
/// is not posting.
struct Posting {
    margin::ActionKind supply = margin::ActionKind::Supply;
    margin::ActionKind withdraw = margin::ActionKind::Withdraw;
};
[[nodiscard]] Posting posting_of(const RescueAccount& account, const Token& token);

/// True when the health reaches the target, as no debt always does.
[[nodiscard]] bool holds(const margin::Health& health, const core::Wad& target);

/// Sum of the legs of this side, in base units.
[[nodiscard]] core::U256 balance_of(const std::vector<margin::Leg>& legs,
                                    const core::Address& asset, margin::Side side);

}  // namespace margrave::risk
