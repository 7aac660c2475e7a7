#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "adapters/morpho_blue/contracts.hpp"
#include "adapters/morpho_blue/market.hpp"
#include "margin/guard.hpp"

/// The state changes of Morpho.sol, morpho-org/morpho-blue@3085651: each function here follows the
/// one of the same name there, in its order of checks. They work on a copy of the state, which
/// replaces the market's only when nothing was refused.
namespace margrave::adapters::morpho_blue {
namespace {

using core::Result;
using core::Unexpected;
using margin::ActionKind;
using margin::Refusal;

constexpr std::uint64_t kYear = 365ULL * 86'400;

/// Thrown inside this file alone, to leave a half-made change from any depth.
struct Refused {
    Refusal refusal;
};

[[noreturn]] void refuse(std::string reason, std::string detail = "") {
    throw Refused{{.reason = std::move(reason), .detail = std::move(detail)}};
}

void require(bool condition, const char* reason, const char* detail = "") {
    if (!condition) {
        refuse(reason, detail);
    }
}

/// `compute()`, or why the contract would revert it.
template <class F>
auto refused_or(F&& compute) -> Result<decltype(compute()), Refusal> {
    try {
        return std::forward<F>(compute)();
    } catch (const Refused& refused) {
        return Unexpected(refused.refusal);
    } catch (const std::overflow_error& error) {
        return Unexpected(Refusal{.reason = "out_of_range", .detail = error.what()});
    } catch (const std::range_error& error) {
        return Unexpected(Refusal{.reason = "out_of_range", .detail = error.what()});
    }
}

/// a - b where the contract's checked subtraction would name no reason.
U256 less(const U256& a, const U256& b, const char* reason, const char* detail) {
    require(b <= a, reason, detail);
    return a - b;
}

U256 floored_difference(const U256& a, const U256& b) { return a > b ? U256(a - b) : U256(0); }

/// Morpho._accrueInterest: stores the interest up to `time`.
void store_interest(State& state, core::Timestamp time) {
    if (time == state.last_update) {
        return;
    }
    if (!state.model.trouble.detail.empty()) {
        refuse("no_borrow_rate", state.model.trouble.detail);
    }
    const Accrued now = accrue_to(state, time);
    state.totals = now.totals;
    state.last_update = time;
    state.model.rate_at_target = now.rate_at_target;
    for (Account& account : state.accounts) {
        if (account.wallet == state.fee_recipient) {
            account.supply_shares += now.fee_shares;
        }
    }
}

U256 price_of(const State& state) {
    if (!state.price) {
        refuse("no_price", state.price_trouble.detail);
    }
    return state.price->answer;
}

/// Morpho._isHealthy with a price.
bool is_healthy(const State& state, const Account& account, const U256& price) {
    const U256 debt = to_assets_up<Exact>(account.borrow_shares, state.totals.borrow());
    return max_borrow<Exact>(collateral_value<Exact>(account.collateral, price),
                             state.params.lltv) >= debt;
}

void require_healthy(const State& state, const Account& account) {
    // Without debt the contract does not ask its oracle.
    require(account.borrow_shares == 0 || is_healthy(state, account, price_of(state)),
            "insufficient_collateral", "the account would be unhealthy");
}

void require_liquidity(const State& state) {
    require(state.totals.borrow_assets <= state.totals.supply_assets, "insufficient_liquidity",
            "more would be borrowed than is lent");
}

/// Of repaid shares and seized collateral exactly one is given, as the contract takes them.
struct LiquidationSize {
    U256 seized;
    U256 repaid_shares;
};

/// Morpho.liquidate, interest stored.
margin::LiquidationOutcome liquidate_in(State& state, Account& account, LiquidationSize size) {
    require((size.seized == 0) != (size.repaid_shares == 0), "inconsistent_input",
            "either collateral to seize or debt shares to repay, and not nothing");
    const U256 price = price_of(state);
    require(!is_healthy(state, account, price), "healthy",
            "the debt does not exceed the maximum borrow");
    const U256 incentive = liquidation_incentive(state.params.lltv);
    Totals& totals = state.totals;
    if (size.seized > 0) {
        size.repaid_shares =
            to_shares_up<Exact>(repaid_for<Exact>(size.seized, price, incentive), totals.borrow());
    } else {
        size.seized = seized_for<Exact>(to_assets_down<Exact>(size.repaid_shares, totals.borrow()),
                                        price, incentive);
    }
    margin::LiquidationOutcome out;
    out.repaid = to_assets_up<Exact>(size.repaid_shares, totals.borrow());
    out.seized = size.seized;
    account.borrow_shares = less(account.borrow_shares, size.repaid_shares, "debt_exceeded",
                                 "more shares would be repaid than are owed");
    totals.borrow_shares -= size.repaid_shares;
    // One unit more than all there is may be repaid, by rounding.
    totals.borrow_assets = floored_difference(totals.borrow_assets, out.repaid);
    account.collateral = less(account.collateral, size.seized, "collateral_exceeded",
                              "more collateral would be seized than there is");
    if (account.collateral == 0) {
        out.bad_debt = std::min<U256>(totals.borrow_assets,
                                      to_assets_up<Exact>(account.borrow_shares, totals.borrow()));
        totals.borrow_assets -= out.bad_debt;
        totals.supply_assets -= out.bad_debt;
        totals.borrow_shares -= account.borrow_shares;
        account.borrow_shares = 0;
    }
    if (out.bad_debt != 0) {
        out.deficits.push_back({.asset = state.params.loan_token,
                                .symbol = state.loan.symbol,
                                .amount = out.bad_debt});
    }
    return out;
}

/// A liquidation tried on a copy of the state, to be kept or thrown away.
struct Attempt {
    State state;
    margin::LiquidationOutcome outcome;
};

Result<Attempt, Refusal> attempt(const State& before, std::size_t row, LiquidationSize size) {
    return refused_or([&] {
        Attempt out{.state = before, .outcome = {}};
        out.outcome = liquidate_in(out.state, out.state.accounts.at(row), std::move(size));
        return out;
    });
}

/// As much as the contract allows: all debt where the collateral suffices, else all collateral.
/// Where rounding up would make the latter cost more shares than are owed, the most shares whose
/// collateral suffices.
Result<Attempt, Refusal> liquidate_all(const State& before, std::size_t row) {
    const Account& account = before.accounts.at(row);
    Result<Attempt, Refusal> all =
        attempt(before, row, {.seized = 0, .repaid_shares = account.borrow_shares});
    const bool is_too_much = !all && (all.error().reason == "collateral_exceeded" ||
                                      all.error().reason == "out_of_range");
    if (!is_too_much) {
        return all;
    }
    if (account.collateral != 0) {
        Result<Attempt, Refusal> by_collateral =
            attempt(before, row, {.seized = account.collateral, .repaid_shares = 0});
        if (by_collateral || by_collateral.error().reason != "debt_exceeded") {
            return by_collateral;
        }
    }
    U256 fits = 0;
    U256 exceeds = account.borrow_shares;
    while (exceeds - fits > 1) {
        const U256 middle = (fits + exceeds) / 2;
        (attempt(before, row, {.seized = 0, .repaid_shares = middle}) ? fits : exceeds) = middle;
    }
    return attempt(before, row, {.seized = 0, .repaid_shares = fits});
}

/// The assets of an action and the shares they are, as one of the two was given.
struct Amounts {
    U256 assets;
    U256 shares;
};

U256 given(const margin::Action& action) {
    require(action.amount.has_value(), "amount_needed", "the contract knows no whole of this");
    require(*action.amount != 0, "zero_amount");
    return *action.amount;
}

Amounts supply(State& state, Account& account, const margin::Action& action) {
    const U256 assets = given(action);
    const U256 shares = to_shares_down<Exact>(assets, state.totals.supply());
    account.supply_shares += shares;
    state.totals.supply_shares = fit_128(state.totals.supply_shares + fit_128(shares));
    state.totals.supply_assets = fit_128(state.totals.supply_assets + fit_128(assets));
    return {assets, shares};
}

Amounts withdraw(State& state, Account& account, const margin::Action& action) {
    const ShareTotals<Exact> side = state.totals.supply();
    Amounts out;
    if (action.amount) {
        out = {.assets = given(action), .shares = to_shares_up<Exact>(*action.amount, side)};
    } else {
        require(account.supply_shares != 0, "zero_amount");
        out = {.assets = to_assets_down<Exact>(account.supply_shares, side),
               .shares = account.supply_shares};
    }
    account.supply_shares =
        less(account.supply_shares, out.shares, "supply_exceeded", "more than is lent");
    state.totals.supply_shares -= out.shares;
    state.totals.supply_assets = less(state.totals.supply_assets, out.assets,
                                      "insufficient_liquidity", "more than is lent by all");
    require_liquidity(state);
    return out;
}

Amounts borrow(State& state, Account& account, const margin::Action& action) {
    const U256 assets = given(action);
    const U256 shares = to_shares_up<Exact>(assets, state.totals.borrow());
    account.borrow_shares = fit_128(account.borrow_shares + fit_128(shares));
    state.totals.borrow_shares = fit_128(state.totals.borrow_shares + shares);
    state.totals.borrow_assets = fit_128(state.totals.borrow_assets + fit_128(assets));
    require_healthy(state, account);
    require_liquidity(state);
    return {assets, shares};
}

Amounts repay(State& state, Account& account, const margin::Action& action) {
    const ShareTotals<Exact> side = state.totals.borrow();
    Amounts out;
    if (action.amount) {
        out = {.assets = given(action), .shares = to_shares_down<Exact>(*action.amount, side)};
    } else {
        require(account.borrow_shares != 0, "zero_amount");
        out = {.assets = to_assets_up<Exact>(account.borrow_shares, side),
               .shares = account.borrow_shares};
    }
    account.borrow_shares =
        less(account.borrow_shares, fit_128(out.shares), "debt_exceeded", "more than is owed");
    state.totals.borrow_shares -= out.shares;
    state.totals.borrow_assets = floored_difference(state.totals.borrow_assets, out.assets);
    return out;
}

Amounts supply_collateral(const State& state, Account& account, const margin::Action& action) {
    const U256 assets = given(action);
    account.collateral = fit_128(account.collateral + fit_128(assets));
    // The contract's transfer, its last step, asks whether there is code at the token's address.
    require(!state.params.collateral_token.is_zero(), "unknown_asset",
            "the market has no collateral token");
    return {assets, 0};
}

Amounts withdraw_collateral(State& state, Account& account, const margin::Action& action) {
    require(action.amount || account.collateral != 0, "zero_amount");
    const U256 assets = action.amount ? given(action) : account.collateral;
    account.collateral =
        less(account.collateral, fit_128(assets), "collateral_exceeded", "more than is posted");
    require_healthy(state, account);
    return {assets, 0};
}

bool is_of_collateral(ActionKind kind) {
    return kind == ActionKind::SupplyCollateral || kind == ActionKind::WithdrawCollateral;
}

/// Refuses what Morpho does not have, and another market's token.
void check_kind(const State& state, const margin::Action& action) {
    require(action.kind != ActionKind::SetCollateral && action.kind != ActionKind::SetEmode,
            "not_modelled", "Morpho Blue has neither collateral flags nor e-modes");
    const core::Address& token =
        is_of_collateral(action.kind) ? state.params.collateral_token : state.params.loan_token;
    if (action.asset != token) {
        refuse("unknown_asset", token.to_string() + " is the market's token for this");
    }
}

Amounts apply_in(State& state, Account& account, const margin::Action& action,
                 core::Timestamp time) {
    if (action.kind != ActionKind::SupplyCollateral) {
        store_interest(state, time);  // posting collateral does not need it, and leaves it
    }
    switch (action.kind) {
        case ActionKind::Supply:
            return supply(state, account, action);
        case ActionKind::Withdraw:
            return withdraw(state, account, action);
        case ActionKind::Borrow:
            return borrow(state, account, action);
        case ActionKind::Repay:
            return repay(state, account, action);
        case ActionKind::SupplyCollateral:
            return supply_collateral(state, account, action);
        case ActionKind::WithdrawCollateral:
        case ActionKind::SetCollateral:
        case ActionKind::SetEmode:
            break;
    }
    return withdraw_collateral(state, account, action);
}

/// Whether the row may be acted on.
void check_row(const Account& account) {
    if (!account.is_read()) {
        refuse("not_read", "the position could not be read: " + account.trouble.detail);
    }
}

ParamsTuple to_tuple(const Params& params) {
    return {params.loan_token, params.collateral_token, params.oracle, params.irm, params.lltv};
}

std::string_view verb(ActionKind kind) {
    switch (kind) {
        case ActionKind::Supply:
            return "supply";
        case ActionKind::Withdraw:
            return "withdraw";
        case ActionKind::Borrow:
            return "borrow";
        case ActionKind::Repay:
            return "repay";
        case ActionKind::SupplyCollateral:
            return "supply collateral of";
        default:
            return "withdraw collateral of";
    }
}

/// The calldata for the amounts that the action comes to; a whole debt or supply goes by shares.
core::Bytes calldata(const State& state, const core::Address& wallet, const margin::Action& action,
                     const Amounts& amounts) {
    const ParamsTuple params = to_tuple(state.params);
    const bool by_shares = !action.amount;
    const U256 assets = by_shares ? U256(0) : amounts.assets;
    const U256 shares = by_shares ? amounts.shares : U256(0);
    switch (action.kind) {
        case ActionKind::Supply:
            return SupplyCall::encode(params, assets, shares, wallet, core::Bytes{});
        case ActionKind::Withdraw:
            return WithdrawCall::encode(params, assets, shares, wallet, wallet);
        case ActionKind::Borrow:
            return BorrowCall::encode(params, assets, shares, wallet, wallet);
        case ActionKind::Repay:
            return RepayCall::encode(params, assets, shares, wallet, core::Bytes{});
        case ActionKind::SupplyCollateral:
            return SupplyCollateralCall::encode(params, amounts.assets, wallet, core::Bytes{});
        default:
            return WithdrawCollateralCall::encode(params, amounts.assets, wallet, wallet);
    }
}

}  // namespace

/// Takes over a changed state, in which what the contracts said of the old one is void.
void MorphoMarket::take_over(State state) {
    for (Account& account : state.accounts) {
        account.referee.reset();
    }
    state_ = std::move(state);
    state_.block_time = time_;
    // A foreign IRM's rate was that of another state.
    state_.model.is_assumed = state_.model.kind == RateModel::Kind::Quoted;
    look_at_time();
}

Result<margin::LiquidationOutcome, Refusal> MorphoMarket::liquidate(
    std::size_t row, const margin::LiquidationCall& call) {
    const auto ready = refused_or([&] {
        check_row(state_.accounts.at(row));
        require(call.collateral == state_.params.collateral_token &&
                    call.debt == state_.params.loan_token,
                "unknown_asset", "the market has one collateral and one debt token");
        State state = state_;
        store_interest(state, time_);
        return state;
    });
    if (!ready) {
        return Unexpected(ready.error());
    }
    const int sizes = (call.repay ? 1 : 0) + (call.repay_shares ? 1 : 0) + (call.seize ? 1 : 0);
    Result<Attempt, Refusal> done = refused_or([&] {
        require(sizes <= 1, "inconsistent_input", "more than one size is given");
        return Attempt{};
    });
    if (done && sizes == 0) {
        done = liquidate_all(*ready, row);
    } else if (done) {
        // Assets become shares rounded down, as where a user repays: no more is paid than asked.
        const auto size = refused_or([&] {
            return LiquidationSize{
                .seized = call.seize.value_or(0),
                .repaid_shares = call.repay
                                     ? to_shares_down<Exact>(*call.repay, ready->totals.borrow())
                                     : call.repay_shares.value_or(0)};
        });
        done = size ? attempt(*ready, row, *size) : Unexpected(size.error());
    }
    if (!done) {
        return Unexpected(done.error());
    }
    take_over(std::move(done.value().state));
    return done->outcome;
}

Result<margin::ActionOutcome, Refusal> MorphoMarket::apply(std::size_t row,
                                                           const margin::Action& action) {
    return refused_or([&] {
        State state = state_;
        Account& account = state.accounts.at(row);
        check_row(account);
        check_kind(state, action);
        const Amounts moved = apply_in(state, account, action, time_);
        take_over(std::move(state));
        return margin::ActionOutcome{.amount = moved.assets};
    });
}

Result<std::monostate, Refusal> MorphoMarket::shock(const margin::ParameterShock& shock) {
    return refused_or([&] {
        State state = state_;
        const auto concerns = [&](const core::Address& token) {
            return !shock.asset || *shock.asset == token;
        };
        switch (shock.kind) {
            case margin::ParameterShock::Kind::BorrowRate:
                require(concerns(state.params.loan_token), "unknown_asset");
                store_interest(state, time_);
                state.model = {};
                state.model.kind = RateModel::Kind::Quoted;
                // A year in ray becomes a second in wad, rounded up: against the borrower.
                state.model.rate = core::mul_div<Rounding::Up>(
                    shock.value, 1, U256(core::ray() / core::wad()) * kYear);
                break;
            case margin::ParameterShock::Kind::LiquidationThreshold:
                require(concerns(state.params.collateral_token), "unknown_asset");
                require(shock.value <= core::percentage_factor(), "out_of_range",
                        "an LLTV is at most one");
                state.params.lltv = shock.value * (core::wad() / core::percentage_factor());
                break;
            case margin::ParameterShock::Kind::Pause:
                refuse("not_modelled", "Morpho Blue has nothing that could be paused");
        }
        take_over(std::move(state));
        return std::monostate{};
    });
}

Result<margin::ActionCalls, Refusal> MorphoMarket::calls(std::size_t row,
                                                         const margin::Action& action) const {
    return refused_or([&] {
        State state = state_;
        Account& account = state.accounts.at(row);
        check_row(account);
        check_kind(state, action);
        const Amounts amounts = apply_in(state, account, action, time_);
        const bool is_collateral = is_of_collateral(action.kind);
        const core::Address& token =
            is_collateral ? state_.params.collateral_token : state_.params.loan_token;
        const Token& shown = is_collateral ? state_.collateral : state_.loan;
        margin::ActionCalls out;
        const bool pays = action.kind == ActionKind::Supply || action.kind == ActionKind::Repay ||
                          action.kind == ActionKind::SupplyCollateral;
        if (pays) {
            out.approvals.push_back(
                {.token = token, .spender = state_.morpho, .amount = amounts.assets});
        }
        out.call = {
            .to = state_.morpho,
            .value = 0,
            .data = calldata(state_, account.wallet, action, amounts),
            .what = fmt::format("{} {} {} at morpho_blue/{}", verb(action.kind),
                                core::format_fixed(amounts.assets, shown.decimals, shown.decimals),
                                shown.symbol, state_.name.name)};
        return out;
    });
}

std::vector<margin::AssetCapacity> MorphoMarket::capacities() const {
    if (!now_) {
        return {};
    }
    State state = state_;
    state.totals = now_->totals;
    state.model.rate_at_target = now_->rate_at_target;
    state.last_update = time_;
    const auto rate = margin::value_or_nothing(
        [&] { return U256(accrue_to(state, time_).rate * (core::ray() / core::wad()) * kYear); });
    margin::AssetCapacity out;
    out.asset = state_.params.loan_token;
    out.symbol = state_.loan.symbol;
    out.decimals = state_.loan.decimals;
    out.supplied = now_->totals.supply_assets;
    out.borrowed = now_->totals.borrow_assets;
    out.liquid = floored_difference(out.supplied, out.borrowed);
    if (rate && state_.model.trouble.detail.empty()) {
        out.borrow_rate = core::Ray(*rate);
    }
    return {out};
}

}  // namespace margrave::adapters::morpho_blue
