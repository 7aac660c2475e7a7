#pragma once

#include <vector>

#include "chains/abi_int.hpp"

/// The functions of Curve's StableSwap pools that margrave calls or prepares; sources:
/// stableswap.hpp.
namespace margrave::adapters::curve {

using chains::abi::Function;
using chains::abi::Int;
using core::Address;
using core::U256;

using Coins = Function<"coins", Address(U256)>;
using Fee = Function<"fee", U256()>;
using AdminFee = Function<"admin_fee", U256()>;
using GetDy = Function<"get_dy", U256(Int<128>, Int<128>, U256)>;
using Exchange = Function<"exchange", U256(Int<128>, Int<128>, U256, U256)>;

// Early and Template
using Balances = Function<"balances", U256(U256)>;
using Amp = Function<"A", U256()>;
// Template and Ng
using AmpPrecise = Function<"A_precise", U256()>;
// Ng
using NgBalances = Function<"get_balances", std::vector<U256>()>;
using StoredRates = Function<"stored_rates", std::vector<U256>()>;
using OffpegMultiplier = Function<"offpeg_fee_multiplier", U256()>;

}  // namespace margrave::adapters::curve
