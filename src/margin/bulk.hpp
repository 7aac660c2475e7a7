#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/market.hpp"

/// A market's accounts and its liquidations in doubles, for engines that go through whole markets
/// many times. The rules are the templates that the exact market is made of, instantiated with Bulk
/// (arithmetic.hpp).
namespace margrave::margin {

/// What an account has in one asset, in base units.
struct BulkLeg {
    double collateral = 0;  ///< only what counts as such
    double debt = 0;
    double threshold = 0;     ///< part of the collateral's value; 1 is one
    double bonus = 1;         ///< collateral seized for each unit of value repaid
    double unit = 1;          ///< so many base units are what an answer prices
    std::uint16_t asset = 0;  ///< a place in BulkMarket::bulk_assets()
};

/// A call on two legs of one row.
struct BulkCall {
    std::size_t collateral = 0;
    std::size_t debt = 0;
    /// Base units; infinity: as much as the contract allows.
    double repay = std::numeric_limits<double>::infinity();
};

struct BulkOutcome {
    const char* refusal = nullptr;  ///< by the exact market's names; nullptr: it went through
    double repaid = 0;              ///< base units, all of them
    double seized = 0;              ///< to the liquidator
    double fee = 0;
};

/// A market whose rows and liquidations can be had in doubles. Const functions may run at the same
/// time.
class BulkMarket {
  public:
    virtual ~BulkMarket() = default;

    /// Everything that a leg may be in; the functions below take answers in this order, and 1 for
    /// what is the market's own unit.
    [[nodiscard]] virtual std::vector<core::Address> bulk_assets() const = 0;
    /// Base units of each that may leave the market; infinity where that is not asked.
    [[nodiscard]] virtual std::vector<double> bulk_liquidity() const = 0;
    /// nullopt where only the exact market can tell.
    [[nodiscard]] virtual std::optional<std::vector<BulkLeg>> bulk_row(std::size_t row) const = 0;

    /// 1 is the limit; infinity without debt.
    [[nodiscard]] virtual double bulk_health(std::span<const BulkLeg> legs,
                                             std::span<const double> answers) const = 0;
    /// The call, on a row that is taken for liquidatable. Changes the legs and what may leave,
    /// unless it is refused; what debt is gone beyond what was repaid is written off.
    [[nodiscard]] virtual BulkOutcome bulk_liquidate(std::span<BulkLeg> legs, BulkCall call,
                                                     std::span<const double> answers,
                                                     std::span<double> liquidity) const = 0;

    /// Gives the row the legs' balances, rounded to the nearest unit: for a report of what a run
    /// ended with.
    virtual void put_bulk_row(std::size_t row, std::span<const BulkLeg> legs) = 0;
};

/// The nearest integer; 0 below it.
[[nodiscard]] core::U256 to_units(double amount);

}  // namespace margrave::margin
