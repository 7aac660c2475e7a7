#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/morpho_blue/interest.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"
#include "margin/market.hpp"

/// The raw state of one Morpho Blue market, as its contracts store it.
namespace margrave::adapters::morpho_blue {

/// What a market is, for ever; its id is the hash of these five words.
struct Params {
    core::Address loan_token;
    core::Address collateral_token;
    core::Address oracle;  ///< zero: none
    core::Address irm;     ///< zero: no interest
    core::U256 lltv;       ///< 1e18 is one
};

/// What is shown of a token; no arithmetic looks at it.
struct Token {
    std::string symbol;
    unsigned decimals = 0;
};

/// Why something that the contract itself would ask for is not known.
struct Trouble {
    std::string detail;  ///< "" when it is known
    core::ErrorKind kind = core::ErrorKind::ServerFault;
};

/// Where the borrow rate comes from.
struct RateModel {
    enum class Kind {
        None,           ///< no IRM: nothing accrues
        AdaptiveCurve,  ///< computed here from the rate at target
        Quoted,         ///< what another IRM answered at the block, or a what-if fixed
    };
    Kind kind = Kind::None;
    core::U256 rate_at_target;       ///< of AdaptiveCurve, as of the last update
    std::optional<core::U256> rate;  ///< of Quoted, a second; nullopt: not known
    Trouble trouble;                 ///< why the above is missing
    /// The market has changed since the rate was quoted: it would be another one now.
    bool is_assumed = false;
};

/// A contract that may repay an authorising account's debt and take collateral below the LLTV.
struct PreLiquidation {
    core::Address contract;
    core::U256 pre_lltv;  ///< 1e18 is one; from here on, up to the LLTV
    core::U256 close_factor_at_pre_lltv;
    core::U256 close_factor_at_lltv;
    core::U256 incentive_at_pre_lltv;
    core::U256 incentive_at_lltv;
    core::Address oracle;             ///< its own, or the market's
    std::optional<core::U256> price;  ///< of an oracle of its own
};

/// What the contracts themselves say, read by `audit --verify` and compared with.
struct Referee {
    /// Whether a simulated liquidation was refused because the position is healthy; nullopt without
    /// debt, or when the answer says neither.
    std::optional<bool> is_healthy;
    std::optional<core::U256> borrow_rate;  ///< the IRM's, where margrave computes it itself
};

struct Account {
    core::Address wallet;
    core::U256 supply_shares;
    core::U256 borrow_shares;
    core::U256 collateral;  ///< base units of the collateral token
    Trouble trouble;        ///< why the position could not be read
    /// Places in State::pre_liquidations of those that the wallet authorised.
    std::vector<std::size_t> pre_liquidations;
    std::optional<Referee> referee;

    [[nodiscard]] bool is_read() const { return trouble.detail.empty(); }
    [[nodiscard]] bool is_empty() const {
        return supply_shares == 0 && borrow_shares == 0 && collateral == 0;
    }
};

struct State {
    margin::MarketName name;  ///< `name` is the market id, in lower case
    core::Address morpho;
    core::Timestamp block_time;  ///< of the block that all of it was read at
    Params params;
    Token loan;
    Token collateral;
    Totals totals;  ///< as of last_update
    core::Timestamp last_update;
    core::U256 fee;  ///< of the interest, 1e18 is one
    core::Address fee_recipient;
    std::optional<margin::PriceQuote> price;
    Trouble price_trouble;
    RateModel model;
    std::vector<PreLiquidation> pre_liquidations;
    std::vector<Account> accounts;
    std::vector<margin::Missing> unread;  ///< what of it could not be read
};

}  // namespace margrave::adapters::morpho_blue
