#pragma once

#include "chains/abi.hpp"
#include "core/address.hpp"
#include "core/u256.hpp"

/// The functions of Curve's CryptoSwap pools that margrave calls. Source: curvefi/twocrypto-ng@main
/// contracts/main/Twocrypto.vy; the first generation has the same.
namespace margrave::adapters::curve_crypto {

using chains::abi::Function;

using Coins = Function<"coins", core::Address(core::U256)>;
using Balances = Function<"balances", core::U256(core::U256)>;
using GetDy = Function<"get_dy", core::U256(core::U256, core::U256, core::U256)>;

}  // namespace margrave::adapters::curve_crypto
