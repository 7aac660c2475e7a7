#include "adapters/aave_v3/market.hpp"
#include "adapters/aave_v3/rates.hpp"
#include "adapters/aave_v3/rules.hpp"
#include "chains/abi.hpp"
#include "margin/guard.hpp"

/// The pool's functions that carry out an action, encoded for the row's own wallet.
namespace margrave::adapters::aave_v3 {
namespace {

using chains::abi::Function;
using core::Address;
using core::U256;
using margin::Action;
using margin::ActionCalls;
using margin::ActionKind;
using margin::Refusal;

// IPool, as an account's owner calls it; the same at every revision. What they return is not used.
using Supply = Function<"supply", bool(Address, U256, Address, std::uint16_t)>;
using Withdraw = Function<"withdraw", U256(Address, U256, Address)>;
using Borrow = Function<"borrow", bool(Address, U256, U256, std::uint16_t, Address)>;
using Repay = Function<"repay", U256(Address, U256, U256, Address)>;
using SetUserUseReserveAsCollateral =
    Function<"setUserUseReserveAsCollateral", bool(Address, bool)>;
using SetUserEMode = Function<"setUserEMode", bool(std::uint8_t)>;

/// Variable debt; the other one, stable, is gone since 3.2.
const U256 kVariableRate = 2;
constexpr std::uint16_t kNoReferral = 0;

/// Base units as a person reads them.
std::string tokens(const U256& amount, const Reserve& reserve) {
    const unsigned decimals = reserve.configuration.decimals();
    return core::format_fixed(amount, decimals, decimals) + " " + reserve.symbol;
}

core::Unexpected<Refusal> refuse(const char* reason, std::string detail) {
    return core::Unexpected(Refusal{.reason = reason, .detail = std::move(detail)});
}

bool needs_amount(ActionKind kind) {
    return kind == ActionKind::Supply || kind == ActionKind::Borrow;
}

/// The ABI of one action on one reserve.
struct Encoded {
    core::Bytes data;
    std::string what;
};

Encoded encode(const Action& action, const Reserve& reserve, const Address& wallet) {
    const Address& asset = reserve.asset;
    // type(uint256).max is everything there is, in the block that executes the call.
    const U256 amount = action.amount.value_or(core::max_u256());
    const std::string how_much = action.amount && *action.amount != core::max_u256()
                                     ? tokens(amount, reserve)
                                     : "all " + reserve.symbol;
    switch (action.kind) {
        case ActionKind::Supply:
            return {Supply::encode(asset, amount, wallet, kNoReferral), "supply " + how_much};
        case ActionKind::Withdraw:
            return {Withdraw::encode(asset, amount, wallet), "withdraw " + how_much};
        case ActionKind::Borrow:
            return {Borrow::encode(asset, amount, kVariableRate, kNoReferral, wallet),
                    "borrow " + how_much};
        case ActionKind::Repay:
            return {Repay::encode(asset, amount, kVariableRate, wallet), "repay " + how_much};
        default:
            return {SetUserUseReserveAsCollateral::encode(asset, action.enable),
                    (action.enable ? "enable " : "disable ") + reserve.symbol + " as collateral"};
    }
}

}  // namespace

/// What the pool will pull: the amount, or of a full repayment the debt at time(), which grows
/// until the call is executed. Whoever plans accrues the fork to the last moment it may be.
std::optional<U256> AaveMarket::amount_to_approve(const Account& account, const Reserve& reserve,
                                                  const Action& action) const {
    if (action.kind == ActionKind::Supply) {
        return action.amount;
    }
    if (action.kind != ActionKind::Repay) {
        return std::nullopt;
    }
    U256 debt = 0;
    for (const Balance& balance : account.balances) {
        const auto& index = indexes_.at(balance.reserve_id).debt;
        if (balance.reserve_id == reserve.id && index) {
            debt = debt_balance<margin::Exact>(*state_.behaviour, balance.scaled_debt, *index);
        }
    }
    return std::min(debt, action.amount.value_or(core::max_u256()));
}

core::Result<ActionCalls, Refusal> AaveMarket::calls(std::size_t row, const Action& action) const {
    const Account& account = state_.accounts.at(row);
    const std::string place = " at " + name_.protocol + "/" + name_.name;
    ActionCalls out;
    out.call.to = state_.pool;
    if (action.kind == ActionKind::SetEmode) {
        if (action.category > 255) {
            return refuse("out_of_range", "e-mode categories go up to 255");
        }
        out.call.data = SetUserEMode::encode(static_cast<std::uint8_t>(action.category));
        out.call.what = "e-mode " + std::to_string(action.category) + place;
        return out;
    }
    if (action.kind == ActionKind::SupplyCollateral ||
        action.kind == ActionKind::WithdrawCollateral) {
        return refuse("not_modelled", "what is lent is the collateral here: supply and withdraw");
    }
    const Reserve* const reserve = find_reserve(action.asset);
    if (reserve == nullptr) {
        return refuse("unknown_asset", action.asset.to_string() + " is no reserve here");
    }
    if (needs_amount(action.kind) && !action.amount) {
        return refuse("invalid_amount", "the contract knows no \"everything\" of this");
    }
    Encoded encoded = encode(action, *reserve, account.wallet);
    out.call.data = std::move(encoded.data);
    out.call.what = encoded.what + place;
    const auto approved =
        margin::value_or_nothing([&] { return amount_to_approve(account, *reserve, action); });
    if (!approved) {
        return refuse("out_of_range", "the debt leaves 256 bits");
    }
    if (*approved) {
        out.approvals.push_back(
            {.token = reserve->asset, .spender = state_.pool, .amount = **approved});
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
