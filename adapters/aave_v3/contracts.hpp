#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "chains/abi.hpp"

/// The functions of Aave v3's contracts that margrave calls. Sources: IPool,
/// IPoolAddressesProvider, IAaveOracle, IPriceOracleSentinel, IScaledBalanceToken, IStableDebtToken
/// of aave/aave-v3-core@v1.19.3 and aave-dao/aave-v3-origin@v3.6.0.
namespace margrave::adapters::aave_v3 {

using chains::abi::Function;
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

// E-mode until 3.1: LTV, threshold, bonus (bps), price source, label, as a dynamic struct
using OldEmode = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t, Address, std::string>;
using GetEModeCategoryData = Function<"getEModeCategoryData", std::tuple<OldEmode>(std::uint8_t)>;
// E-mode since 3.2: LTV, threshold, bonus (bps)
using EmodeTerms = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>;
using GetEModeCategoryCollateralConfig =
    Function<"getEModeCategoryCollateralConfig", EmodeTerms(std::uint8_t)>;
using GetEModeCategoryCollateralBitmap =
    Function<"getEModeCategoryCollateralBitmap", Uint<128>(std::uint8_t)>;
using GetEModeCategoryLtvzeroBitmap =
    Function<"getEModeCategoryLtvzeroBitmap", Uint<128>(std::uint8_t)>;  // since 3.6
using GetIsEModeCategoryIsolated =
    Function<"getIsEModeCategoryIsolated", bool(std::uint8_t)>;  // since 3.7

// Tokens
using ScaledBalanceOf = Function<"scaledBalanceOf", U256(Address)>;
using PrincipalBalanceOf = Function<"principalBalanceOf", U256(Address)>;
using GetUserStableRate = Function<"getUserStableRate", U256(Address)>;
using GetUserLastUpdated = Function<"getUserLastUpdated", Uint<40>(Address)>;

// AaveOracle
using BaseCurrency = Function<"BASE_CURRENCY", Address()>;
using BaseCurrencyUnit = Function<"BASE_CURRENCY_UNIT", U256()>;
using GetAssetPrice = Function<"getAssetPrice", U256(Address)>;
using GetSourceOfAsset = Function<"getSourceOfAsset", Address(Address)>;

// PriceOracleSentinel
using IsLiquidationAllowed = Function<"isLiquidationAllowed", bool()>;

}  // namespace margrave::adapters::aave_v3
