#include "cascade/capital.hpp"

#include <algorithm>

namespace margrave::cascade {

using core::Address;
using core::U256;

Capital::Capital(const std::optional<core::Usd>& have) {
    if (have) {
        left_ = SignedUsd(have->value());
    }
}

void Capital::begin_round(const State& state) {
    if (left_) {
        *left_ += earned_;
        earned_ = 0;
        prices_ = dollar_prices(state);
    }
}

std::optional<margin::LiquidationCall> Capital::sized(
    margin::LiquidationCall call,
    const core::Result<margin::LiquidationOutcome, margin::Refusal>& trial) {
    if (!left_ || !trial) {
        return call;  // the contract's own refusal is what the round records
    }
    const auto cost = dollars_of(prices_, call.debt, trial->repaid);
    if (!cost) {
        const std::string note = "the liquidators' capital does not limit what is repaid in " +
                                 call.debt.to_string() + ": no market here prices it in dollars";
        if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) {
            notes_.push_back(note);
        }
        return call;
    }
    if (*cost <= *left_) {
        return call;
    }
    const auto amount =
        *left_ > 0 ? SignedUsd(SignedUsd(trial->repaid) * *left_ / *cost) : SignedUsd(0);
    if (amount == 0) {
        return std::nullopt;
    }
    call.repay = U256(amount);
    return call;
}

void Capital::pay(const Address& asset, const U256& amount) {
    if (left_) {
        *left_ -= dollars_of(prices_, asset, amount).value_or(0);
    }
}

void Capital::earn(const Address& asset, const U256& amount) {
    if (left_) {
        earned_ += dollars_of(prices_, asset, amount).value_or(0);
    }
}

}  // namespace margrave::cascade
