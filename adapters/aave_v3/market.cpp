#include "adapters/aave_v3/market.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::Exact;

std::uint64_t seconds_between(core::Timestamp from, core::Timestamp to) {
    return to > from ? to.value() - from.value() : 0;
}

/// What bars the reserves of one side of an account from a liquidation.
struct Barriers {
    bool is_open = false;  ///< one of them is not barred
    bool some_paused = false;
    bool some_in_grace = false;
    bool pays_out = false;  ///< of those not barred; true where that is not known

    void add(const Behaviour& behaviour, const Reserve& reserve, core::Timestamp now) {
        const bool is_paused =
            reserve.configuration.is_paused() || !reserve.configuration.is_active();
        // The grace period must lie strictly in the past.
        const bool is_in_grace = behaviour.has_grace_period &&
                                 reserve.grace_period_until.value() != 0 &&
                                 reserve.grace_period_until >= now;
        const auto is_there = [](const std::optional<U256>& amount) { return amount != U256(0); };
        const bool pays = !reserve.totals || (is_there(reserve.totals->virtual_balance) &&
                                              is_there(reserve.totals->a_token_holding));
        some_paused |= is_paused;
        some_in_grace |= is_in_grace;
        is_open |= !is_paused && !is_in_grace;
        pays_out |= !is_paused && !is_in_grace && pays;
    }
};

}  // namespace

AaveMarket::AaveMarket(State state)
    : state_(std::move(state)),
      name_{.protocol = "aave_v3", .chain = state_.chain, .name = state_.market},
      time_(state_.block_time) {
    core::ensure(state_.behaviour != nullptr, "a market's behaviour is known before it is built");
    grow_indexes();
}

void AaveMarket::grow_indexes() {
    for (const auto& [id, reserve] : state_.reserves) {
        grow_indexes(reserve);
    }
}

void AaveMarket::grow_indexes(const Reserve& reserve) {
    const std::uint64_t seconds = seconds_between(reserve.last_update, time_);
    indexes_[reserve.id] = {.supply = margin::value_or_nothing([&] {
                                return grown_liquidity_index<Exact>(
                                    reserve.liquidity_index, reserve.liquidity_rate, seconds);
                            }),
                            .debt = margin::value_or_nothing([&] {
                                return grown_borrow_index<Exact>(state_.behaviour->debt_growth,
                                                                 reserve.borrow_index,
                                                                 reserve.borrow_rate, seconds);
                            })};
}

std::string AaveMarket::quote() const {
    return is_dollars() ? "USD" : state_.base_currency.to_string();
}

core::Address AaveMarket::wallet(std::size_t row) const { return state_.accounts.at(row).wallet; }

bool AaveMarket::is_active(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    return !account.balances.empty() || account.configuration.word() != 0 ||
           !account.trouble.empty();
}

const EmodeCategory* AaveMarket::emode(const Account& account) const {
    if (account.emode_category == 0) {
        return nullptr;
    }
    const auto found = state_.emodes.find(account.emode_category);
    return found == state_.emodes.end() ? nullptr : &found->second;
}

bool AaveMarket::is_in_emode(const Reserve& reserve, const Account& account) const {
    const EmodeCategory* category = emode(account);
    return category != nullptr && (state_.behaviour->emode == EmodeKind::OnePerAsset
                                       ? reserve.configuration.emode_category() == category->id
                                       : category->collateral.test(reserve.id));
}

/// Threshold and LTV of the account's e-mode where the reserve is in it, else the reserve's own.
/// Sources: GenericLogic.calculateUserAccountData; since 3.6 ValidationLogic.getUserReserveLtv.
AaveMarket::Terms AaveMarket::terms(const Reserve& reserve, const Account& account) const {
    const std::uint64_t own_ltv = reserve.configuration.ltv_bps();
    const std::uint64_t own_threshold = reserve.configuration.liquidation_threshold_bps();
    const EmodeCategory* category = emode(account);
    const bool own_terms = state_.behaviour->emode == EmodeKind::OwnTerms;
    const bool is_member = is_in_emode(reserve, account);
    Terms out;
    out.counts = own_terms || own_threshold != 0;
    out.threshold_bps = is_member ? category->liquidation_threshold_bps : own_threshold;
    out.ltv_bps = is_member ? category->ltv_bps : own_ltv;
    if (own_terms) {
        const bool denied = category != nullptr && (is_member ? category->zero_ltv.test(reserve.id)
                                                              : category->is_isolated);
        out.ltv_bps = denied ? 0 : out.ltv_bps;
    } else if (own_ltv == 0) {
        out.ltv_bps = 0;
    }
    if (const auto shocked = shocked_thresholds_.find(reserve.id);
        shocked != shocked_thresholds_.end()) {
        out.threshold_bps = shocked->second;
    }
    return out;
}

/// Until 3.1 a category with a price source of its own prices all its assets with it.
const std::optional<margin::PriceQuote>& AaveMarket::price(const Reserve& reserve,
                                                           const Account& account) const {
    const EmodeCategory* category = emode(account);
    const bool by_category = state_.behaviour->emode == EmodeKind::OnePerAsset &&
                             is_in_emode(reserve, account) && category->price &&
                             category->price->answer != 0;
    return by_category ? category->price : reserve.price;
}

core::Address AaveMarket::price_key(const Reserve& reserve, const Account& account) const {
    const auto& used = price(reserve, account);
    return &used == &reserve.price ? reserve.asset : used->source;
}

template <class A>
AaveMarket::Amounts<A> AaveMarket::amounts(const Balance& balance) const {
    const Behaviour& behaviour = *state_.behaviour;
    const Indexes& indexes = indexes_.at(balance.reserve_id);
    const auto known = [](const std::optional<U256>& index) {
        if (!index) {
            throw std::overflow_error("the reserve's index leaves 256 bits");
        }
        return A::of(*index);
    };
    Amounts<A> out;
    if (balance.scaled_supply != 0) {
        out.supply =
            supply_balance<A>(behaviour, A::of(balance.scaled_supply), known(indexes.supply));
    }
    if (balance.debt_by_balance) {
        out.variable_debt = A::of(*balance.debt_by_balance);
    } else if (balance.scaled_debt != 0) {
        out.variable_debt =
            debt_balance<A>(behaviour, A::of(balance.scaled_debt), known(indexes.debt));
    }
    if (balance.stable_debt && balance.stable_debt->principal != 0) {
        // Source: StableDebtToken.balanceOf, which compounds from the user's own last update.
        const StableDebt& stable = *balance.stable_debt;
        out.stable_debt = A::template mul_div<Rounding::HalfUp>(
            A::of(stable.principal),
            compound_growth<A>(behaviour.debt_growth, A::of(stable.rate),
                               seconds_between(stable.last_update, time_)),
            A::of(core::ray()));
    }
    return out;
}

template <class A>
Position<A> AaveMarket::position(const Balance& balance, const Account& account) const {
    const Reserve& reserve = state_.reserves.at(balance.reserve_id);
    const Amounts<A> held = amounts<A>(balance);
    const Terms counted = terms(reserve, account);
    const bool is_collateral = counted.counts && account.configuration.is_collateral(reserve.id);
    const bool is_borrowing = account.configuration.is_borrowing(reserve.id);
    return {
        .collateral = is_collateral ? held.supply : A::of(0),
        .debt = is_borrowing ? held.debt() : A::of(0),
        .price = A::of(price(reserve, account)->answer),
        .unit = A::of(core::pow10(reserve.configuration.decimals())),
        .threshold_bps = A::of(counted.threshold_bps),
        .ltv_bps = A::of(counted.ltv_bps),
    };
}

template <class A>
Sums<A> AaveMarket::sums(const Account& account) const {
    Sums<A> out;
    for (const Balance& balance : account.balances) {
        if (account.configuration.is_using(balance.reserve_id)) {
            add_position<A>(*state_.behaviour, position<A>(balance, account), out);
        }
    }
    return out;
}

template Position<Exact> AaveMarket::position<Exact>(const Balance&, const Account&) const;

/// What keeps the account's health from being known; "" when nothing does.
std::string AaveMarket::trouble(const Account& account) const {
    if (!account.trouble.empty()) {
        return account.trouble;
    }
    if (account.emode_category != 0 && emode(account) == nullptr) {
        return "e-mode category " + std::to_string(account.emode_category) + " could not be read";
    }
    const auto unpriced = account.configuration.find_used([&](unsigned id) {
        const auto found = state_.reserves.find(id);
        return found != state_.reserves.end() && !price(found->second, account);
    });
    if (unpriced) {
        const Reserve& reserve = state_.reserves.at(*unpriced);
        return "no price of " + reserve.symbol + ": " + reserve.price_trouble;
    }
    return "";
}

std::optional<core::Usd> AaveMarket::to_usd(const U256& base, core::Rounding rounding) const {
    if (!is_dollars() || state_.base_currency_unit == 0) {
        return std::nullopt;
    }
    const auto scale = rounding == core::Rounding::Up ? &core::mul_div_wide<core::Rounding::Up>
                                                      : &core::mul_div_wide<core::Rounding::Down>;
    // Its overflow is margrave's own, not the contract's: the health stands without a value in
    // dollars.
    return margin::value_or_nothing(
        [&] { return core::Usd(scale(base, core::wad(), state_.base_currency_unit)); });
}

template <class A>
margin::Health AaveMarket::known_health(const Account& account) const {
    const Behaviour& behaviour = *state_.behaviour;
    const Sums<A> total = sums<A>(account);
    margin::Health out;
    out.collateral = U256(total.collateral);
    out.collateral_value = out.collateral;
    out.debt = U256(total.debt);
    out.available_borrows = U256(available_borrows<A>(behaviour, total));
    out.liquidation_threshold =
        core::Bps(static_cast<std::uint32_t>(average_bps<A>(total.threshold, total.collateral)));
    out.max_ltv =
        core::Bps(static_cast<std::uint32_t>(average_bps<A>(total.ltv, total.collateral)));
    out.collateral_usd = to_usd(*out.collateral, core::Rounding::Down);
    out.debt_usd = to_usd(*out.debt, core::Rounding::Up);
    out.status = margin::Status::NoDebt;
    if (total.debt != 0) {
        out.health_factor = core::Wad(U256(health_factor<A>(behaviour, total)));
        // Source: ValidationLogic.HEALTH_FACTOR_LIQUIDATION_THRESHOLD, 1e18; strictly below it is
        // liquidatable.
        out.status = out.health_factor->value() < core::wad() ? margin::Status::Liquidatable
                                                              : margin::Status::Healthy;
    }
    return out;
}

margin::Health AaveMarket::health(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (std::string why = trouble(account); !why.empty()) {
        margin::Health unknown;
        unknown.unknown_because = std::move(why);
        return unknown;
    }
    if (auto known =
            margin::value_or_nothing([&] { return known_health<margin::Narrow>(account); })) {
        return *std::move(known);
    }
    return margin::health_or_unknown([&] { return known_health<Exact>(account); });
}

std::vector<margin::Leg> AaveMarket::legs(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<margin::Leg> out;
    for (const Balance& balance : account.balances) {
        const Reserve& reserve = state_.reserves.at(balance.reserve_id);
        const bool is_collateral =
            account.configuration.is_collateral(reserve.id) && terms(reserve, account).counts;
        const auto held = margin::value_or_nothing([&] { return amounts<Exact>(balance); });
        const auto add = [&](margin::Side side, const std::optional<U256>& amount) {
            if (amount != U256(0)) {
                out.push_back(leg(reserve, side, amount, price(reserve, account)));
            }
        };
        const margin::Side supply_side =
            is_collateral ? margin::Side::Collateral : margin::Side::Supply;
        if (!held) {
            if (balance.scaled_supply != 0) {
                add(supply_side, std::nullopt);
            }
            if (account.configuration.is_borrowing(reserve.id)) {
                add(margin::Side::Debt, std::nullopt);
            }
            continue;
        }
        add(supply_side, held->supply);
        add(margin::Side::Debt, held->variable_debt);
        add(margin::Side::Debt, held->stable_debt);
    }
    return out;
}

margin::Leg AaveMarket::leg(const Reserve& reserve, margin::Side side,
                            const std::optional<U256>& amount,
                            const std::optional<margin::PriceQuote>& quote) const {
    margin::Leg out;
    out.asset = reserve.asset;
    out.symbol = reserve.symbol;
    out.decimals = reserve.configuration.decimals();
    out.side = side;
    out.amount = amount;
    out.price = quote;
    if (quote && amount && is_dollars() && state_.base_currency_unit != 0) {
        // In one division, so that a debt worth less than the base currency's unit still has a
        // value.
        const auto value = margin::value_or_nothing([&] {
            return core::mul_div_wide<Rounding::Down>(
                core::mul_div_wide<Rounding::Down>(*amount, quote->answer * core::wad(),
                                                   core::pow10(out.decimals)),
                1, state_.base_currency_unit);
        });
        if (value) {
            out.value = core::Usd(*value);
        }
    }
    return out;
}

std::optional<std::uint64_t> AaveMarket::emode_category(std::size_t row) const {
    const std::uint64_t category = state_.accounts.at(row).emode_category;
    return category == 0 ? std::nullopt : std::optional(category);
}

/// Until 3.3 the debt token of GHO takes a discount off its holders' interest. From 3.1 on GHO is
/// the reserve that the pool does not count; before, only its symbol tells. Sources:
/// GhoVariableDebtToken.balanceOf, aave-v3-origin@v3.3.0 GenericLogic._getUserDebtInBaseCurrency.
bool AaveMarket::may_have_discount(const Reserve& reserve) const {
    switch (state_.behaviour->virtual_balance) {
        case VirtualBalance::None:
            return reserve.symbol == "GHO";
        case VirtualBalance::ByFlag:
            return !reserve.configuration.has_virtual_accounting();
        case VirtualBalance::Always:
            break;
    }
    return false;
}

std::vector<std::string> AaveMarket::warnings(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<std::string> out;
    for (const Balance& balance : account.balances) {
        const Reserve& reserve = state_.reserves.at(balance.reserve_id);
        if (!may_have_discount(reserve)) {
            continue;
        }
        if (balance.scaled_debt != 0) {
            out.push_back("the debt in " + reserve.symbol +
                          " is shown before the discount that its token may grant: less may be "
                          "owed; the health check itself leaves the discount out");
        } else if (balance.debt_by_balance.value_or(0) != 0 && time_ > state_.block_time) {
            out.push_back("the debt in " + reserve.symbol +
                          " is as of the block: the interest since then, which its token may "
                          "discount, is not in it");
        }
    }
    return out;
}

/// What stops a liquidation whatever pair is chosen: every collateral, or every debt, is barred, or
/// nothing can leave the collaterals' pools (a liquidator may still take shares of them).
/// Source: ValidationLogic.validateLiquidationCall.
std::vector<std::string> AaveMarket::blocked_by(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    const margin::Health now = health(row);
    if (!now.health_factor) {
        return {};
    }
    const auto look_at = [&](auto belongs) {
        Barriers out;
        for (const Balance& balance : account.balances) {
            const Reserve& reserve = state_.reserves.at(balance.reserve_id);
            if (belongs(balance, reserve)) {
                out.add(*state_.behaviour, reserve, time_);
            }
        }
        return out;
    };
    const Barriers collaterals = look_at([&](const Balance& balance, const Reserve& reserve) {
        return balance.scaled_supply != 0 && account.configuration.is_collateral(reserve.id) &&
               terms(reserve, account).counts;
    });
    const Barriers debts = look_at([&](const Balance&, const Reserve& reserve) {
        return account.configuration.is_borrowing(reserve.id);
    });
    const auto barred_by = [&](bool Barriers::*why) {
        return (!collaterals.is_open && collaterals.*why) || (!debts.is_open && debts.*why);
    };
    std::vector<std::string> out;
    if (barred_by(&Barriers::some_paused)) {
        out.emplace_back("paused");
    }
    if (barred_by(&Barriers::some_in_grace)) {
        out.emplace_back("grace_period");
    }
    // Below 0.95 the sentinel is not asked.
    const U256 sentinel_floor = core::wad() / 100 * 95;
    if (state_.liquidation_allowed == false && now.health_factor->value() >= sentinel_floor) {
        out.emplace_back("price_oracle_sentinel");
    }
    if (collaterals.is_open && !collaterals.pays_out) {
        out.emplace_back("no_liquidity");
    }
    return out;
}

std::vector<margin::AssetPrice> AaveMarket::prices() const {
    std::vector<margin::AssetPrice> out;
    if (!is_dollars()) {
        return out;
    }
    for (const auto& [id, reserve] : state_.reserves) {
        if (reserve.price) {
            out.push_back({.asset = reserve.asset,
                           .decimals = reserve.configuration.decimals(),
                           .quote = *reserve.price,
                           .unit = state_.base_currency_unit});
        }
    }
    return out;
}

/// Only what an account here depends on: a broken feed of an asset that nobody holds changes no
/// answer.
std::vector<margin::Missing> AaveMarket::missing() const {
    std::vector<margin::Missing> out = state_.unread;
    for (const auto& [id, reserve] : state_.reserves) {
        const bool matters = std::any_of(
            state_.accounts.begin(), state_.accounts.end(),
            [&, reserve_id = id](const Account& account) {
                return account.configuration.is_using(reserve_id) ||
                       std::any_of(
                           account.balances.begin(), account.balances.end(),
                           [&](const Balance& held) { return held.reserve_id == reserve_id; });
            });
        if (!reserve.price && matters) {
            out.push_back({std::nullopt, "oracle price of " + reserve.symbol,
                           reserve.price_trouble_kind, reserve.price_trouble});
        }
        if (!reserve.totals && !reserve.totals_trouble.empty() && matters) {
            out.push_back({std::nullopt, "totals of " + reserve.symbol, reserve.totals_trouble_kind,
                           reserve.totals_trouble});
        }
    }
    return out;
}

void AaveMarket::accrue(core::Timestamp to) {
    core::ensure(to >= time_, "interest accrues forwards in time");
    time_ = to;
    grow_indexes();
}

std::unique_ptr<margin::Market> AaveMarket::fork() const {
    return std::make_unique<AaveMarket>(*this);
}

core::Archive AaveMarket::archive() const { return archive_state(state_); }

bool AaveMarket::has_referee(std::size_t row) const {
    // Later than its block, or at other prices, the protocol's answer is no longer comparable.
    return time_ == state_.block_time && !has_own_answers_ &&
           state_.accounts.at(row).referee.has_value();
}

std::vector<margin::Difference> AaveMarket::verify(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<margin::Difference> out;
    if (!has_referee(row)) {
        return out;
    }
    const auto compare = [&](const std::string& what, const std::optional<U256>& ours,
                             const U256& theirs) {
        if (!ours || *ours != theirs) {
            out.push_back(
                {what, ours ? core::to_decimal(*ours) : "unknown", core::to_decimal(theirs)});
        }
    };
    const Referee& referee = *account.referee;
    const margin::Health ours = health(row);
    const auto bps = [](const std::optional<core::Bps>& value) {
        return value ? std::optional<U256>(value->value()) : std::nullopt;
    };
    const std::optional<U256> factor =
        ours.health_factor                      ? std::optional<U256>(ours.health_factor->value())
        : ours.status == margin::Status::NoDebt ? std::optional<U256>(core::max_u256())
                                                : std::nullopt;
    compare("collateral", ours.collateral, referee.collateral);
    compare("debt", ours.debt, referee.debt);
    compare("available borrows", ours.available_borrows, referee.available_borrows);
    compare("liquidation threshold", bps(ours.liquidation_threshold),
            referee.liquidation_threshold_bps);
    compare("maximum LTV", bps(ours.max_ltv), referee.ltv_bps);
    compare("health factor", factor, referee.health_factor);
    for (const Referee::TokenBalances& theirs : referee.balances) {
        const auto held = std::find_if(
            account.balances.begin(), account.balances.end(),
            [&](const Balance& balance) { return balance.reserve_id == theirs.reserve_id; });
        const auto mine = margin::value_or_nothing([&] {
            return held == account.balances.end() ? Amounts<Exact>{} : amounts<Exact>(*held);
        });
        const auto part = [&](U256 Amounts<Exact>::*amount) {
            return mine ? std::optional<U256>((*mine).*amount) : std::nullopt;
        };
        const std::string& symbol = state_.reserves.at(theirs.reserve_id).symbol;
        compare("supply of " + symbol, part(&Amounts<Exact>::supply), theirs.a_token);
        compare("variable debt in " + symbol, part(&Amounts<Exact>::variable_debt),
                theirs.variable_debt);
        compare("stable debt in " + symbol, part(&Amounts<Exact>::stable_debt), theirs.stable_debt);
    }
    return out;
}

// Used by the transitions in other files.
template AaveMarket::Amounts<Exact> AaveMarket::amounts<Exact>(const Balance&) const;
template Sums<Exact> AaveMarket::sums<Exact>(const Account&) const;

}  // namespace margrave::adapters::aave_v3
