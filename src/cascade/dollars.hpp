#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <optional>

#include "cascade/fraction.hpp"
#include "cascade/state.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"
#include "margin/market.hpp"

/// What things are worth in a cascade.
namespace margrave::cascade {

/// Dollars, 1e18 each; below zero is a loss.
using SignedUsd = boost::multiprecision::cpp_int;

/// Dollars of a base unit, 1e18 each, by asset.
using DollarPrices = std::map<core::Address, Fraction>;

/// The price that an answer for the asset means; nullopt for one that is not in dollars.
[[nodiscard]] std::optional<Fraction> dollar_price(const margin::OracleAnswer& answer,
                                                   const core::U256& value);

/// The dollar answers of a state's markets, the first that prices an asset.
[[nodiscard]] DollarPrices dollar_prices(const State& state);

/// Rounded towards zero; nullopt for an asset without a price, unless there is nothing of it.
[[nodiscard]] std::optional<SignedUsd> dollars_of(const DollarPrices& prices,
                                                  const core::Address& asset,
                                                  const core::U256& amount);

}  // namespace margrave::cascade
