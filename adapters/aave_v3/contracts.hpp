#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "chains/abi.hpp"
#include "chains/event.hpp"

/// The functions of Aave v3's contracts that margrave calls. Sources: IPool,
/// IPoolAddressesProvider, IAaveOracle, IPriceOracleSentinel, IScaledBalanceToken, IStableDebtToken
/// of aave/aave-v3-core@v1.19.3 and aave-dao/aave-v3-origin@v3.6.0.
namespace margrave::adapters::aave_v3 {

using chains::abi::Event;
using chains::abi::Function;
using chains::abi::Indexed;
using chains::abi::Uint;
using core::Address;
using core::U256;

// PoolAddressesProvider
using GetPool = Function<"getPool", Address()>;
using GetPriceOracle = Function<"getPriceOracle", Address()>;
using GetPriceOracleSentinel = Function<"getPriceOracleSentinel", Address()>;

// Pool
using PoolRevision = Function<"POOL_REVISION", U256()>;
using GetReservesList = Function<"getReservesList", std::vector<Address>()>;
using GetUserConfiguration = Function<"getUserConfiguration", U256(Address)>;
using GetUserEMode = Function<"getUserEMode", U256(Address)>;
using GetLiquidationGracePeriod = Function<"getLiquidationGracePeriod", Uint<40>(Address)>;
/// Collateral and debt in base currency, available borrows, average threshold and LTV in bps,
/// health factor.
using GetUserAccountData =
    Function<"getUserAccountData", std::tuple<U256, U256, U256, U256, U256, U256>(Address)>;
/// The same fifteen words at every revision: 0 configuration, 1 liquidity index, 2 liquidity rate,
/// 3 borrow index, 4 variable borrow rate, 5 stable borrow rate, 6 last update, 7 id, 8 aToken, 9
/// stable debt token, 10 variable debt token, 11 interest rate strategy, 12 accrued to treasury, 13
/// unbacked, 14 isolation mode debt.
using ReserveData =
    std::tuple<U256, Uint<128>, Uint<128>, Uint<128>, Uint<128>, Uint<128>, Uint<40>, std::uint16_t,
               Address, Address, Address, Address, Uint<128>, Uint<128>, Uint<128>>;
using GetReserveData = Function<"getReserveData", ReserveData(Address)>;

using GetVirtualUnderlyingBalance =
    Function<"getVirtualUnderlyingBalance", Uint<128>(Address)>;         // since 3.1
using GetReserveDeficit = Function<"getReserveDeficit", U256(Address)>;  // since 3.3

// E-mode until 3.1: LTV, threshold, bonus (bps), price source, label, as a dynamic struct
using OldEmode = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t, Address, std::string>;
using GetEModeCategoryData = Function<"getEModeCategoryData", std::tuple<OldEmode>(std::uint8_t)>;
// E-mode since 3.2: LTV, threshold, bonus (bps)
using EmodeTerms = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>;
using GetEModeCategoryCollateralConfig =
    Function<"getEModeCategoryCollateralConfig", EmodeTerms(std::uint8_t)>;
using GetEModeCategoryCollateralBitmap =
    Function<"getEModeCategoryCollateralBitmap", Uint<128>(std::uint8_t)>;
using GetEModeCategoryBorrowableBitmap =
    Function<"getEModeCategoryBorrowableBitmap", Uint<128>(std::uint8_t)>;
using GetEModeCategoryLtvzeroBitmap =
    Function<"getEModeCategoryLtvzeroBitmap", Uint<128>(std::uint8_t)>;  // since 3.6
using GetIsEModeCategoryIsolated =
    Function<"getIsEModeCategoryIsolated", bool(std::uint8_t)>;  // since 3.7

// Tokens
using ScaledBalanceOf = Function<"scaledBalanceOf", U256(Address)>;
using ScaledTotalSupply = Function<"scaledTotalSupply", U256()>;
/// Principal, with interest, average rate (ray), last update.
using GetSupplyData = Function<"getSupplyData", std::tuple<U256, U256, U256, Uint<40>>()>;
using PrincipalBalanceOf = Function<"principalBalanceOf", U256(Address)>;
using GetUserStableRate = Function<"getUserStableRate", U256(Address)>;
using GetUserLastUpdated = Function<"getUserLastUpdated", Uint<40>(Address)>;

// Interest rate strategy of one reserve, until 3.0; all in ray. Source:
// DefaultReserveInterestRateStrategy of aave/aave-v3-core@v1.19.3
using OptimalUsageRatio = Function<"OPTIMAL_USAGE_RATIO", U256()>;
using GetBaseVariableBorrowRate = Function<"getBaseVariableBorrowRate", U256()>;
using GetVariableRateSlope1 = Function<"getVariableRateSlope1", U256()>;
using GetVariableRateSlope2 = Function<"getVariableRateSlope2", U256()>;
using OptimalStableToTotalDebtRatio = Function<"OPTIMAL_STABLE_TO_TOTAL_DEBT_RATIO", U256()>;
using GetBaseStableBorrowRate = Function<"getBaseStableBorrowRate", U256()>;
using GetStableRateSlope1 = Function<"getStableRateSlope1", U256()>;
using GetStableRateSlope2 = Function<"getStableRateSlope2", U256()>;
using GetStableRateExcessOffset = Function<"getStableRateExcessOffset", U256()>;
/// Since 3.1 one strategy serves all reserves: optimal usage, base rate, slopes 1 and 2, in ray.
/// Source: IDefaultInterestRateStrategyV2.
using GetInterestRateData =
    Function<"getInterestRateData", std::tuple<U256, U256, U256, U256>(Address)>;

// AaveOracle
using BaseCurrency = Function<"BASE_CURRENCY", Address()>;
using BaseCurrencyUnit = Function<"BASE_CURRENCY_UNIT", U256()>;
using GetAssetPrice = Function<"getAssetPrice", U256(Address)>;
using GetSourceOfAsset = Function<"getSourceOfAsset", Address(Address)>;

// PriceOracleSentinel
using IsLiquidationAllowed = Function<"isLiquidationAllowed", bool()>;
using IsBorrowAllowed = Function<"isBorrowAllowed", bool()>;

// AToken (aave-v3-core@v1.19.3 contracts/protocol/tokenization/AToken.sol); a debt token has no
// treasury.
using UnderlyingAsset = Function<"UNDERLYING_ASSET_ADDRESS", Address()>;
using PoolOf = Function<"POOL", Address()>;
using TreasuryOf = Function<"RESERVE_TREASURY_ADDRESS", Address()>;

// Events, the same at every revision: of the pool, and of its tokens
/// Reserve, caller, whose debt, amount, rate mode, rate, referral code.
using Borrow = Event<"Borrow", Indexed<Address>, Address, Indexed<Address>, U256, std::uint8_t,
                     U256, Indexed<std::uint16_t>>;
using UserEModeSet = Event<"UserEModeSet", Indexed<Address>, std::uint8_t>;
using CollateralEnabled =
    Event<"ReserveUsedAsCollateralEnabled", Indexed<Address>, Indexed<Address>>;
using CollateralDisabled =
    Event<"ReserveUsedAsCollateralDisabled", Indexed<Address>, Indexed<Address>>;
/// Collateral and debt asset, whose account, repaid, seized, liquidator, whether it took aTokens.
using LiquidationCall = Event<"LiquidationCall", Indexed<Address>, Indexed<Address>,
                              Indexed<Address>, U256, U256, Address, bool>;
using Transfer = Event<"Transfer", Indexed<Address>, Indexed<Address>, U256>;

}  // namespace margrave::adapters::aave_v3
