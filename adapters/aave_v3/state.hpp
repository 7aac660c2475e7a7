#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/behaviour.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"
#include "margin/market.hpp"

/// The raw state of one Aave v3 market, as its contracts store it.
namespace margrave::adapters::aave_v3 {

/// ReserveConfigurationMap: one word of bit fields. Source: ReserveConfiguration.sol at every tag;
/// fields that a revision does not have are zero there.
class ReserveConfiguration {
  public:
    ReserveConfiguration() = default;
    explicit ReserveConfiguration(core::U256 word) : word_(std::move(word)) {}

    [[nodiscard]] const core::U256& word() const { return word_; }
    [[nodiscard]] std::uint64_t ltv_bps() const { return field(0, 16); }
    [[nodiscard]] std::uint64_t liquidation_threshold_bps() const { return field(16, 16); }
    [[nodiscard]] std::uint64_t liquidation_bonus_bps() const { return field(32, 16); }
    [[nodiscard]] unsigned decimals() const { return static_cast<unsigned>(field(48, 8)); }
    [[nodiscard]] bool is_active() const { return field(56, 1) == 1; }
    [[nodiscard]] bool is_frozen() const { return field(57, 1) == 1; }
    [[nodiscard]] bool is_paused() const { return field(60, 1) == 1; }
    [[nodiscard]] std::uint64_t emode_category() const { return field(168, 8); }  ///< until 3.1
    [[nodiscard]] bool has_virtual_accounting() const {
        return field(252, 1) == 1;
    }  ///< 3.1 to 3.3

  private:
    [[nodiscard]] std::uint64_t field(unsigned from, unsigned bits) const;

    core::U256 word_;
};

/// UserConfigurationMap: bit 2i says that reserve i is borrowed, bit 2i+1 that it is collateral.
class UserConfiguration {
  public:
    UserConfiguration() = default;
    explicit UserConfiguration(core::U256 word) : word_(std::move(word)) {}

    [[nodiscard]] const core::U256& word() const { return word_; }
    [[nodiscard]] bool is_borrowing(unsigned reserve_id) const;
    [[nodiscard]] bool is_collateral(unsigned reserve_id) const;
    [[nodiscard]] bool is_using(unsigned reserve_id) const {
        return is_borrowing(reserve_id) || is_collateral(reserve_id);
    }

  private:
    core::U256 word_;
};

struct Reserve {
    unsigned id = 0;
    core::Address asset;
    std::string symbol;
    ReserveConfiguration configuration;
    core::U256 liquidity_index;  ///< ray, as of last_update
    core::U256 liquidity_rate;   ///< ray a year
    core::U256 borrow_index;     ///< ray, as of last_update
    core::U256 borrow_rate;      ///< ray a year
    core::Timestamp last_update;
    core::Address a_token;
    core::Address stable_debt_token;  ///< zero where there is none
    core::Address variable_debt_token;
    core::Timestamp grace_period_until;  ///< 0 where there is none
    std::optional<margin::PriceQuote> price;
    std::string price_trouble;  ///< why there is no price
    core::ErrorKind price_trouble_kind = core::ErrorKind::NoPrice;
};

using ReserveBitmap = std::bitset<128>;

struct EmodeCategory {
    std::uint64_t id = 0;
    std::uint64_t ltv_bps = 0;
    std::uint64_t liquidation_threshold_bps = 0;
    ReserveBitmap collateral;  ///< since 3.2
    ReserveBitmap zero_ltv;    ///< since 3.6
    bool is_isolated = false;  ///< since 3.7
    std::optional<margin::PriceQuote>
        price;  ///< until 3.1, of the category's own source if it has one
};

/// A debt at a rate of its own, until 3.1.
struct StableDebt {
    core::U256 principal;
    core::U256 rate;  ///< ray a year
    core::Timestamp last_update;
};

/// What one account holds and owes in one reserve.
struct Balance {
    unsigned reserve_id = 0;
    core::U256 scaled_supply;
    core::U256 scaled_debt;
    std::optional<StableDebt> stable_debt;
    /// The debt token's balanceOf, where the contract takes that for the debt. It does not grow by
    /// accrue().
    std::optional<core::U256> debt_by_balance;
};

/// The protocol's own view of an account, read by `audit --verify`; what margrave computes is
/// compared with it.
struct Referee {
    core::U256 collateral;
    core::U256 debt;
    core::U256 available_borrows;
    core::U256 liquidation_threshold_bps;
    core::U256 ltv_bps;
    core::U256 health_factor;  ///< 2^256-1 without debt
    struct TokenBalances {
        unsigned reserve_id = 0;
        core::U256 a_token;
        core::U256 variable_debt;
        core::U256 stable_debt;
    };
    std::vector<TokenBalances> balances;
};

struct Account {
    core::Address wallet;
    UserConfiguration configuration;
    std::uint64_t emode_category = 0;
    std::vector<Balance> balances;  ///< by rising reserve id
    /// Why the account could not be read whole; "" when it was. Its health is unknown then.
    std::string trouble;
    std::optional<Referee> referee;
};

struct State {
    std::string chain;
    std::string market;
    const Behaviour* behaviour = nullptr;
    std::uint64_t pool_revision = 0;
    core::Address pool;
    core::Address oracle;
    core::Address base_currency;  ///< zero: dollars
    core::U256 base_currency_unit;
    core::Timestamp block_time;  ///< of the block that all of it was read at
    /// The sentinel's isLiquidationAllowed(); nullopt where there is no sentinel.
    std::optional<bool> liquidation_allowed;
    std::map<unsigned, Reserve> reserves;  ///< by id, which may have holes
    std::map<std::uint64_t, EmodeCategory> emodes;
    std::vector<Account> accounts;
    std::vector<margin::Missing> unread;  ///< what of it could not be read
};

}  // namespace margrave::adapters::aave_v3
