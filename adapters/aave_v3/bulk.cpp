#include <algorithm>
#include <cmath>
#include <limits>

#include "adapters/aave_v3/liquidation.hpp"
#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rates.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "margin/guard.hpp"

/// Accounts and liquidations in doubles: the same templates as the exact market's. A leg's asset is
/// the place of its reserve by rising id. What rounds to shares is left out: indexes stand still.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;
using margin::Bulk;
using margin::BulkLeg;
using margin::BulkOutcome;
using margin::Exact;

double bps_per_one() {
    static const auto value = core::percentage_factor().convert_to<double>();
    return value;
}

const Reserve& reserve_at(const State& state, std::size_t place) {
    return std::next(state.reserves.begin(), static_cast<std::ptrdiff_t>(place))->second;
}

std::uint16_t place_of(const State& state, unsigned reserve_id) {
    return static_cast<std::uint16_t>(
        std::distance(state.reserves.begin(), state.reserves.find(reserve_id)));
}

Sums<Bulk> sums_of(const State& state, std::span<const BulkLeg> legs,
                   std::span<const double> answers) {
    Sums<Bulk> out;
    for (const BulkLeg& leg : legs) {
        add_position<Bulk>(*state.behaviour,
                           {.collateral = leg.collateral,
                            .debt = leg.debt,
                            .price = answers[leg.asset],
                            .unit = leg.unit,
                            .threshold_bps = leg.threshold * bps_per_one(),
                            .ltv_bps = 0},
                           out);
    }
    return out;
}

double health_of(const State& state, const Sums<Bulk>& sums) {
    return sums.debt == 0 ? std::numeric_limits<double>::infinity()
                          : health_factor<Bulk>(*state.behaviour, sums) / Bulk::of(core::wad());
}

BulkOutcome refused(const char* reason) {
    BulkOutcome out;
    out.refusal = reason;
    return out;
}

}  // namespace

std::vector<core::Address> AaveMarket::bulk_assets() const {
    std::vector<core::Address> out;
    for (const auto& [id, reserve] : state_.reserves) {
        out.push_back(reserve.asset);
    }
    return out;
}

std::vector<double> AaveMarket::bulk_liquidity() const {
    std::vector<double> out;
    for (const auto& [id, reserve] : state_.reserves) {
        if (!reserve.totals) {
            out.push_back(0);  // a call on it is refused before it is asked
            continue;
        }
        const U256 free = free_liquidity(reserve);
        const U256 there = reserve.totals->a_token_holding.value_or(free);
        out.push_back(Bulk::of(std::min(free, there)));
    }
    return out;
}

std::optional<std::vector<BulkLeg>> AaveMarket::bulk_row(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    const EmodeCategory* category = emode(account);
    if (!trouble(account).empty() || (state_.behaviour->emode == EmodeKind::OnePerAsset &&
                                      category != nullptr && category->price)) {
        return std::nullopt;
    }
    std::vector<BulkLeg> out;
    for (const Balance& balance : account.balances) {
        if (!account.configuration.is_using(balance.reserve_id)) {
            continue;
        }
        const Reserve& reserve = state_.reserves.at(balance.reserve_id);
        const auto entered =
            margin::value_or_nothing([&] { return position<Exact>(balance, account); });
        if (!entered) {
            return std::nullopt;
        }
        const bool is_member = category != nullptr && is_in_emode(reserve, account);
        if (is_member && !category->liquidation_bonus_bps) {
            return std::nullopt;  // an older snapshot
        }
        const std::uint64_t bonus_bps = is_member ? *category->liquidation_bonus_bps
                                                  : reserve.configuration.liquidation_bonus_bps();
        out.push_back({.collateral = Bulk::of(entered->collateral),
                       .debt = Bulk::of(entered->debt),
                       .threshold = Bulk::of(entered->threshold_bps) / bps_per_one(),
                       .bonus = static_cast<double>(bonus_bps) / bps_per_one(),
                       .unit = Bulk::of(entered->unit),
                       .asset = place_of(state_, balance.reserve_id)});
    }
    return out;
}

double AaveMarket::bulk_health(std::span<const BulkLeg> legs,
                               std::span<const double> answers) const {
    return health_of(state_, sums_of(state_, legs, answers));
}

BulkOutcome AaveMarket::bulk_liquidate(std::span<BulkLeg> legs, margin::BulkCall call,
                                       std::span<const double> answers,
                                       std::span<double> liquidity) const {
    BulkLeg& held = legs[call.collateral];
    BulkLeg& owed = legs[call.debt];
    const Reserve& collateral = reserve_at(state_, held.asset);
    const Reserve& debt = reserve_at(state_, owed.asset);
    const LiquidationRules rules(*state_.behaviour);
    const Sums<Bulk> sums = sums_of(state_, legs, answers);
    const double health = health_of(state_, sums) * Bulk::of(core::wad());
    for (const Reserve* reserve : {&debt, &collateral}) {
        if (const auto why = unmodelled(*reserve)) {
            return refused(reserve->totals ? "not_modelled" : "not_read");
        }
    }
    if (const auto why = barrier(collateral, debt, health >= Bulk::of(full_close_health()))) {
        return refused(why->reason == "reserve_inactive"        ? "reserve_inactive"
                       : why->reason == "paused"                ? "paused"
                       : why->reason == "price_oracle_sentinel" ? "price_oracle_sentinel"
                                                                : "grace_period");
    }
    const SeizureTerms<Bulk> terms{.debt = {.price = answers[owed.asset], .unit = owed.unit},
                                   .collateral = {.price = answers[held.asset], .unit = held.unit},
                                   .bonus_bps = std::round(held.bonus * bps_per_one()),
                                   .protocol_fee_bps = static_cast<double>(
                                       collateral.configuration.liquidation_protocol_fee_bps())};
    const Sized<Bulk> sized = size_call<Bulk>(rules, terms,
                                              {.reserve_debt = owed.debt,
                                               .collateral = held.collateral,
                                               .total_debt = sums.debt,
                                               .health_factor = health},
                                              call.repay);
    if (sized.leaves_dust) {
        return refused("dust_left");
    }
    const Seizure<Bulk>& sale = sized.sale;
    const bool exhausted = exhausts<Bulk>(rules, sale.taken, terms.collateral, sums.collateral);
    if (sale.to_liquidator > liquidity[held.asset]) {
        return refused("insufficient_liquidity");
    }
    const auto is_written_off = [&](const BulkLeg& leg) {
        return leg.debt != 0 && reserve_at(state_, leg.asset).configuration.is_active();
    };
    if (exhausted && std::any_of(legs.begin(), legs.end(), [&](const BulkLeg& leg) {
            return is_written_off(leg) && unmodelled(reserve_at(state_, leg.asset));
        })) {
        return refused("not_modelled");
    }
    owed.debt = std::max(0.0, owed.debt - sale.repaid);
    held.collateral = std::max(0.0, held.collateral - sale.taken);
    liquidity[held.asset] -= sale.to_liquidator;
    liquidity[owed.asset] += sale.repaid;
    for (BulkLeg& leg : legs) {
        leg.debt = exhausted && is_written_off(leg) ? 0 : leg.debt;
    }
    return {
        .refusal = nullptr, .repaid = sale.repaid, .seized = sale.to_liquidator, .fee = sale.fee};
}

void AaveMarket::put_bulk_row(std::size_t row, std::span<const BulkLeg> legs) {
    Account& account = state_.accounts.at(row);
    account.referee.reset();
    U256 word = account.configuration.word();
    for (const BulkLeg& leg : legs) {
        const unsigned id = reserve_at(state_, leg.asset).id;
        const auto balance = std::find_if(account.balances.begin(), account.balances.end(),
                                          [&](const Balance& one) { return one.reserve_id == id; });
        const auto scaled = [](double amount, const std::optional<U256>& index) {
            return core::ray_div<core::Rounding::HalfUp>(margin::to_units(amount),
                                                         index.value_or(core::ray()));
        };
        if (account.configuration.is_collateral(id)) {
            balance->scaled_supply = scaled(leg.collateral, indexes_.at(id).supply);
            word = leg.collateral == 0 ? bit_unset(word, 2 * id + 1) : word;
        }
        if (account.configuration.is_borrowing(id)) {
            balance->scaled_debt = scaled(leg.debt, indexes_.at(id).debt);
            balance->stable_debt.reset();
            word = leg.debt == 0 ? bit_unset(word, 2 * id) : word;
        }
    }
    account.configuration = UserConfiguration(word);
}

}  // namespace margrave::adapters::aave_v3
