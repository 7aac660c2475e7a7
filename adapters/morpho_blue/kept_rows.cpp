#include "margin/kept_rows.hpp"

#include <string>
#include <utility>

#include "adapters/morpho_blue/market.hpp"
#include "core/errors.hpp"

namespace margrave::adapters::morpho_blue {

std::vector<U256> MorphoMarket::kept_row(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    if (account.borrow_shares == 0) {
        return {};
    }
    return {account.borrow_shares, account.collateral, account.supply_shares};
}

void MorphoMarket::add_row(const core::Address& wallet, std::span<const U256> numbers) {
    constexpr std::size_t kNumbers = 3;
    const bool is_row = numbers.size() == kNumbers && numbers[0] != 0 &&
                        (numbers[0] >> 128U) == 0 && (numbers[1] >> 128U) == 0;
    if (!is_row) {
        throw core::InputError("the account of " + wallet.to_string() +
                               " is no borrower of market " + state_.name.name);
    }
    Account account;
    account.wallet = wallet;
    account.borrow_shares = numbers[0];
    account.collateral = numbers[1];
    account.supply_shares = numbers[2];
    state_.accounts.push_back(std::move(account));
}

void MorphoMarket::take_row(const margin::Market& read, std::size_t row) {
    const State& from = dynamic_cast<const MorphoMarket&>(read).state_;
    Account account = from.accounts.at(row);
    for (std::size_t& place : account.pre_liquidations) {
        state_.pre_liquidations.push_back(from.pre_liquidations.at(place));
        place = state_.pre_liquidations.size() - 1;
    }
    margin::put_in_its_place(std::move(account), state_.accounts);
}

std::unique_ptr<margin::Market> MorphoMarket::without_accounts() const {
    State state = state_;
    state.accounts.clear();
    auto out = std::make_unique<MorphoMarket>(std::move(state));
    out->accrue(time_);
    return out;
}

std::vector<margin::DebtSum> MorphoMarket::debt_sums() const {
    margin::DebtSum sum{
        .what = "borrow shares", .of_accounts = 0, .of_market = state_.totals.borrow_shares};
    for (const Account& account : state_.accounts) {
        sum.of_accounts += account.borrow_shares;
    }
    return {sum};
}

}  // namespace margrave::adapters::morpho_blue
