#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "chains/abi.hpp"

/// The functions of Uniswap v2's contracts that margrave calls or prepares. Sources: IUniswapV2Pair
/// of npm @uniswap/v2-core 1.0.1, IUniswapV2Router01 of npm @uniswap/v2-periphery 1.1.0-beta.0.
namespace margrave::adapters::uniswap_v2 {

using chains::abi::Function;
using chains::abi::Uint;
using core::Address;
using core::U256;

// Pair
using ReservesTuple = std::tuple<Uint<112>, Uint<112>, std::uint32_t>;
using GetReserves = Function<"getReserves", ReservesTuple()>;
using Factory = Function<"factory", Address()>;  // the router has it too

// Router: amounts, path, recipient, deadline; the coin's comes with the call
using Weth = Function<"WETH", Address()>;
using Path = std::vector<Address>;
using Amounts = std::vector<U256>;
using SwapExactTokens =
    Function<"swapExactTokensForTokens", Amounts(U256, U256, Path, Address, U256)>;
using SwapForExactTokens =
    Function<"swapTokensForExactTokens", Amounts(U256, U256, Path, Address, U256)>;
using SwapExactCoin = Function<"swapExactETHForTokens", Amounts(U256, Path, Address, U256)>;
using SwapCoinForExact = Function<"swapETHForExactTokens", Amounts(U256, Path, Address, U256)>;

}  // namespace margrave::adapters::uniswap_v2
