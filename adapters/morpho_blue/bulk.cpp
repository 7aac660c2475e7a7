#include <cmath>
#include <limits>

#include "adapters/morpho_blue/market.hpp"
#include "adapters/morpho_blue/rules.hpp"

/// Accounts and liquidations in doubles: the same templates as the exact market's. Shares are left
/// out: a liquidation does not change what one is worth but for its rounding.
namespace margrave::adapters::morpho_blue {
namespace {

using margin::Bulk;
using margin::BulkLeg;

/// Places in bulk_assets().
constexpr std::uint16_t kCollateral = 0;
constexpr std::uint16_t kLoan = 1;

double per_wad(double value) { return value / Bulk::of(core::wad()); }

}  // namespace

std::vector<core::Address> MorphoMarket::bulk_assets() const {
    return {state_.params.collateral_token, state_.params.loan_token};
}

std::vector<double> MorphoMarket::bulk_liquidity() const {
    constexpr double kNotAsked = std::numeric_limits<double>::infinity();
    return {kNotAsked, kNotAsked};
}

std::optional<std::vector<BulkLeg>> MorphoMarket::bulk_row(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    const auto debt = debt_of(account);
    if (!trouble(account).empty() || !debt) {
        return std::nullopt;
    }
    std::vector<BulkLeg> out;
    const double incentive = Bulk::of(liquidation_incentive(state_.params.lltv));
    out.push_back({.collateral = Bulk::of(account.collateral),
                   .debt = 0,
                   .threshold = per_wad(Bulk::of(state_.params.lltv)),
                   .bonus = per_wad(incentive),
                   .unit = Bulk::of(oracle_price_scale()),
                   .asset = kCollateral});
    out.push_back({.collateral = 0,
                   .debt = Bulk::of(*debt),
                   .threshold = 0,
                   .bonus = 1,
                   .unit = 1,
                   .asset = kLoan});
    return out;
}

double MorphoMarket::bulk_health(std::span<const BulkLeg> legs,
                                 std::span<const double> answers) const {
    const BulkLeg& held = legs[kCollateral];
    const double value = collateral_value<Bulk>(held.collateral, answers[kCollateral]);
    const double debt = legs[kLoan].debt;
    const double limit = max_borrow<Bulk>(value, held.threshold * Bulk::of(core::wad()));
    return debt == 0 ? std::numeric_limits<double>::infinity() : limit / debt;
}

/// As much as the contract allows is all debt where the collateral suffices, else all collateral.
margin::BulkOutcome MorphoMarket::bulk_liquidate(std::span<BulkLeg> legs, margin::BulkCall call,
                                                 std::span<const double> answers,
                                                 std::span<double> /*liquidity*/) const {
    BulkLeg& held = legs[call.collateral];
    BulkLeg& owed = legs[call.debt];
    const double price = answers[kCollateral];
    const double incentive = held.bonus * Bulk::of(core::wad());
    const bool is_sized = std::isfinite(call.repay);
    margin::BulkOutcome out;
    out.repaid = is_sized ? call.repay : owed.debt;
    out.seized = seized_for<Bulk>(out.repaid, price, incentive);
    if (is_sized && (out.repaid > owed.debt || out.seized > held.collateral)) {
        out.refusal = out.repaid > owed.debt ? "debt_exceeded" : "collateral_exceeded";
        return out;
    }
    if (out.seized > held.collateral) {
        out.seized = held.collateral;
        out.repaid = repaid_for<Bulk>(held.collateral, price, incentive);
    }
    held.collateral -= out.seized;
    // Without collateral the rest is the lenders'.
    owed.debt = held.collateral == 0 ? 0 : owed.debt - out.repaid;
    return out;
}

void MorphoMarket::put_bulk_row(std::size_t row, std::span<const BulkLeg> legs) {
    Account& account = state_.accounts.at(row);
    account.referee.reset();
    account.collateral = margin::to_units(legs[kCollateral].collateral);
    account.borrow_shares =
        now_ ? to_shares_up<Exact>(margin::to_units(legs[kLoan].debt), now_->totals.borrow())
             : account.borrow_shares;
}

}  // namespace margrave::adapters::morpho_blue
