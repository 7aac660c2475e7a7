#pragma once

#include <cstdint>
#include <string>

#include "chains/abi.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "core/address.hpp"

/// The functions that tell what a price source is. Sources: Chainlink's AggregatorV3Interface and
/// AggregatorProxy; bgd-labs/aave-capo@1532e4f and aave-dao/aave-price-feeds@76a1e32 src/contracts;
/// morpho-org/morpho-blue-oracles@e32d890 (and its v1.0.0 for VAULT).
namespace margrave::chains::evm::oracles {

using LatestAnswer = abi::Function<"latestAnswer", abi::Int256()>;
using AnyDecimals = abi::Function<"decimals", core::U256()>;
using Description = abi::Function<"description", std::string()>;
using Aggregator = abi::Function<"aggregator", core::Address()>;
using MinAnswer = abi::Function<"minAnswer", abi::Int256()>;
using MaxAnswer = abi::Function<"maxAnswer", abi::Int256()>;

// Price cap adapters
using BaseToUsdAggregator = abi::Function<"BASE_TO_USD_AGGREGATOR", core::Address()>;
using AssetToUsdAggregator = abi::Function<"ASSET_TO_USD_AGGREGATOR", core::Address()>;
using GetRatio = abi::Function<"getRatio", abi::Int256()>;
using RatioProvider = abi::Function<"RATIO_PROVIDER", core::Address()>;
using RatioDecimals = abi::Function<"RATIO_DECIMALS", core::U256()>;
using GetSnapshotRatio = abi::Function<"getSnapshotRatio", core::U256()>;
using GetSnapshotTimestamp = abi::Function<"getSnapshotTimestamp", core::U256()>;
using GetMaxYearlyGrowth = abi::Function<"getMaxYearlyGrowthRatePercent", core::U256()>;
using GetMaxGrowth = abi::Function<"getMaxRatioGrowthPerSecond", core::U256()>;
using GetMaxGrowthScaled = abi::Function<"getMaxRatioGrowthPerSecondScaled", core::U256()>;
using GetPriceCap = abi::Function<"getPriceCap", abi::Int256()>;
using GetPriceCapRatio = abi::Function<"getPriceCapRatio", abi::Int256()>;
using Maturity = abi::Function<"MATURITY", core::U256()>;
using DiscountRatePerYear = abi::Function<"discountRatePerYear", core::U256()>;

// Synchronicity and fixed price adapters
using AssetToPeg = abi::Function<"ASSET_TO_PEG", core::Address()>;
using PegToBase = abi::Function<"PEG_TO_BASE", core::Address()>;
using BaseToPeg = abi::Function<"BASE_TO_PEG", core::Address()>;
using FixedPrice = abi::Function<"price", abi::Int256()>;
using FixedPriceConstant = abi::Function<"PRICE", abi::Int256()>;
using OneUsd = abi::Function<"ONE_USD", abi::Int256()>;

// MorphoChainlinkOracle, both versions
using MorphoPrice = abi::Function<"price", core::U256()>;
using ScaleFactor = abi::Function<"SCALE_FACTOR", core::U256()>;
using BaseVault = abi::Function<"BASE_VAULT", core::Address()>;
using BaseVaultSample = abi::Function<"BASE_VAULT_CONVERSION_SAMPLE", core::U256()>;
using QuoteVault = abi::Function<"QUOTE_VAULT", core::Address()>;
using QuoteVaultSample = abi::Function<"QUOTE_VAULT_CONVERSION_SAMPLE", core::U256()>;
using FirstVault = abi::Function<"VAULT", core::Address()>;
using FirstVaultSample = abi::Function<"VAULT_CONVERSION_SAMPLE", core::U256()>;
using BaseFeed1 = abi::Function<"BASE_FEED_1", core::Address()>;
using BaseFeed2 = abi::Function<"BASE_FEED_2", core::Address()>;
using QuoteFeed1 = abi::Function<"QUOTE_FEED_1", core::Address()>;
using QuoteFeed2 = abi::Function<"QUOTE_FEED_2", core::Address()>;
using ConvertToAssets = abi::Function<"convertToAssets", core::U256(core::U256)>;

}  // namespace margrave::chains::evm::oracles
