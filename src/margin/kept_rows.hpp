#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/market.hpp"

namespace margrave::margin {

/// All debts of one kind: what the rows add up to beside what the contract itself says. Of a market
/// with all its borrowers the two are equal, to the unit.
struct DebtSum {
    std::string what;  ///< "scaled debt of WETH", "borrow shares"
    core::U256 of_accounts;
    std::optional<core::U256> of_market;  ///< nullopt when it could not be read
};

/// A market whose borrowers can be kept apart from what they share, as the book of a whole market
/// keeps them: a row is a few numbers whose order is the adapter's own (its README says it). What
/// does not bear on solvency, such as supplies that are no collateral, is not in them.
class KeptRows {
  public:
    virtual ~KeptRows() = default;

    /// The row without its wallet; empty without debt.
    [[nodiscard]] virtual std::vector<core::U256> kept_row(std::size_t row) const = 0;
    /// The inverse; throws core::InputError for numbers that are no row of this market.
    virtual void add_row(const core::Address& wallet, std::span<const core::U256> numbers) = 0;
    /// A row of the same market as it was read whole at the same block, in the place of the
    /// wallet's row where there is one: kept rows lack what does not bear on solvency. Throws
    /// core::InputError where the row does not fit this market.
    virtual void take_row(const Market& read, std::size_t row) = 0;
    /// The market's shared state and its oracles alone.
    [[nodiscard]] virtual std::unique_ptr<Market> without_accounts() const = 0;
    [[nodiscard]] virtual std::vector<DebtSum> debt_sums() const = 0;
};

/// The account instead of the wallet's own one, or after all others; for take_row().
template <class Account>
void put_in_its_place(Account account, std::vector<Account>& accounts) {
    const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const Account& one) {
        return one.wallet == account.wallet;
    });
    if (found == accounts.end()) {
        accounts.push_back(std::move(account));
    } else {
        *found = std::move(account);
    }
}

}  // namespace margrave::margin
