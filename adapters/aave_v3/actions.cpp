#include <algorithm>
#include <stdexcept>
#include <utility>

#include "adapters/aave_v3/attempt.hpp"
#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rates.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "core/errors.hpp"
#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

/// What the owner of an account does, as SupplyLogic, BorrowLogic, EModeLogic and ValidationLogic
/// do it at each tag: the same checks in the same order, each refusal where the contract reverts.
/// README.md lists them.
namespace margrave::adapters::aave_v3 {
namespace {

using core::ray_div;
using core::Rounding;
using core::U256;
using margin::Action;
using margin::ActionKind;
using margin::ActionOutcome;
using margin::Exact;
using margin::Refusal;

/// A revert: leaves the call at once and is turned into a Refusal at its edge, in apply().
struct Reverted {
    Refusal refusal;
};

void require(bool holds, const char* reason, const std::string& detail = "") {
    if (!holds) {
        throw Reverted{{.reason = reason, .detail = detail}};
    }
}

/// Which of the rules that changed apply. Each holds from the named revision on.
struct Rules {
    explicit Rules(const Behaviour& behaviour)
        : emode_bitmaps(behaviour.emode != EmodeKind::OnePerAsset),
          flags_from_shares(behaviour.virtual_balance == VirtualBalance::Always),
          works_in_shares(behaviour.rounds_against_user),
          emode_terms(behaviour.emode == EmodeKind::OwnTerms),
          no_isolation(behaviour.has_isolated_emodes) {}

    bool emode_bitmaps;      ///< 3.2: every change of e-mode checks health, none does nothing
    bool flags_from_shares;  ///< 3.4: the borrow flag falls with the last share
    bool works_in_shares;    ///< 3.5: checks are of shares, a borrow is checked when it is done
    bool emode_terms;        ///< 3.6: the e-mode alone says what is collateral and borrowable in it
    bool no_isolation;       ///< 3.7: isolation mode, siloed borrowing and the sentinel are gone
};

/// SafeCast to the width in which tokens keep shares: 128 bits, since 3.4 120.
U256 to_share_width(const Rules& rules, const U256& shares) {
    if ((shares >> (rules.flags_from_shares ? 120 : 128)) != 0) {
        throw std::overflow_error("shares do not fit the bits they are stored in");
    }
    return shares;
}

enum class Leaning { Down, Up };

/// Amount to shares: half-up, since 3.5 against the user. Source: ScaledBalanceTokenBase;
/// TokenMath.
U256 to_shares(const Rules& rules, const U256& amount, const U256& index, Leaning leaning) {
    if (!rules.works_in_shares) {
        return ray_div<Rounding::HalfUp>(amount, index);
    }
    return leaning == Leaning::Down ? ray_div<Rounding::Down>(amount, index)
                                    : ray_div<Rounding::Up>(amount, index);
}

/// The account's balance there; a fresh one stands where its id belongs.
Balance& balance_in(Account& account, unsigned reserve_id) {
    auto& balances = account.balances;
    const auto known = std::find_if(balances.begin(), balances.end(), [&](const Balance& balance) {
        return balance.reserve_id == reserve_id;
    });
    if (known != balances.end()) {
        return *known;
    }
    const auto next = std::find_if(balances.begin(), balances.end(), [&](const Balance& balance) {
        return balance.reserve_id > reserve_id;
    });
    Balance fresh;
    fresh.reserve_id = reserve_id;
    return *balances.insert(next, fresh);
}

/// UserConfiguration.setBorrowing and setUsingAsCollateral.
void set_bit(Account& account, unsigned bit, bool on) {
    U256 word = account.configuration.word();
    account.configuration = UserConfiguration(on ? bit_set(word, bit) : bit_unset(word, bit));
}
void set_borrowing(Account& account, unsigned id, bool on) { set_bit(account, 2 * id, on); }
void set_as_collateral(Account& account, unsigned id, bool on) { set_bit(account, 2 * id + 1, on); }

/// Reserve ids with their borrow bit (0) or their collateral bit (1) set, in rising order.
std::vector<unsigned> ids_with(const Account& account, unsigned which) {
    std::vector<unsigned> out;
    for (unsigned id = 0; id < 128; ++id) {
        if (bit_test(account.configuration.word(), 2 * id + which)) {
            out.push_back(id);
        }
    }
    return out;
}
std::vector<unsigned> borrowed_ids(const Account& account) { return ids_with(account, 0); }
std::vector<unsigned> collateral_ids(const Account& account) { return ids_with(account, 1); }

/// What the contracts mean by type(uint256).max, of a withdrawal and a repayment.
bool is_everything(const Action& action) {
    return !action.amount || *action.amount == core::max_u256();
}

}  // namespace

/// One call of an account's owner, on state that is put back unless it succeeds.
class AaveMarket::Call {
  public:
    Call(AaveMarket& market, std::size_t row, Attempt& attempt)
        : market_(market),
          behaviour_(*market.state_.behaviour),
          rules_(behaviour_),
          attempt_(attempt),
          account_(market.state_.accounts.at(row)) {}

    ActionOutcome run(const Action& action) {
        if (action.kind == ActionKind::SetEmode) {
            set_emode(action.category);
            return {};
        }
        require(action.kind != ActionKind::SupplyCollateral &&
                    action.kind != ActionKind::WithdrawCollateral,
                "not_modelled", "what is lent is the collateral here: supply and withdraw");
        Reserve& reserve = open(action.asset);
        switch (action.kind) {
            case ActionKind::Supply:
                return supply(reserve, action);
            case ActionKind::Withdraw:
                return withdraw(reserve, action);
            case ActionKind::Borrow:
                return borrow(reserve, action);
            case ActionKind::Repay:
                return repay(reserve, action);
            default:
                set_collateral(reserve, action.enable);
                return {};
        }
    }

  private:
    /// What GenericLogic.calculateUserAccountData answers; `health_factor` is nullopt without debt.
    struct Solvency {
        U256 collateral;
        U256 debt;
        U256 ltv_bps;
        std::optional<U256> health_factor;
    };

    ActionOutcome supply(Reserve& reserve, const Action& action);
    ActionOutcome withdraw(Reserve& reserve, const Action& action);
    ActionOutcome borrow(Reserve& reserve, const Action& action);
    ActionOutcome repay(Reserve& reserve, const Action& action);
    void set_collateral(const Reserve& reserve, bool enable);
    void set_emode(std::uint64_t category);

    Reserve& open(const core::Address& asset);
    void move_to_now(Reserve& reserve);
    void let_flow(Reserve& reserve, const Flow& flow);

    void require_open(const Reserve& reserve) const;
    void check_supply_cap(const Reserve& reserve, const U256& amount, const U256& shares) const;
    void check_borrow(const Reserve& reserve, const U256& amount, const U256& shares) const;
    void check_enough_supplied(const Reserve& reserve, const U256& amount,
                               const U256& shares) const;
    void check_borrow_cap(const Reserve& reserve, const U256& amount, const U256& shares) const;
    void check_borrowable_in_emode(const Reserve& reserve) const;
    void check_cover_before(const Reserve& reserve, const U256& amount) const;
    void check_cover_after() const;
    void check_siloed(const Reserve& reserve) const;
    void check_isolated_debt(const Reserve& borrowed, const U256& amount) const;
    void check_debts_allowed(const EmodeCategory* next) const;
    void check_health() const;
    void check_health_and_zero_ltv(const Reserve& leaving) const;

    void add_isolated_debt(const Reserve& borrowed, const U256& amount);
    void reduce_isolated_debt(const Reserve& repaid, const U256& amount);

    [[nodiscard]] Solvency solvency() const;
    [[nodiscard]] bool may_be_collateral(const Reserve& reserve) const;
    [[nodiscard]] bool is_isolated(const Reserve& reserve) const;
    [[nodiscard]] const Reserve* isolated_collateral() const;
    [[nodiscard]] std::uint64_t user_ltv_bps(const Reserve& reserve) const;
    [[nodiscard]] bool has_zero_ltv_collateral() const;
    [[nodiscard]] const EmodeCategory* known_emode(std::uint64_t category) const;

    AaveMarket& market_;
    const Behaviour& behaviour_;
    const Rules rules_;
    Attempt& attempt_;
    Account& account_;
};

Reserve& AaveMarket::Call::open(const core::Address& asset) {
    Reserve* const reserve = attempt_.touch(asset);
    require(reserve != nullptr, "unknown_asset", asset.to_string() + " is no reserve here");
    require(reserve->totals.has_value(), "not_read",
            "what the reserve of " + reserve->symbol + " has in total is not known");
    require(behaviour_.virtual_balance != VirtualBalance::ByFlag ||
                reserve->totals->virtual_balance.has_value(),
            "not_modelled", reserve->symbol + " is minted by the pool at this revision");
    return *reserve;
}

void AaveMarket::Call::move_to_now(Reserve& reserve) {
    update_state(behaviour_, reserve, market_.time_);
    market_.indexes_[reserve.id] = {.supply = reserve.liquidity_index,
                                    .debt = reserve.borrow_index};
}

/// The strategy subtracts what is taken from what is there, then the token pays it out: whichever
/// notices first, the call reverts here.
void AaveMarket::Call::let_flow(Reserve& reserve, const Flow& flow) {
    require(flow.taken <= free_liquidity(reserve), "insufficient_liquidity",
            core::to_decimal(free_liquidity(reserve)) + " base units of " + reserve.symbol +
                " are free");
    update_rates(behaviour_, reserve, market_.time_, flow);
}

void AaveMarket::Call::require_open(const Reserve& reserve) const {
    require(reserve.configuration.is_active(), "reserve_inactive");
    require(!reserve.configuration.is_paused(), "paused");
}

// ------------------------------------------------------------------------------------------ supply

/// Source: SupplyLogic.executeSupply, ValidationLogic.validateSupply.
ActionOutcome AaveMarket::Call::supply(Reserve& reserve, const Action& action) {
    move_to_now(reserve);
    const U256 amount = action.amount.value_or(U256(0));
    const U256 shares = to_shares(rules_, amount, reserve.liquidity_index, Leaning::Down);
    require((rules_.works_in_shares ? shares : amount) != 0, "invalid_amount");
    require_open(reserve);
    require(!reserve.configuration.is_frozen(), "frozen");
    check_supply_cap(reserve, amount, shares);
    let_flow(reserve, {.added = amount, .taken = 0});
    require(shares != 0, "invalid_amount", "it is less than half a share");

    Balance& balance = balance_in(account_, reserve.id);
    const bool is_first = balance.scaled_supply == 0;
    balance.scaled_supply += to_share_width(rules_, shares);
    reserve.totals->scaled_supply += shares;
    // Only suppliers with a role of their own get isolated collateral enabled; margrave takes the
    // wallet for none of them.
    if (is_first && !is_isolated(reserve) && may_be_collateral(reserve)) {
        set_as_collateral(account_, reserve.id, true);
    }
    return {.amount = amount};
}

/// Until 3.4 what is there, rounded, and the amount; since 3.5 the shares together.
void AaveMarket::Call::check_supply_cap(const Reserve& reserve, const U256& amount,
                                        const U256& shares) const {
    const std::uint64_t cap = reserve.configuration.supply_cap();
    if (cap == 0) {
        return;
    }
    const U256 present = reserve.totals->scaled_supply + reserve.accrued_to_treasury;
    const U256 after =
        rules_.works_in_shares
            ? supply_balance<Exact>(behaviour_, present + shares, reserve.liquidity_index)
            : supply_balance<Exact>(behaviour_, present, reserve.liquidity_index) + amount;
    require(after <= cap * core::pow10(reserve.configuration.decimals()), "supply_cap_exceeded");
}

// ---------------------------------------------------------------------------------------- withdraw

/// Source: SupplyLogic.executeWithdraw, ValidationLogic.validateWithdraw.
ActionOutcome AaveMarket::Call::withdraw(Reserve& reserve, const Action& action) {
    move_to_now(reserve);
    Balance& balance = balance_in(account_, reserve.id);
    const U256 held =
        supply_balance<Exact>(behaviour_, balance.scaled_supply, reserve.liquidity_index);
    const bool is_all = is_everything(action);
    const U256 amount = is_all ? held : *action.amount;
    const U256 shares = is_all && rules_.works_in_shares
                            ? balance.scaled_supply
                            : to_shares(rules_, amount, reserve.liquidity_index, Leaning::Up);
    require((rules_.works_in_shares ? shares : amount) != 0, "invalid_amount");
    require(rules_.works_in_shares ? shares <= balance.scaled_supply : amount <= held,
            "not_enough_balance",
            core::to_decimal(held) + " base units of " + reserve.symbol + " are supplied");
    require_open(reserve);
    let_flow(reserve, {.added = 0, .taken = amount});
    require(shares != 0, "invalid_amount", "it is less than half a share");

    const bool was_collateral = account_.configuration.is_collateral(reserve.id);
    balance.scaled_supply = balance.scaled_supply - to_share_width(rules_, shares);
    reserve.totals->scaled_supply = reserve.totals->scaled_supply - shares;
    const bool is_gone = rules_.works_in_shares ? balance.scaled_supply == 0 : amount == held;
    if (was_collateral && is_gone) {
        set_as_collateral(account_, reserve.id, false);
    }
    if (was_collateral && !borrowed_ids(account_).empty()) {
        check_health_and_zero_ltv(reserve);
    }
    return {.amount = amount};
}

// ------------------------------------------------------------------------------------------ borrow

/// Source: BorrowLogic.executeBorrow; since 3.5 ValidationLogic.validateHFAndLtv when it is done.
ActionOutcome AaveMarket::Call::borrow(Reserve& reserve, const Action& action) {
    move_to_now(reserve);
    const U256 amount = action.amount.value_or(U256(0));
    const U256 shares = to_shares(rules_, amount, reserve.borrow_index, Leaning::Up);
    check_borrow(reserve, amount, shares);
    require(shares != 0, "invalid_amount", "it is less than half a share");

    balance_in(account_, reserve.id).scaled_debt += to_share_width(rules_, shares);
    reserve.totals->scaled_debt += shares;
    set_borrowing(account_, reserve.id, true);
    if (rules_.flags_from_shares) {
        check_isolated_debt(reserve, amount);
    }
    add_isolated_debt(reserve, amount);
    let_flow(reserve, {.added = 0, .taken = amount});
    if (rules_.works_in_shares) {
        check_cover_after();
    }
    return {.amount = amount};
}

/// Source: ValidationLogic.validateBorrow, whose order changed in 3.4, 3.5 and 3.6.
void AaveMarket::Call::check_borrow(const Reserve& reserve, const U256& amount,
                                    const U256& shares) const {
    require((rules_.works_in_shares ? shares : amount) != 0, "invalid_amount");
    require_open(reserve);
    require(!reserve.configuration.is_frozen(), "frozen");
    if (rules_.emode_terms) {
        check_borrowable_in_emode(reserve);
    }
    if (!rules_.emode_terms || account_.emode_category == 0) {
        require(reserve.configuration.is_borrowing_enabled(), "borrowing_not_enabled");
    }
    check_enough_supplied(reserve, amount, shares);
    require(!behaviour_.has_sentinel || market_.state_.borrow_allowed.value_or(true),
            "price_oracle_sentinel");
    check_borrow_cap(reserve, amount, shares);
    if (!rules_.flags_from_shares) {
        check_isolated_debt(reserve, amount);
    }
    if (!rules_.emode_terms) {
        check_borrowable_in_emode(reserve);
    }
    if (!rules_.works_in_shares) {
        check_cover_before(reserve, amount);
    }
    check_siloed(reserve);
}

/// Since 3.1, where the pool counts the underlying: nobody borrows more than is supplied in all.
void AaveMarket::Call::check_enough_supplied(const Reserve& reserve, const U256& amount,
                                             const U256& shares) const {
    if (behaviour_.virtual_balance == VirtualBalance::None) {
        return;
    }
    const U256 asked = rules_.works_in_shares
                           ? debt_balance<Exact>(behaviour_, shares, reserve.borrow_index)
                           : amount;
    require(total_supply(behaviour_, reserve) >= asked, "invalid_amount",
            "more than all that is supplied of " + reserve.symbol);
}

/// Until 3.4 what is owed, rounded, and the amount; since 3.5 the shares together.
void AaveMarket::Call::check_borrow_cap(const Reserve& reserve, const U256& amount,
                                        const U256& shares) const {
    const std::uint64_t cap = reserve.configuration.borrow_cap();
    if (cap == 0) {
        return;
    }
    const U256 after = rules_.works_in_shares
                           ? debt_balance<Exact>(behaviour_, reserve.totals->scaled_debt + shares,
                                                 reserve.borrow_index)
                           : total_stable_debt(behaviour_, reserve, market_.time_) +
                                 total_variable_debt(behaviour_, reserve) + amount;
    require(after <= cap * core::pow10(reserve.configuration.decimals()), "borrow_cap_exceeded");
}

void AaveMarket::Call::check_borrowable_in_emode(const Reserve& reserve) const {
    if (account_.emode_category == 0) {
        return;
    }
    if (!rules_.emode_bitmaps) {
        require(reserve.configuration.emode_category() == account_.emode_category,
                "inconsistent_emode_category");
        return;
    }
    require(known_emode(account_.emode_category)->borrowable.test(reserve.id),
            "not_borrowable_in_emode");
}

/// Until 3.4 the account as it is must be healthy, not merely at the limit, and its collateral must
/// cover what it owes and the amount. Until 3.1 an e-mode's price source prices what is borrowed.
void AaveMarket::Call::check_cover_before(const Reserve& reserve, const U256& amount) const {
    const Solvency now = solvency();
    require(now.collateral != 0, "collateral_balance_is_zero");
    require(now.ltv_bps != 0, "ltv_validation_failed");
    require(!now.health_factor || *now.health_factor > core::wad(), "health_factor_too_low");
    const EmodeCategory* category = market_.emode(account_);
    const bool by_category = !rules_.emode_bitmaps && category != nullptr && category->price;
    const auto& price = by_category ? category->price : reserve.price;
    require(price.has_value(), "no_price", reserve.price_trouble);
    const U256 value = core::mul_div<Rounding::Down>(price->answer, amount,
                                                     core::pow10(reserve.configuration.decimals()));
    require(core::percent_div<Rounding::HalfUp>(now.debt + value, now.ltv_bps) <= now.collateral,
            "collateral_cannot_cover_new_borrow");
}

/// Since 3.5 the account as it will be: health of 1 is enough, and the division rounds up.
void AaveMarket::Call::check_cover_after() const {
    const Solvency after = solvency();
    require(after.ltv_bps != 0, "ltv_validation_failed");
    require(!after.health_factor || *after.health_factor >= core::wad(), "health_factor_too_low");
    require(after.collateral >= core::percent_div<Rounding::Up>(after.debt, after.ltv_bps),
            "collateral_cannot_cover_new_borrow");
}

/// A siloed asset is borrowed alone. Source: UserConfiguration.getSiloedBorrowingState.
void AaveMarket::Call::check_siloed(const Reserve& reserve) const {
    const std::vector<unsigned> borrowed = borrowed_ids(account_);
    if (rules_.no_isolation || borrowed.empty()) {
        return;
    }
    const auto first = market_.state_.reserves.find(borrowed.front());
    const bool is_silo = borrowed.size() == 1 && first != market_.state_.reserves.end() &&
                         first->second.configuration.is_siloed();
    require(is_silo ? first->first == reserve.id : !reserve.configuration.is_siloed(),
            "siloed_borrowing_violation");
}

// --------------------------------------------------------------------------------- isolation mode

bool AaveMarket::Call::is_isolated(const Reserve& reserve) const {
    return !rules_.no_isolation && reserve.configuration.debt_ceiling() != 0;
}

/// The account's only collateral, when that has a debt ceiling; else nullptr.
/// Source: UserConfiguration.getIsolationModeState.
const Reserve* AaveMarket::Call::isolated_collateral() const {
    const std::vector<unsigned> ids = collateral_ids(account_);
    const auto only =
        ids.size() == 1 ? market_.state_.reserves.find(ids.front()) : market_.state_.reserves.end();
    return only != market_.state_.reserves.end() && is_isolated(only->second) ? &only->second
                                                                              : nullptr;
}

namespace {

/// In the ceiling's two decimals, rounded down.
U256 to_isolated_units(const Reserve& borrowed, const U256& amount) {
    const unsigned decimals = borrowed.configuration.decimals();
    if (decimals < 2) {
        throw std::range_error("an asset of fewer than two decimals is owed in isolation");
    }
    return amount / core::pow10(decimals - 2);
}

}  // namespace

void AaveMarket::Call::check_isolated_debt(const Reserve& borrowed, const U256& amount) const {
    const Reserve* const collateral = isolated_collateral();
    if (collateral == nullptr) {
        return;
    }
    require(borrowed.configuration.is_borrowable_in_isolation(),
            "asset_not_borrowable_in_isolation");
    require(collateral->isolation_mode_total_debt + to_isolated_units(borrowed, amount) <=
                collateral->configuration.debt_ceiling(),
            "debt_ceiling_exceeded");
}

void AaveMarket::Call::add_isolated_debt(const Reserve& borrowed, const U256& amount) {
    if (const Reserve* const collateral = isolated_collateral(); collateral != nullptr) {
        Reserve& changed = *attempt_.touch(collateral->id);
        changed.isolation_mode_total_debt =
            changed.isolation_mode_total_debt + to_isolated_units(borrowed, amount);
    }
}

/// Interest was never added, so a full repayment may subtract more than there is.
void AaveMarket::Call::reduce_isolated_debt(const Reserve& repaid, const U256& amount) {
    if (const Reserve* const collateral = isolated_collateral(); collateral != nullptr) {
        Reserve& changed = *attempt_.touch(collateral->id);
        const U256 units = to_isolated_units(repaid, amount);
        const U256 before = changed.isolation_mode_total_debt;
        changed.isolation_mode_total_debt = before > units ? U256(before - units) : U256(0);
    }
}

// ------------------------------------------------------------------------------------------- repay

/// Source: BorrowLogic.executeRepay, ValidationLogic.validateRepay. Repaid is variable debt.
ActionOutcome AaveMarket::Call::repay(Reserve& reserve, const Action& action) {
    move_to_now(reserve);
    Balance& balance = balance_in(account_, reserve.id);
    require(!balance.debt_by_balance, "not_modelled", "the debt has a discount of its own");
    const U256 debt = debt_balance<Exact>(behaviour_, balance.scaled_debt, reserve.borrow_index);
    require(action.amount != U256(0), "invalid_amount");
    require_open(reserve);
    require((rules_.works_in_shares ? balance.scaled_debt : debt) != 0, "no_debt");

    const U256 amount = is_everything(action) ? debt : std::min(*action.amount, debt);
    const U256 shares = to_shares(rules_, amount, reserve.borrow_index, Leaning::Down);
    require(shares != 0, "invalid_amount", "it is less than a share");
    balance.scaled_debt = balance.scaled_debt - to_share_width(rules_, shares);
    reserve.totals->scaled_debt = reserve.totals->scaled_debt - shares;
    let_flow(reserve, {.added = amount, .taken = 0});
    const bool owes_stable = balance.stable_debt && balance.stable_debt->principal != 0;
    const bool is_paid = rules_.flags_from_shares ? balance.scaled_debt == 0 : amount == debt;
    if (is_paid && !owes_stable) {
        set_borrowing(account_, reserve.id, false);
    }
    reduce_isolated_debt(reserve, amount);
    return {.amount = amount};
}

// --------------------------------------------------------------------------- collateral and e-mode

/// Source: SupplyLogic.executeUseReserveAsCollateral, validateSetUseReserveAsCollateral. It moves
/// no index. Until 3.3 an empty balance is refused first, whatever is asked.
void AaveMarket::Call::set_collateral(const Reserve& reserve, bool enable) {
    const Balance& balance = balance_in(account_, reserve.id);
    require(rules_.flags_from_shares || market_.amounts<Exact>(balance).supply != 0, "no_supply");
    require_open(reserve);
    if (enable == account_.configuration.is_collateral(reserve.id)) {
        return;
    }
    if (!enable) {
        set_as_collateral(account_, reserve.id, false);
        check_health_and_zero_ltv(reserve);
        return;
    }
    require(balance.scaled_supply != 0, "no_supply");
    require(may_be_collateral(reserve), rules_.no_isolation ? "zero_ltv" : "isolation_or_zero_ltv");
    set_as_collateral(account_, reserve.id, true);
}

/// Source: EModeLogic.executeSetUserEMode, validateSetUserEMode. Until 3.1 health is checked only
/// when an e-mode is left.
void AaveMarket::Call::set_emode(std::uint64_t category) {
    const std::uint64_t before = account_.emode_category;
    if (rules_.emode_bitmaps && category == before) {
        return;
    }
    const EmodeCategory* const next = category == 0 ? nullptr : known_emode(category);
    require(next == nullptr || next->liquidation_threshold_bps != 0, "inconsistent_emode_category");
    account_.emode_category = category;
    check_debts_allowed(next);
    if (rules_.emode_bitmaps || before != 0) {
        check_health();
    }
}

/// Whatever is owed must be borrowable in the next e-mode; since 3.6 also when that is none, and
/// whatever is collateral must have an LTV there. Reserve by reserve, as the contract goes.
void AaveMarket::Call::check_debts_allowed(const EmodeCategory* next) const {
    for (const auto& [id, reserve] : market_.state_.reserves) {
        if (account_.configuration.is_borrowing(id)) {
            if (rules_.emode_terms) {
                require(next != nullptr ? next->borrowable.test(id)
                                        : reserve.configuration.is_borrowing_enabled(),
                        "debt_not_allowed_in_emode", reserve.symbol);
            } else if (next != nullptr && rules_.emode_bitmaps) {
                require(next->borrowable.test(id), "not_borrowable_in_emode", reserve.symbol);
            } else if (next != nullptr) {
                require(reserve.configuration.emode_category() == next->id,
                        "inconsistent_emode_category", reserve.symbol);
            }
        }
        if (rules_.emode_terms && account_.configuration.is_collateral(id)) {
            require(user_ltv_bps(reserve) != 0, "collateral_not_allowed_in_emode", reserve.symbol);
        }
    }
}

/// Source: ValidationLogic.validateUseAsCollateral.
bool AaveMarket::Call::may_be_collateral(const Reserve& reserve) const {
    if (user_ltv_bps(reserve) == 0) {
        return false;
    }
    if (rules_.no_isolation || collateral_ids(account_).empty()) {
        return true;
    }
    return isolated_collateral() == nullptr && !is_isolated(reserve);
}

/// Until 3.5 the reserve's own LTV decides, in an e-mode too; since 3.6 the account's.
/// Source: ValidationLogic.getUserReserveLtv.
std::uint64_t AaveMarket::Call::user_ltv_bps(const Reserve& reserve) const {
    return rules_.emode_terms ? market_.terms(reserve, account_).ltv_bps
                              : reserve.configuration.ltv_bps();
}

// -------------------------------------------------------------------------------------- solvency

/// An e-mode that was not read could allow anything; one that does not exist has no threshold.
const EmodeCategory* AaveMarket::Call::known_emode(std::uint64_t category) const {
    static const EmodeCategory none;
    const State& state = market_.state_;
    const auto found = state.emodes.find(category);
    if (found != state.emodes.end()) {
        return &found->second;
    }
    const auto unread = state.unread_emodes.find(category);
    require(unread == state.unread_emodes.end(), "emode_not_read",
            unread == state.unread_emodes.end() ? std::string() : unread->second);
    require(category <= state.emodes_asked, "emode_not_read",
            "e-mode category " + std::to_string(category) + " is not in what was read");
    return &none;
}

AaveMarket::Call::Solvency AaveMarket::Call::solvency() const {
    const std::string trouble = market_.trouble(account_);
    require(trouble.empty(), "health_unknown", trouble);
    const Sums<Exact> total = market_.sums<Exact>(account_);
    Solvency out{.collateral = total.collateral,
                 .debt = total.debt,
                 .ltv_bps = average_bps<Exact>(total.ltv, total.collateral),
                 .health_factor = {}};
    if (total.debt != 0) {
        out.health_factor = aave_v3::health_factor<Exact>(behaviour_, total);
    }
    return out;
}

/// Source: ValidationLogic.validateHealthFactor.
void AaveMarket::Call::check_health() const {
    const Solvency now = solvency();
    require(!now.health_factor || *now.health_factor >= core::wad(), "health_factor_too_low",
            now.health_factor ? "it would be " + core::format_fixed(*now.health_factor, 18, 6)
                              : std::string());
}

/// While an asset of LTV 0 is collateral, only such assets may leave. Source: validateHFAndLtv,
/// since 3.5 validateHFAndLtvzero.
void AaveMarket::Call::check_health_and_zero_ltv(const Reserve& leaving) const {
    check_health();
    require(!has_zero_ltv_collateral() || user_ltv_bps(leaving) == 0, "ltv_validation_failed",
            "collateral of LTV 0 has to leave first");
}

bool AaveMarket::Call::has_zero_ltv_collateral() const {
    const auto& reserves = market_.state_.reserves;
    return std::any_of(reserves.begin(), reserves.end(), [&](const auto& entry) {
        const Reserve& reserve = entry.second;
        return account_.configuration.is_collateral(reserve.id) &&
               market_.terms(reserve, account_).counts && user_ltv_bps(reserve) == 0;
    });
}

// ------------------------------------------------------------------------------------------- edge

core::Result<ActionOutcome, Refusal> AaveMarket::apply(std::size_t row, const Action& action) {
    const Account& account = state_.accounts.at(row);
    if (!account.trouble.empty()) {
        return core::Unexpected(Refusal{.reason = "not_read", .detail = account.trouble});
    }
    Attempt attempt(*this, row);
    try {
        const auto outcome =
            margin::value_or_nothing([&] { return Call(*this, row, attempt).run(action); });
        if (!outcome) {
            return core::Unexpected(
                Refusal{.reason = "out_of_range",
                        .detail = "the contract's own arithmetic overflows and reverts"});
        }
        attempt.commit();
        return *outcome;
    } catch (const Reverted& reverted) {
        return core::Unexpected(reverted.refusal);
    }
}

}  // namespace margrave::adapters::aave_v3
