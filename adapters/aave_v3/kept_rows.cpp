#include "margin/kept_rows.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "adapters/aave_v3/market.hpp"
#include "core/errors.hpp"

// A row: the configuration's word, the e-mode, then of each reserve with a balance that counts its
// id and which of the following there are, in one number: id + 256 * kinds. Scaled collateral,
// scaled debt, principal, rate and time of the last update of stable debt, debt as the token says.
namespace margrave::adapters::aave_v3 {
namespace {

using core::U256;

constexpr unsigned kIdBits = 8;
constexpr unsigned kCollateral = 1;
constexpr unsigned kDebt = 2;
constexpr unsigned kStableDebt = 4;
constexpr unsigned kDebtByBalance = 8;
constexpr unsigned kAll = 15;

bool has_debt(const Balance& balance) {
    return balance.scaled_debt != 0 || balance.stable_debt ||
           balance.debt_by_balance.value_or(0) != 0;
}

/// Takes a row's numbers one by one.
class Numbers {
  public:
    Numbers(const core::Address& wallet, std::span<const U256> numbers)
        : wallet_(wallet), left_(numbers) {}

    [[nodiscard]] bool is_empty() const { return left_.empty(); }
    /// The next, below 2^bits.
    U256 take(unsigned bits) {
        if (left_.empty() || (bits < 256 && (left_.front() >> bits) != 0)) {
            refuse(left_.empty() ? "it ends too early" : "a number is too large");
        }
        U256 out = left_.front();
        left_ = left_.subspan(1);
        return out;
    }
    [[noreturn]] void refuse(const std::string& why) const {
        throw core::InputError(
            fmt::format("the account of {} is no row of aave_v3: {}", wallet_.to_string(), why));
    }

  private:
    const core::Address& wallet_;
    std::span<const U256> left_;
};

/// What contracts keep scaled balances and principals in.
constexpr unsigned kBalanceBits = 128;

Balance take_balance(Numbers& numbers) {
    const auto head = static_cast<unsigned>(numbers.take(16));
    const unsigned kinds = head >> kIdBits;
    Balance out;
    out.reserve_id = head & ((1U << kIdBits) - 1);
    if (kinds == 0 || (kinds & ~kAll) != 0) {
        numbers.refuse("a balance is of no kind");
    }
    if ((kinds & kCollateral) != 0) {
        out.scaled_supply = numbers.take(kBalanceBits);
    }
    if ((kinds & kDebt) != 0) {
        out.scaled_debt = numbers.take(kBalanceBits);
    }
    if ((kinds & kStableDebt) != 0) {
        out.stable_debt = StableDebt{};
        out.stable_debt->principal = numbers.take(kBalanceBits);
        out.stable_debt->rate = numbers.take(kBalanceBits);
        out.stable_debt->last_update =
            core::Timestamp(static_cast<std::uint64_t>(numbers.take(40)));
    }
    if ((kinds & kDebtByBalance) != 0) {
        out.debt_by_balance = numbers.take(kBalanceBits);
    }
    return out;
}

}  // namespace

std::vector<U256> AaveMarket::kept_row(std::size_t row) const {
    const Account& account = state_.accounts.at(row);
    std::vector<U256> out{account.configuration.word(), account.emode_category};
    bool is_borrower = false;
    for (const Balance& balance : account.balances) {
        const bool counts = account.configuration.is_collateral(balance.reserve_id);
        const bool has_collateral = counts && balance.scaled_supply != 0;
        const unsigned kinds = (has_collateral ? kCollateral : 0U) |
                               (balance.scaled_debt != 0 ? kDebt : 0U) |
                               (balance.stable_debt ? kStableDebt : 0U) |
                               (balance.debt_by_balance ? kDebtByBalance : 0U);
        if (kinds == 0) {
            continue;
        }
        is_borrower = is_borrower || has_debt(balance);
        out.emplace_back(balance.reserve_id | (kinds << kIdBits));
        if (has_collateral) {
            out.push_back(balance.scaled_supply);
        }
        if (balance.scaled_debt != 0) {
            out.push_back(balance.scaled_debt);
        }
        if (balance.stable_debt) {
            out.push_back(balance.stable_debt->principal);
            out.push_back(balance.stable_debt->rate);
            out.emplace_back(balance.stable_debt->last_update.value());
        }
        if (balance.debt_by_balance) {
            out.push_back(*balance.debt_by_balance);
        }
    }
    return is_borrower ? out : std::vector<U256>{};
}

void AaveMarket::add_row(const core::Address& wallet, std::span<const U256> row) {
    Numbers numbers(wallet, row);
    Account account;
    account.wallet = wallet;
    account.configuration = UserConfiguration(numbers.take(256));
    account.emode_category = static_cast<std::uint64_t>(numbers.take(8));
    bool is_borrower = false;
    while (!numbers.is_empty()) {
        Balance balance = take_balance(numbers);
        if (state_.reserves.count(balance.reserve_id) == 0) {
            numbers.refuse(fmt::format("the market has no reserve {}", balance.reserve_id));
        }
        if (!account.balances.empty() && account.balances.back().reserve_id >= balance.reserve_id) {
            numbers.refuse("its reserves are out of order");
        }
        is_borrower = is_borrower || has_debt(balance);
        account.balances.push_back(std::move(balance));
    }
    if (!is_borrower) {
        numbers.refuse("it has no debt");
    }
    state_.accounts.push_back(std::move(account));
}

void AaveMarket::take_row(const margin::Market& read, std::size_t row) {
    Account account = dynamic_cast<const AaveMarket&>(read).state_.accounts.at(row);
    for (const Balance& balance : account.balances) {
        if (state_.reserves.count(balance.reserve_id) == 0) {
            throw core::InputError(
                fmt::format("the account of {} has a balance of reserve {}, "
                            "which the market does not have",
                            account.wallet.to_string(), balance.reserve_id));
        }
    }
    margin::put_in_its_place(std::move(account), state_.accounts);
}

std::unique_ptr<margin::Market> AaveMarket::without_accounts() const {
    State state = state_;
    state.accounts.clear();
    auto out = std::make_unique<AaveMarket>(std::move(state));
    out->accrue(time_);
    return out;
}

/// Of each reserve. The principals of stable debt have no such sum: what the token keeps of all of
/// them has interest at the average rate in it (StableDebtToken of aave/aave-v3-core@v1.19.3).
std::vector<margin::DebtSum> AaveMarket::debt_sums() const {
    std::vector<margin::DebtSum> out;
    std::map<unsigned, std::size_t> place;
    for (const auto& [id, reserve] : state_.reserves) {
        place.emplace(id, out.size());
        margin::DebtSum& sum = out.emplace_back();
        sum.what = "scaled debt of " + reserve.symbol;
        if (reserve.totals) {
            sum.of_market = reserve.totals->scaled_debt;
        }
    }
    for (const Account& account : state_.accounts) {
        for (const Balance& balance : account.balances) {
            out[place.at(balance.reserve_id)].of_accounts += balance.scaled_debt;
        }
    }
    return out;
}

}  // namespace margrave::adapters::aave_v3
