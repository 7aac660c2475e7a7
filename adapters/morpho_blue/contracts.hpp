#pragma once

#include <tuple>

#include "chains/abi.hpp"
#include "chains/event.hpp"

/// The functions of Morpho Blue's contracts that margrave calls or prepares. Sources: IMorpho,
/// IOracle, IIrm of morpho-org/morpho-blue@3085651 (v1.0.0 has the same),
/// IAdaptiveCurveIrm of morpho-org/morpho-blue-irm@a1a87fd, IPreLiquidation of
/// morpho-org/pre-liquidation@9e8b7f4.
namespace margrave::adapters::morpho_blue {

using chains::abi::Bytes32;
using chains::abi::Event;
using chains::abi::Function;
using chains::abi::Indexed;
using chains::abi::Int256;
using chains::abi::Uint;
using core::Address;
using core::U256;

/// Loan token, collateral token, oracle, IRM, LLTV (1e18 is one).
using ParamsTuple = std::tuple<Address, Address, Address, Address, U256>;
/// Total supply assets and shares, total borrow assets and shares, last update, fee (1e18 is one).
using MarketTuple = std::tuple<Uint<128>, Uint<128>, Uint<128>, Uint<128>, Uint<128>, Uint<128>>;
/// Supply shares, borrow shares, collateral.
using PositionTuple = std::tuple<U256, Uint<128>, Uint<128>>;

// Morpho
using IdToMarketParams = Function<"idToMarketParams", ParamsTuple(Bytes32)>;
using MarketOf = Function<"market", MarketTuple(Bytes32)>;
using PositionOf = Function<"position", PositionTuple(Bytes32, Address)>;
using FeeRecipient = Function<"feeRecipient", Address()>;
using IsAuthorized = Function<"isAuthorized", bool(Address, Address)>;

// Oracle: loan token units for 1e36 units of the collateral token
using Price = Function<"price", U256()>;

// Interest rate model: a second's rate, 1e18 is one
using BorrowRateView = Function<"borrowRateView", U256(ParamsTuple, MarketTuple)>;
using RateAtTarget = Function<"rateAtTarget", Int256(Bytes32)>;  // AdaptiveCurveIrm alone

// PreLiquidation
using PreLiquidationMorpho = Function<"MORPHO", Address()>;
using PreLiquidationId = Function<"ID", Bytes32()>;
/// preLltv, preLCF1, preLCF2, preLIF1, preLIF2 (1e18 is one), oracle.
using PreLiquidationTuple = std::tuple<U256, U256, U256, U256, U256, Address>;
using PreLiquidationParams = Function<"preLiquidationParams", PreLiquidationTuple()>;

// Vaults: MetaMorpho of morpho-org/metamorpho and metamorpho-v1.1
using VaultAsset = Function<"asset", Address()>;
using VaultMorpho = Function<"MORPHO", Address()>;
using WithdrawQueueLength = Function<"withdrawQueueLength", U256()>;
using WithdrawQueue = Function<"withdrawQueue", Bytes32(U256)>;

// Events: of Morpho, and of the factory of morpho-org/pre-liquidation
using CreateMarket = Event<"CreateMarket", Indexed<Bytes32>, ParamsTuple>;
using CreatePreLiquidation =
    Event<"CreatePreLiquidation", Indexed<Address>, Bytes32, PreLiquidationTuple>;

// Every event after which a position is another one; each names the market and the position's
// owner. Source: EventsLib.sol
using Supply = Event<"Supply", Indexed<Bytes32>, Indexed<Address>, Indexed<Address>, U256, U256>;
using Withdraw =
    Event<"Withdraw", Indexed<Bytes32>, Address, Indexed<Address>, Indexed<Address>, U256, U256>;
using Borrow =
    Event<"Borrow", Indexed<Bytes32>, Address, Indexed<Address>, Indexed<Address>, U256, U256>;
using Repay = Event<"Repay", Indexed<Bytes32>, Indexed<Address>, Indexed<Address>, U256, U256>;
using SupplyCollateral =
    Event<"SupplyCollateral", Indexed<Bytes32>, Indexed<Address>, Indexed<Address>, U256>;
using WithdrawCollateral = Event<"WithdrawCollateral", Indexed<Bytes32>, Address, Indexed<Address>,
                                 Indexed<Address>, U256>;
using Liquidate = Event<"Liquidate", Indexed<Bytes32>, Indexed<Address>, Indexed<Address>, U256,
                        U256, U256, U256, U256>;

// State changes. `liquidate` is only ever simulated, to hear what the contract says of a health;
// the others are prepared unsigned.
using AssetsAndShares = std::tuple<U256, U256>;
using LiquidateCall =
    Function<"liquidate", AssetsAndShares(ParamsTuple, Address, U256, U256, core::Bytes)>;
using SupplyCall =
    Function<"supply", AssetsAndShares(ParamsTuple, U256, U256, Address, core::Bytes)>;
using WithdrawCall =
    Function<"withdraw", AssetsAndShares(ParamsTuple, U256, U256, Address, Address)>;
using BorrowCall = Function<"borrow", AssetsAndShares(ParamsTuple, U256, U256, Address, Address)>;
using RepayCall = Function<"repay", AssetsAndShares(ParamsTuple, U256, U256, Address, core::Bytes)>;
using SupplyCollateralCall =
    Function<"supplyCollateral", bool(ParamsTuple, U256, Address, core::Bytes)>;
using WithdrawCollateralCall =
    Function<"withdrawCollateral", bool(ParamsTuple, U256, Address, Address)>;

}  // namespace margrave::adapters::morpho_blue
