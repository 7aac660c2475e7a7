#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "chains/abi_int.hpp"
#include "core/hex.hpp"

/// The functions of Uniswap v3's contracts that margrave calls or prepares. Sources: IUniswapV3Pool
/// and IUniswapV3Factory of @uniswap/v3-core 1.0.1, ISwapRouter, IPeripheryPayments, IMulticall and
/// IPeripheryImmutableState of @uniswap/v3-periphery 1.4.4, IV3SwapRouter and IMulticallExtended of
/// @uniswap/swap-router-contracts 1.3.1 (all npm).
namespace margrave::adapters::uniswap_v3 {

using chains::abi::Function;
using chains::abi::Int;
using chains::abi::Uint;
using core::Address;
using core::U256;

// Pool
using Fee = Function<"fee", std::uint32_t()>;
using TickSpacing = Function<"tickSpacing", Int<24>()>;
using PoolFactory = Function<"factory", Address()>;  // the routers have it too
/// sqrtPriceX96, tick, three numbers of the price history, the protocol's share, not locked.
using Slot0Tuple =
    std::tuple<Uint<160>, Int<24>, std::uint16_t, std::uint16_t, std::uint16_t, std::uint8_t, bool>;
using Slot0 = Function<"slot0", Slot0Tuple()>;
using Liquidity = Function<"liquidity", Uint<128>()>;
using TickBitmap = Function<"tickBitmap", U256(Int<16>)>;
/// liquidityGross, liquidityNet, and what swaps do not depend on.
using TickTuple =
    std::tuple<Uint<128>, Int<128>, U256, U256, Int<56>, Uint<160>, std::uint32_t, bool>;
using Ticks = Function<"ticks", TickTuple(Int<24>)>;

// Either router
using Weth9 = Function<"WETH9", Address()>;
using RefundEth = Function<"refundETH", std::tuple<>()>;

// SwapRouter: tokenIn, tokenOut, fee, recipient, deadline, the amount, its counterpart's limit,
// sqrtPriceLimitX96
using RouterParams = std::tuple<Address, Address, Uint<24>, Address, U256, U256, U256, Uint<160>>;
using ExactInputSingle = Function<"exactInputSingle", U256(RouterParams)>;
using ExactOutputSingle = Function<"exactOutputSingle", U256(RouterParams)>;
using Multicall = Function<"multicall", std::vector<core::Bytes>(std::vector<core::Bytes>)>;

// SwapRouter02: the same without the deadline, which its multicall takes
using Router02Params = std::tuple<Address, Address, Uint<24>, Address, U256, U256, Uint<160>>;
using ExactInputSingle02 = Function<"exactInputSingle", U256(Router02Params)>;
using ExactOutputSingle02 = Function<"exactOutputSingle", U256(Router02Params)>;
using Multicall02 = Function<"multicall", std::vector<core::Bytes>(U256, std::vector<core::Bytes>)>;

}  // namespace margrave::adapters::uniswap_v3
