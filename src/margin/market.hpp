#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive.hpp"
#include "core/errors.hpp"
#include "core/units.hpp"
#include "margin/account.hpp"

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

/// One deployment's shared state with the accounts that were read from it; an account is a row.
/// Pure data and arithmetic at one block: nothing here reads a chain. Figures are for `time()`, the
/// block's own timestamp until accrue() moves it.
class Market {
  public:
    virtual ~Market() = default;

    [[nodiscard]] virtual const MarketName& name() const = 0;
    /// "USD", or the symbol or address of the asset that collateral and debt are counted in.
    [[nodiscard]] virtual std::string quote() const = 0;

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

    /// Health factors of all rows in doubles, in the order of rows; infinity without debt, NaN when
    /// unknown. The same formula as health(), instantiated fast: for screening, never for deciding
    /// near 1.
    virtual void fast_health_factors(std::vector<double>& out) const = 0;

    [[nodiscard]] virtual std::vector<AssetPrice> prices() const = 0;
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
