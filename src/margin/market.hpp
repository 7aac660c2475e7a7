#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/archive.hpp"
#include "core/errors.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"
#include "margin/action.hpp"
#include "margin/liquidation.hpp"

namespace margrave::margin {

/// Names one deployment of a protocol: "aave_v3" "core" on "ethereum".
struct MarketName {
    std::string protocol;
    std::string chain;
    std::string name;

    friend auto operator<=>(const MarketName&, const MarketName&) = default;
};

/// A part of a market, or of one account in it, that could not be read.
struct Missing {
    std::optional<core::Address> wallet;  ///< nullopt when every account is concerned
    std::string what;                     ///< "oracle price of WETH"
    core::ErrorKind kind = core::ErrorKind::ServerFault;
    std::string detail;
};

/// A price of an asset that the market's oracle gives in dollars; holdings borrow it.
struct AssetPrice {
    core::Address asset;
    unsigned decimals = 0;  ///< as the market itself keeps them
    PriceQuote quote;
    core::U256 unit;  ///< this many of the quote's answer are one dollar
};

/// An oracle answer that a market's health checks depend on; a fork may replace it.
struct OracleAnswer {
    core::Address asset;  ///< whose price it is; also its name within the market
    std::string symbol;
    unsigned decimals = 0;                     ///< of the asset
    std::optional<core::Address> denominator;  ///< priced in this asset; nullopt: in dollars
    std::string denominator_symbol;            ///< "USD" without one
    unsigned denominator_decimals = 0;         ///< of the denominator; 0 without one
    /// nullopt when the oracle gives none.
    std::optional<PriceQuote> quote;
    /// amount * answer / (unit * 10^decimals) is a value in whole denominators; nullopt when the
    /// oracle's unit is neither dollars nor an asset.
    std::optional<core::U256> unit;
};

/// One asset in an account's solvency, as a linear form in doubles: HF = sum(weight) / sum(debt).
/// Both are in one unit that is the market's own; each is proportional to the asset's answer.
struct WeightedLeg {
    core::Address asset;  ///< whose answer moves it; zero: nothing does (the unit itself)
    double weight = 0;    ///< collateral value times liquidation threshold
    double debt = 0;
};

/// What a market still takes and gives of one asset, in base units.
struct AssetCapacity {
    core::Address asset;
    std::string symbol;
    unsigned decimals = 0;
    core::U256 supplied;                   ///< in total, with interest
    core::U256 borrowed;                   ///< in total, with interest
    core::U256 liquid;                     ///< may be withdrawn or borrowed now
    std::optional<core::U256> supply_cap;  ///< nullopt: none
    std::optional<core::U256> borrow_cap;
    std::optional<core::Ray> borrow_rate;  ///< a year, per second times seconds
};

/// Settings that move by nobody's use of the market but by its administrators alone, as texts for
/// people: "8300 bps", an address, "yes".
struct ParameterGroup {
    /// Whose they are, the same for ever: an asset's address, "e-mode 1"; "" of the market itself.
    std::string of;
    std::string label;  ///< for people: the asset's symbol
    /// Names and values; of one that could not be read there is none.
    std::vector<std::pair<std::string, std::string>> values;
    std::vector<core::Address> price_sources;  ///< whose composition is part of them
};

/// One deployment's shared state with the accounts that were read from it; an account is a row.
/// Pure data and arithmetic at one block: nothing here reads a chain. Figures are for `time()`, the
/// block's own timestamp until accrue() moves it.
class Market {
  public:
    virtual ~Market() = default;

    [[nodiscard]] virtual const MarketName& name() const = 0;
    /// "USD", or the symbol or address of the asset that collateral and debt are counted in.
    [[nodiscard]] virtual std::string quote() const = 0;

    /// The contract that keeps the balances, as claims on them name it; nullopt where none does.
    [[nodiscard]] virtual std::optional<core::Address> keeper() const { return std::nullopt; }

    [[nodiscard]] virtual std::size_t account_count() const = 0;
    [[nodiscard]] virtual core::Address wallet(std::size_t row) const = 0;
    /// False for a row that holds nothing here; such a row may be left out of a report.
    [[nodiscard]] virtual bool is_active(std::size_t row) const = 0;
    /// The protocol's health check, exact. Arithmetic in which the contract would revert gives
    /// Unknown.
    [[nodiscard]] virtual Health health(std::size_t row) const = 0;
    [[nodiscard]] virtual std::vector<Leg> legs(std::size_t row) const = 0;
    /// nullopt without one.
    [[nodiscard]] virtual std::optional<std::uint64_t> emode_category(std::size_t row) const = 0;
    /// What else would stop a liquidation now, by its documented name: "paused", "grace_period" …
    [[nodiscard]] virtual std::vector<std::string> blocked_by(std::size_t row) const = 0;

    /// What a holder should know beside the protocol's own health check, a sentence each: another
    /// contract that may act on the account earlier, a figure that rests on an assumption.
    [[nodiscard]] virtual std::vector<std::string> warnings(std::size_t /*row*/) const {
        return {};
    }

    /// Health factors of all rows in doubles, in the order of rows; infinity without debt, NaN when
    /// unknown. The same formula as health(), instantiated fast: for screening, never for deciding
    /// near 1.
    virtual void fast_health_factors(std::vector<double>& out) const = 0;

    [[nodiscard]] virtual std::vector<AssetPrice> prices() const = 0;

    // What follows is for what-ifs: on a fork, at time(). A protocol that does not model one of
    // them refuses it as "not_modelled"; a refused call changes nothing.

    /// The oracle answers that health checks here depend on.
    [[nodiscard]] virtual std::vector<OracleAnswer> answers() const { return {}; }
    /// Replaces the oracle's answer for one of answers(); throws InputError for another asset.
    virtual void set_answer(const core::Address& asset, const core::U256& answer);
    /// The first answer for `asset`, counted from today's in either direction and everything else
    /// fixed, at which the row's health check fails: every answer between passes. nullopt when none
    /// between a millionth and a million times today's does, or when the health is unknown; today's
    /// own when it fails already.
    [[nodiscard]] virtual std::optional<core::U256> liquidation_answer(
        std::size_t /*row*/, const core::Address& /*asset*/) const {
        return std::nullopt;
    }
    /// The row's solvency as a linear form; empty when its health is unknown.
    [[nodiscard]] virtual std::vector<WeightedLeg> weighted_legs(std::size_t /*row*/) const {
        return {};
    }
    /// Pairs that the row's balances allow, whether it is healthy or not.
    [[nodiscard]] virtual std::vector<LiquidationPair> liquidation_pairs(
        std::size_t /*row*/) const {
        return {};
    }
    /// The exact transition of the protocol's own liquidation call.
    [[nodiscard]] virtual core::Result<LiquidationOutcome, Refusal> liquidate(
        std::size_t row, const LiquidationCall& call);
    /// The exact transition of a user's own call, with the protocol's refusals. What the user's
    /// token balances allow is not asked.
    [[nodiscard]] virtual core::Result<ActionOutcome, Refusal> apply(std::size_t row,
                                                                     const Action& action);
    [[nodiscard]] virtual core::Result<std::monostate, Refusal> shock(const ParameterShock& shock);
    /// The unsigned call that does it, for the row's own wallet.
    [[nodiscard]] virtual core::Result<ActionCalls, Refusal> calls(std::size_t row,
                                                                   const Action& action) const;
    [[nodiscard]] virtual std::vector<AssetCapacity> capacities() const { return {}; }

    /// What the accounts here stand on: of the market itself, and of what they hold, owe or are in.
    [[nodiscard]] virtual std::vector<ParameterGroup> parameters() const { return {}; }

    [[nodiscard]] virtual std::vector<Missing> missing() const = 0;

    /// True when the protocol's own view of the row was read too, by `audit --verify`.
    [[nodiscard]] virtual bool has_referee(std::size_t row) const = 0;
    /// Where that view and ours differ; empty when they agree.
    [[nodiscard]] virtual std::vector<Difference> verify(std::size_t row) const = 0;

    [[nodiscard]] virtual core::Timestamp time() const = 0;
    /// Moves interest forward to `to`; throws InvariantError when that lies before time().
    virtual void accrue(core::Timestamp to) = 0;
    /// An independent copy for a what-if.
    [[nodiscard]] virtual std::unique_ptr<Market> fork() const = 0;

    /// Everything the market is made of; the adapter's restore_market() is its inverse.
    [[nodiscard]] virtual core::Archive archive() const = 0;
};

}  // namespace margrave::margin
