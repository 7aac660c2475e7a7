#pragma once

#include <bit>
#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/aave_v3/behaviour.hpp"
#include "adapters/aave_v3/by_id.hpp"
#include "core/address.hpp"
#include "core/bits.hpp"
#include "core/boxed.hpp"
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
    [[nodiscard]] bool is_borrowing_enabled() const { return field(58, 1) == 1; }
    [[nodiscard]] bool is_stable_borrowing_enabled() const { return field(59, 1) == 1; }
    [[nodiscard]] bool is_paused() const { return field(60, 1) == 1; }
    [[nodiscard]] bool is_borrowable_in_isolation() const { return field(61, 1) == 1; }
    [[nodiscard]] bool is_siloed() const { return field(62, 1) == 1; }
    [[nodiscard]] bool is_flash_loan_enabled() const { return field(63, 1) == 1; }
    [[nodiscard]] std::uint64_t reserve_factor_bps() const { return field(64, 16); }
    /// Whole tokens; 0: none.
    [[nodiscard]] std::uint64_t borrow_cap() const { return field(80, 36); }
    /// Whole tokens; 0: none.
    [[nodiscard]] std::uint64_t supply_cap() const { return field(116, 36); }
    /// The treasury's share of a liquidation's bonus.
    [[nodiscard]] std::uint64_t liquidation_protocol_fee_bps() const { return field(152, 16); }
    [[nodiscard]] std::uint64_t emode_category() const { return field(168, 8); }  ///< until 3.1
    /// Whole tokens, of bridges.
    [[nodiscard]] std::uint64_t unbacked_cap() const { return field(176, 36); }
    /// Base currency with two decimals; 0 unless the asset is collateral in isolation only.
    [[nodiscard]] std::uint64_t debt_ceiling() const { return field(212, 40); }
    [[nodiscard]] bool has_virtual_accounting() const {
        return field(252, 1) == 1;
    }  ///< 3.1 to 3.3

  private:
    [[nodiscard]] std::uint64_t field(unsigned from, unsigned bits) const {
        return core::bits_of(word_, from, bits);
    }

    core::U256 word_;
};

/// UserConfigurationMap: bit 2i says that reserve i is borrowed, bit 2i+1 that it is collateral.
class UserConfiguration {
  public:
    UserConfiguration() = default;
    explicit UserConfiguration(core::U256 word) : word_(std::move(word)) {}

    [[nodiscard]] const core::U256& word() const { return word_; }
    [[nodiscard]] bool is_borrowing(unsigned reserve_id) const { return pair(reserve_id) & 1U; }
    [[nodiscard]] bool is_collateral(unsigned reserve_id) const { return pair(reserve_id) & 2U; }
    [[nodiscard]] bool is_using(unsigned reserve_id) const { return pair(reserve_id) != 0; }
    /// Of the reserves in use, by rising id, the first that `test` is true of.
    template <class Test>
    [[nodiscard]] std::optional<unsigned> find_used(const Test& test) const {
        constexpr std::uint64_t kBorrowBits = 0x5555'5555'5555'5555;
        unsigned first_id = 0;
        for (const std::uint64_t limb : core::limbs_of(word_)) {
            for (std::uint64_t left = (limb | limb >> 1U) & kBorrowBits; left != 0;
                 left &= left - 1) {
                const unsigned id = first_id + static_cast<unsigned>(std::countr_zero(left)) / 2;
                if (test(id)) {
                    return id;
                }
            }
            first_id += 32;
        }
        return std::nullopt;
    }

  private:
    [[nodiscard]] std::uint64_t pair(unsigned reserve_id) const {
        return reserve_id < 128 ? core::bits_of(word_, 2 * reserve_id, 2) : 0;
    }

    core::U256 word_;
};

/// The parameters of a reserve's interest rate strategy, in ray.
struct RateParameters {
    core::U256 optimal_usage;
    core::U256 base_variable_rate;
    core::U256 variable_slope1;
    core::U256 variable_slope2;
    /// Of the strategies of 3.0, which also price stable debt.
    struct Stable {
        core::U256 optimal_share;  ///< of stable debt in all debt
        core::U256 base_rate;
        core::U256 slope1;
        core::U256 slope2;
        core::U256 excess_offset;
    };
    std::optional<Stable> stable;
};

/// All stable debt of a reserve, until 3.1.
struct StableTotals {
    core::U256 principal;
    core::U256 average_rate;  ///< ray a year
    core::Timestamp last_update;
};

/// Where a reserve's underlying is counted and how much of everything it has. Health does not
/// depend on it; what may still be taken, and the rates after a change, do.
struct ReserveTotals {
    core::U256 scaled_supply;  ///< the aToken's scaledTotalSupply
    core::U256 scaled_debt;    ///< the variable debt token's
    std::optional<StableTotals> stable;
    /// The pool's own count of the underlying; nullopt where it keeps none
    /// (keeps_virtual_balance()).
    std::optional<core::U256> virtual_balance;
    /// What the aToken really holds, which a virtual balance does not exceed.
    std::optional<core::U256> a_token_holding;
    core::U256 deficit;                   ///< since 3.3; 0 before
    std::optional<RateParameters> rates;  ///< nullopt: a strategy that does not tell them
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
    core::Address interest_rate_strategy;
    core::U256 accrued_to_treasury;        ///< scaled, not minted yet
    core::U256 unbacked;                   ///< base units; 0 where there are no bridges
    core::U256 isolation_mode_total_debt;  ///< two decimals; 0 since 3.7
    /// nullopt when they could not be read, or in a snapshot of before they were.
    std::optional<ReserveTotals> totals;
    std::string totals_trouble;  ///< why there are none; "" in such a snapshot
    core::ErrorKind totals_trouble_kind = core::ErrorKind::ServerFault;
    std::optional<margin::PriceQuote> price;
    std::string price_trouble;  ///< why there is no price
    core::ErrorKind price_trouble_kind = core::ErrorKind::NoPrice;
};

using ReserveBitmap = std::bitset<128>;

struct EmodeCategory {
    std::uint64_t id = 0;
    std::uint64_t ltv_bps = 0;
    std::uint64_t liquidation_threshold_bps = 0;
    /// 10000 and the bonus; nullopt in a snapshot of before it was read.
    std::optional<std::uint64_t> liquidation_bonus_bps;
    ReserveBitmap collateral;  ///< since 3.2
    ReserveBitmap borrowable;  ///< since 3.2
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
    core::Boxed<StableDebt> stable_debt;
    /// The debt token's balanceOf, where the contract takes that for the debt. It does not grow by
    /// accrue().
    core::Boxed<core::U256> debt_by_balance;
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
    core::Boxed<Referee> referee;
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
    /// Its isBorrowAllowed(), likewise.
    std::optional<bool> borrow_allowed;
    ById<unsigned, Reserve> reserves;
    /// Those that exist, and those that accounts are in.
    ById<std::uint64_t, EmodeCategory> emodes;
    std::map<std::uint64_t, std::string> unread_emodes;  ///< and why
    /// Ids from 1 to this were asked for: 255, and 16 until 3.1, where the others are read that
    /// some reserve is in. One of them that is in neither list does not exist. 0 in a snapshot of
    /// before all were read.
    std::uint64_t emodes_asked = 0;
    std::vector<Account> accounts;
    std::vector<margin::Missing> unread;  ///< what of it could not be read
};

/// Whether the pool counts the reserve's underlying itself: since 3.4 always, from 3.1 on where the
/// configuration says so.
[[nodiscard]] bool keeps_virtual_balance(const Behaviour& behaviour,
                                         const ReserveConfiguration& configuration);

}  // namespace margrave::adapters::aave_v3
