#include "adapters/aave_v3/liquidation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rates.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "core/fixed_point.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using core::mul_div;
using core::percent_div;
using core::percent_mul;
using core::ray_div;
using core::U256;
using margin::Exact;
using margin::LiquidationCall;
using margin::LiquidationOutcome;
using margin::Refusal;

/// SafeCast, in the widths in which values are stored.
U256 to_bits(const U256& value, unsigned bits) {
    if ((value >> bits) != 0) {
        throw std::overflow_error("a value does not fit the bits it is stored in");
    }
    return value;
}

/// A revert: leaves the call at once and is turned into a Refusal at its edge, in liquidate().
struct Reverted {
    Refusal refusal;
};

[[noreturn]] void refuse(const char* reason, std::string detail = "") {
    throw Reverted{{.reason = reason, .detail = std::move(detail)}};
}

}  // namespace

U256 supply_shares(const LiquidationRules& rules, const U256& amount, const U256& index) {
    return rules.works_in_shares ? ray_div<Rounding::Up>(amount, index)
                                 : ray_div<Rounding::HalfUp>(amount, index);
}

U256 debt_shares(const LiquidationRules& rules, const U256& amount, const U256& index) {
    return rules.works_in_shares ? ray_div<Rounding::Down>(amount, index)
                                 : ray_div<Rounding::HalfUp>(amount, index);
}

/// One call, on copies of what it touches.
class AaveMarket::Liquidation {
  public:
    Liquidation(const AaveMarket& market, std::size_t row)
        : market_(market),
          behaviour_(*market.state_.behaviour),
          rules_(behaviour_),
          account_(market.state_.accounts.at(row)) {}

    /// Throws Reverted, and what core::U256 throws.
    LiquidationOutcome run(const LiquidationCall& call);

    void commit(AaveMarket& market, std::size_t row);

  private:
    /// What the call is about, as it stands before.
    struct Position {
        Reserve* debt = nullptr;
        Reserve* collateral = nullptr;  ///< may be the same
        U256 owed;                      ///< with stable debt
        U256 variable_owed;
        U256 held;
        Sums<Exact> sums;
        U256 health_factor;
    };

    void require_modelled(const LiquidationCall& call) const;
    void require_modelled(const Reserve& reserve) const;
    [[nodiscard]] Reserve& touch(const core::Address& asset);
    [[nodiscard]] Reserve& touch(unsigned id);
    [[nodiscard]] Position position(const LiquidationCall& call);
    void validate(const Position& at) const;
    [[nodiscard]] SeizureTerms<Exact> terms(const Position& at) const;
    [[nodiscard]] U256 oracle_price(const Reserve& reserve, bool is_debt) const;
    void accrue(Reserve& debt, Reserve& collateral);
    [[nodiscard]] bool is_exhausted(const Position& at, const Seizure<Exact>& sale,
                                    const PricedAsset<Exact>& collateral);
    void repay(const Position& at, const Seizure<Exact>& sale, bool is_exhausted);
    void burn_stable(Reserve& reserve, const U256& amount, const U256& owed);
    void burn_debt_shares(Reserve& reserve, const U256& amount);
    void write_off(Reserve& reserve, const U256& amount);
    void reduce_isolated_debt(const Position& at, const U256& repaid);
    void reduce_isolated_debt(Reserve& isolated, const Reserve& debt, const U256& repaid);
    void hand_over(const Position& at, const Seizure<Exact>& sale, bool receive_shares);
    void take_supply_shares(const Reserve& reserve, const U256& shares);
    [[nodiscard]] U256 pay_fee(const Position& at, const U256& fee);
    void burn_bad_debt();
    [[nodiscard]] Balance& balance_of(const Reserve& reserve);
    void set_flag(unsigned bit, bool on);
    [[nodiscard]] U256 supply_index(const Reserve& reserve) const;
    [[nodiscard]] unsigned share_bits() const { return rules_.flags_from_shares ? 120 : 128; }

    const AaveMarket& market_;
    const Behaviour& behaviour_;
    LiquidationRules rules_;
    Account account_;
    std::map<unsigned, Reserve> reserves_;
    LiquidationOutcome outcome_;
};

LiquidationOutcome AaveMarket::Liquidation::run(const LiquidationCall& call) {
    require_modelled(call);
    const Position at = position(call);
    require_modelled(*at.debt);
    require_modelled(*at.collateral);
    validate(at);
    const SeizureTerms<Exact> sold = terms(at);
    accrue(*at.debt, *at.collateral);

    const Sized<Exact> sized = size_call<Exact>(rules_, sold,
                                                {.reserve_debt = at.owed,
                                                 .collateral = at.held,
                                                 .total_debt = at.sums.debt,
                                                 .health_factor = at.health_factor},
                                                call.repay.value_or(core::max_u256()));
    const Seizure<Exact>& sale = sized.sale;
    if (sized.leaves_dust) {
        refuse("dust_left",
               fmt::format("{} of {} debt and {} of {} collateral would be left, one of them worth "
                           "less than {} base units",
                           core::to_decimal(U256(at.owed - sale.repaid)), at.debt->symbol,
                           core::to_decimal(U256(at.held - sale.taken)), at.collateral->symbol,
                           kMinLeftoverBase));
    }
    const bool exhausted = is_exhausted(at, sale, sold.collateral);
    repay(at, sale, exhausted);
    reduce_isolated_debt(at, sale.repaid);
    hand_over(at, sale, call.receive_shares);
    outcome_.fee = sale.fee == 0 ? U256(0) : pay_fee(at, sale.fee);
    if (exhausted) {
        burn_bad_debt();
    }
    if (auto& holding = at.debt->totals->a_token_holding) {
        holding = *holding + sale.repaid;
    }
    outcome_.repaid = sale.repaid;
    outcome_.seized = sale.to_liquidator;
    return outcome_;
}

void AaveMarket::Liquidation::commit(AaveMarket& market, std::size_t row) {
    // Balances that are used up, as they would be read.
    const auto is_empty = [](const Balance& balance) {
        return balance.scaled_supply == 0 && balance.scaled_debt == 0 && !balance.stable_debt &&
               balance.debt_by_balance.value_or(0) == 0;
    };
    account_.balances.erase(
        std::remove_if(account_.balances.begin(), account_.balances.end(), is_empty),
        account_.balances.end());
    // The protocol's own view was of before.
    account_.referee.reset();
    market.state_.accounts[row] = std::move(account_);
    for (auto& [id, reserve] : reserves_) {
        market.grow_indexes(market.state_.reserves[id] = std::move(reserve));
    }
}

void AaveMarket::Liquidation::require_modelled(const LiquidationCall& call) const {
    if (call.repay_shares || call.seize) {
        refuse("not_modelled", "Aave v3 takes the amount to repay, not shares or what is seized");
    }
    if (const std::string why = market_.trouble(account_); !why.empty()) {
        refuse("not_read", why);
    }
}

void AaveMarket::Liquidation::require_modelled(const Reserve& reserve) const {
    if (auto why = market_.unmodelled(reserve)) {
        throw Reverted{*std::move(why)};
    }
}

Reserve& AaveMarket::Liquidation::touch(unsigned id) {
    return reserves_.try_emplace(id, market_.state_.reserves.at(id)).first->second;
}

Reserve& AaveMarket::Liquidation::touch(const core::Address& asset) {
    for (const auto& [id, reserve] : market_.state_.reserves) {
        if (reserve.asset == asset) {
            return touch(id);
        }
    }
    refuse("unknown_asset", asset.to_string() + " is no asset of this market");
}

AaveMarket::Liquidation::Position AaveMarket::Liquidation::position(const LiquidationCall& call) {
    Position out;
    out.debt = &touch(call.debt);
    out.collateral = &touch(call.collateral);
    out.sums = market_.sums<Exact>(account_);
    out.health_factor =
        out.sums.debt == 0 ? core::max_u256() : aave_v3::health_factor<Exact>(behaviour_, out.sums);
    for (const Balance& balance : account_.balances) {
        const Amounts<Exact> held = market_.amounts<Exact>(balance);
        if (balance.reserve_id == out.debt->id) {
            out.owed = held.debt();
            out.variable_owed = held.variable_debt;
        }
        if (balance.reserve_id == out.collateral->id) {
            out.held = held.supply;
        }
    }
    return out;
}

/// Why calls on the reserve cannot be carried out here.
std::optional<Refusal> AaveMarket::unmodelled(const Reserve& reserve) const {
    if (!reserve.totals) {
        return Refusal{
            .reason = "not_read",
            .detail = fmt::format(
                "the totals of {} are not known: {}", reserve.symbol,
                reserve.totals_trouble.empty() ? "an older snapshot" : reserve.totals_trouble)};
    }
    if (state_.behaviour->virtual_balance == VirtualBalance::ByFlag &&
        !keeps_virtual_balance(*state_.behaviour, reserve.configuration)) {
        return Refusal{.reason = "not_modelled",
                       .detail = reserve.symbol + " is minted and burned by tokens of its own"};
    }
    return std::nullopt;
}

/// What bars a call whatever the account's amounts are. The sentinel is asked only of accounts that
/// are near.
std::optional<Refusal> AaveMarket::barrier(const Reserve& collateral, const Reserve& debt,
                                           bool is_near) const {
    for (const Reserve* reserve : {&collateral, &debt}) {
        if (!reserve->configuration.is_active()) {
            return Refusal{.reason = "reserve_inactive",
                           .detail = reserve->symbol + " is not active"};
        }
    }
    for (const Reserve* reserve : {&collateral, &debt}) {
        if (reserve->configuration.is_paused()) {
            return Refusal{.reason = "paused", .detail = reserve->symbol + " is paused"};
        }
    }
    if (state_.behaviour->has_sentinel && state_.liquidation_allowed == false && is_near) {
        return Refusal{
            .reason = "price_oracle_sentinel",
            .detail = "the sentinel allows liquidations only below a health factor of 0.95"};
    }
    for (const Reserve* reserve : {&collateral, &debt}) {
        if (state_.behaviour->has_grace_period && reserve->grace_period_until >= time_) {
            return Refusal{
                .reason = "grace_period",
                .detail = fmt::format("{} is in its grace period until {}", reserve->symbol,
                                      reserve->grace_period_until.value())};
        }
    }
    return std::nullopt;
}

/// Source: ValidationLogic.validateLiquidationCall, in its order.
void AaveMarket::Liquidation::validate(const Position& at) const {
    if (auto why =
            market_.barrier(*at.collateral, *at.debt, at.health_factor >= full_close_health())) {
        throw Reverted{*std::move(why)};
    }
    if (at.health_factor >= core::wad()) {
        refuse("healthy", at.sums.debt == 0 ? std::string("there is no debt that is worth anything")
                                            : "the health factor is " +
                                                  core::format_fixed(at.health_factor, 18, 18));
    }
    if (!market_.terms(*at.collateral, account_).counts ||
        !account_.configuration.is_collateral(at.collateral->id)) {
        refuse("collateral_not_enabled",
               at.collateral->symbol + " is no collateral of the account");
    }
    if (at.owed == 0) {
        refuse("no_debt_in_asset", "nothing is owed in " + at.debt->symbol);
    }
}

/// In an e-mode with a price source of its own, until 3.1, the debt is priced by it even when it is
/// not of the e-mode, and an answer of 0 is used as it is. Source: _getConfigurationData.
U256 AaveMarket::Liquidation::oracle_price(const Reserve& reserve, bool is_debt) const {
    const EmodeCategory* category = market_.emode(account_);
    if (behaviour_.emode == EmodeKind::OnePerAsset && category != nullptr && category->price &&
        (is_debt || market_.is_in_emode(reserve, account_))) {
        return category->price->answer;
    }
    if (!reserve.price) {
        refuse("not_read", "no price of " + reserve.symbol + ": " + reserve.price_trouble);
    }
    return reserve.price->answer;
}

SeizureTerms<Exact> AaveMarket::Liquidation::terms(const Position& at) const {
    const ReserveConfiguration& configuration = at.collateral->configuration;
    SeizureTerms<Exact> out;
    out.debt = {.price = oracle_price(*at.debt, true),
                .unit = core::pow10(at.debt->configuration.decimals())};
    out.collateral = {.price = oracle_price(*at.collateral, false),
                      .unit = core::pow10(configuration.decimals())};
    out.bonus_bps = configuration.liquidation_bonus_bps();
    out.protocol_fee_bps = configuration.liquidation_protocol_fee_bps();
    if (market_.is_in_emode(*at.collateral, account_)) {
        const auto& bonus = market_.emode(account_)->liquidation_bonus_bps;
        if (!bonus) {
            refuse("not_read", "an older snapshot, without the bonus of the account's e-mode");
        }
        out.bonus_bps = *bonus;
    }
    return out;
}

/// Until 3.4 the collateral's reserve is brought up only when its underlying leaves, in
/// hand_over().
void AaveMarket::Liquidation::accrue(Reserve& debt, Reserve& collateral) {
    const Reserve before = debt;
    update_state(behaviour_, debt, market_.time_);
    if (!rules_.works_in_shares) {
        return;
    }
    if (&debt != &collateral) {
        update_state(behaviour_, collateral, market_.time_);
    } else if (!rules_.rounds_for_pool) {
        // 3.5 and 3.6 remember the collateral's reserve as it was before its debt was brought up:
        // the indexes come out the same, but the treasury's share of the interest is added twice.
        const U256 share = debt.accrued_to_treasury - before.accrued_to_treasury;
        debt.accrued_to_treasury = to_bits(debt.accrued_to_treasury + share, 128);
    }
}

/// Whether nothing of worth is left of the account's collateral; clears the collateral flag.
bool AaveMarket::Liquidation::is_exhausted(const Position& at, const Seizure<Exact>& sale,
                                           const PricedAsset<Exact>& collateral) {
    const unsigned flag = 2 * at.collateral->id + 1;
    if (!rules_.rounds_for_pool) {
        if (sale.taken == at.held) {
            set_flag(flag, false);
        }
        return exhausts<Exact>(rules_, sale.taken, collateral, at.sums.collateral);
    }
    const U256 index = supply_index(*at.collateral);
    const U256 shares = balance_of(*at.collateral).scaled_supply;
    U256 consumed =
        supply_shares(rules_, sale.to_liquidator, index) + supply_shares(rules_, sale.fee, index);
    if (consumed > shares) {
        consumed = shares;
    }
    const bool exhausted = exhausts<Exact>(
        rules_, supply_balance<Exact>(behaviour_, consumed, index), collateral, at.sums.collateral);
    if (consumed == shares || exhausted) {
        set_flag(flag, false);
    }
    return exhausted;
}

/// Burns the debt that is repaid, and where the collateral is exhausted what is left of it too.
/// Source: _burnDebtTokens.
void AaveMarket::Liquidation::repay(const Position& at, const Seizure<Exact>& sale,
                                    bool is_exhausted) {
    Reserve& reserve = *at.debt;
    const unsigned flag = 2 * reserve.id;
    // Throws where a repayment that was rounded up exceeds the debt, as the contract would; until
    // 3.2 the burn below does.
    const U256 left = rules_.weighs_whole_account ? U256(at.owed - sale.repaid) : U256(0);
    if (!behaviour_.has_stable_debt || at.variable_owed >= sale.repaid) {
        burn_debt_shares(reserve, is_exhausted ? at.owed : sale.repaid);
    } else {
        if (at.variable_owed != 0) {
            burn_debt_shares(reserve, at.variable_owed);
        }
        burn_stable(reserve, sale.repaid - at.variable_owed, at.owed - at.variable_owed);
    }
    if (is_exhausted && left != 0) {
        write_off(reserve, left);
        outcome_.bad_debt = left;
    }
    const bool is_clear = rules_.flags_from_shares      ? balance_of(reserve).scaled_debt == 0
                          : rules_.weighs_whole_account ? is_exhausted || left == 0
                                                        : sale.repaid == at.owed;
    if (is_clear) {
        set_flag(flag, false);
    }
    update_rates(behaviour_, reserve, market_.time_, {.added = sale.repaid, .taken = 0});
    // The tokens themselves come last of all.
    if (auto& holding = reserve.totals->a_token_holding) {
        holding = *holding - sale.repaid;
    }
}

void AaveMarket::Liquidation::burn_debt_shares(Reserve& reserve, const U256& amount) {
    const U256 shares = to_bits(debt_shares(rules_, amount, reserve.borrow_index), share_bits());
    if (shares == 0) {
        refuse("zero_amount", "the debt that is repaid is not worth one share of it");
    }
    Balance& balance = balance_of(reserve);
    balance.scaled_debt = balance.scaled_debt - shares;
    reserve.totals->scaled_debt = reserve.totals->scaled_debt - shares;
}

/// Source: StableDebtToken.burn.
void AaveMarket::Liquidation::burn_stable(Reserve& reserve, const U256& amount, const U256& owed) {
    constexpr std::uint64_t kWadToRay = 1'000'000'000;
    Balance& balance = balance_of(reserve);
    if (!balance.stable_debt || !reserve.totals->stable) {
        // A burn of nobody's debt takes from a balance of zero.
        throw std::range_error("more is repaid than is owed");
    }
    StableTotals& totals = *reserve.totals->stable;
    StableDebt& debt = *balance.stable_debt;
    const U256 supply = total_stable_debt(behaviour_, reserve, market_.time_);
    const U256 weight = core::ray_mul<Rounding::HalfUp>(totals.average_rate, supply * kWadToRay);
    const U256 own_weight = core::ray_mul<Rounding::HalfUp>(debt.rate, amount * kWadToRay);
    // The total and the users' debts are rounded apart, so the last user may repay more than all.
    if (supply <= amount || own_weight >= weight) {
        totals.principal = 0;
        totals.average_rate = 0;
    } else {
        totals.principal = supply - amount;
        totals.average_rate = to_bits(
            ray_div<Rounding::HalfUp>(weight - own_weight, totals.principal * kWadToRay), 128);
    }
    totals.last_update = market_.time_;
    if (amount == owed) {
        balance.stable_debt.reset();
        return;
    }
    debt.principal = owed - amount;
    debt.last_update = market_.time_;
}

void AaveMarket::Liquidation::write_off(Reserve& reserve, const U256& amount) {
    reserve.totals->deficit = to_bits(reserve.totals->deficit + to_bits(amount, 128), 128);
    outcome_.deficits.push_back(
        {.asset = reserve.asset, .symbol = reserve.symbol, .amount = amount});
}

/// Until 3.2 of the account's only collateral, if it still has that and one only; from 3.3 on of
/// the collateral that is sold. Sources: IsolationModeLogic,
/// UserConfiguration.getIsolationModeState.
void AaveMarket::Liquidation::reduce_isolated_debt(const Position& at, const U256& repaid) {
    if (behaviour_.has_isolated_emodes) {
        return;
    }
    if (rules_.weighs_whole_account) {
        if (at.collateral->configuration.debt_ceiling() != 0) {
            reduce_isolated_debt(*at.collateral, *at.debt, repaid);
        }
        return;
    }
    std::vector<unsigned> enabled;
    for (unsigned id = 0; id < ReserveBitmap().size(); ++id) {
        if (account_.configuration.is_collateral(id)) {
            enabled.push_back(id);
        }
    }
    if (enabled.size() == 1 && market_.state_.reserves.count(enabled.front()) == 1) {
        Reserve& only = touch(enabled.front());
        if (only.configuration.debt_ceiling() != 0) {
            reduce_isolated_debt(only, *at.debt, repaid);
        }
    }
}

void AaveMarket::Liquidation::reduce_isolated_debt(Reserve& isolated, const Reserve& debt,
                                                   const U256& repaid) {
    constexpr unsigned kCeilingDecimals = 2;
    const unsigned decimals = debt.configuration.decimals();
    if (decimals < kCeilingDecimals) {
        throw std::range_error("a debt with fewer decimals than the debt ceiling");
    }
    const U256 part = to_bits(repaid / core::pow10(decimals - kCeilingDecimals), 128);
    isolated.isolation_mode_total_debt = isolated.isolation_mode_total_debt <= part
                                             ? U256(0)
                                             : U256(isolated.isolation_mode_total_debt - part);
}

/// Source: _burnCollateralATokens, _liquidateATokens.
void AaveMarket::Liquidation::hand_over(const Position& at, const Seizure<Exact>& sale,
                                        bool receive_shares) {
    Reserve& reserve = *at.collateral;
    const U256& amount = sale.to_liquidator;
    if (receive_shares) {
        take_supply_shares(reserve, supply_shares(rules_, amount, supply_index(reserve)));
        return;
    }
    update_state(behaviour_, reserve, market_.time_);
    const auto& holding = reserve.totals->a_token_holding;
    const U256 free = free_liquidity(reserve);
    if (amount > free || (holding && amount > *holding)) {
        refuse("insufficient_liquidity",
               fmt::format("{} of {} would leave the pool, which has {}", core::to_decimal(amount),
                           reserve.symbol,
                           core::to_decimal(holding && *holding < free ? *holding : free)));
    }
    update_rates(behaviour_, reserve, market_.time_, {.added = 0, .taken = amount});
    const U256 shares = supply_shares(rules_, amount, reserve.liquidity_index);
    if (shares == 0) {
        refuse("zero_amount", "the collateral that is seized is not worth one share of it");
    }
    take_supply_shares(reserve, shares);
    reserve.totals->scaled_supply = reserve.totals->scaled_supply - shares;
}

void AaveMarket::Liquidation::take_supply_shares(const Reserve& reserve, const U256& shares) {
    Balance& balance = balance_of(reserve);
    balance.scaled_supply = balance.scaled_supply - to_bits(shares, share_bits());
}

/// The fee as it is paid: not more than what is left, where shares were rounded.
U256 AaveMarket::Liquidation::pay_fee(const Position& at, const U256& fee) {
    const U256 index = supply_index(*at.collateral);
    const U256 left = balance_of(*at.collateral).scaled_supply;
    const U256 shares = supply_shares(rules_, fee, index);
    if (shares <= left) {
        take_supply_shares(*at.collateral, shares);
        return fee;
    }
    U256 paid = supply_balance<Exact>(behaviour_, left, index);
    take_supply_shares(*at.collateral,
                       rules_.works_in_shares ? left : supply_shares(rules_, paid, index));
    return paid;
}

/// Writes off every debt that is left in an active reserve. Source: _burnBadDebt.
void AaveMarket::Liquidation::burn_bad_debt() {
    for (const auto& [id, known] : market_.state_.reserves) {
        if (!account_.configuration.is_borrowing(id) || !known.configuration.is_active()) {
            continue;
        }
        Reserve& reserve = touch(id);
        require_modelled(reserve);
        update_state(behaviour_, reserve, market_.time_);
        const U256 owed =
            debt_balance<Exact>(behaviour_, balance_of(reserve).scaled_debt, reserve.borrow_index);
        if (owed != 0) {
            burn_debt_shares(reserve, owed);
            write_off(reserve, owed);
        }
        if (!rules_.flags_from_shares || balance_of(reserve).scaled_debt == 0) {
            set_flag(2 * id, false);
        }
        update_rates(behaviour_, reserve, market_.time_, {});
    }
}

Balance& AaveMarket::Liquidation::balance_of(const Reserve& reserve) {
    auto& all = account_.balances;
    const auto at = std::find_if(all.begin(), all.end(), [&](const Balance& balance) {
        return balance.reserve_id >= reserve.id;
    });
    if (at != all.end() && at->reserve_id == reserve.id) {
        return *at;
    }
    Balance none;
    none.reserve_id = reserve.id;
    return *all.insert(at, none);
}

void AaveMarket::Liquidation::set_flag(unsigned bit, bool on) {
    U256 word = account_.configuration.word();
    account_.configuration = UserConfiguration(on ? bit_set(word, bit) : bit_unset(word, bit));
}

/// At time_, whether it is stored yet or not.
U256 AaveMarket::Liquidation::supply_index(const Reserve& reserve) const {
    const auto& index = market_.indexes_.at(reserve.id).supply;
    if (!index) {
        throw std::overflow_error("the reserve's index leaves 256 bits");
    }
    return *index;
}

core::Result<LiquidationOutcome, Refusal> AaveMarket::liquidate(std::size_t row,
                                                                const LiquidationCall& call) {
    const auto arithmetic = [](const char* why) {
        return core::Unexpected(Refusal{.reason = "out_of_range", .detail = why});
    };
    Liquidation attempt(*this, row);
    try {
        const LiquidationOutcome outcome = attempt.run(call);
        attempt.commit(*this, row);
        return outcome;
    } catch (const Reverted& reverted) {
        return core::Unexpected(reverted.refusal);
    } catch (const std::overflow_error& error) {
        return arithmetic(error.what());
    } catch (const std::range_error& error) {
        return arithmetic(error.what());
    }
}

std::vector<margin::LiquidationPair> AaveMarket::liquidation_pairs(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<margin::LiquidationPair> out;
    const auto owes = [&](const Balance& balance) {
        return account.configuration.is_borrowing(balance.reserve_id) &&
               (balance.scaled_debt != 0 || balance.stable_debt ||
                balance.debt_by_balance.value_or(0) != 0);
    };
    for (const Balance& held : account.balances) {
        const Reserve& collateral = state_.reserves.at(held.reserve_id);
        if (held.scaled_supply == 0 || !account.configuration.is_collateral(held.reserve_id) ||
            !terms(collateral, account).counts) {
            continue;
        }
        for (const Balance& owed : account.balances) {
            if (owes(owed)) {
                const Reserve& debt = state_.reserves.at(owed.reserve_id);
                out.push_back({.collateral = collateral.asset,
                               .collateral_symbol = collateral.symbol,
                               .debt = debt.asset,
                               .debt_symbol = debt.symbol});
            }
        }
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
