#pragma once

#include <optional>

#include "chains/abi.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "margin/account.hpp"

namespace margrave::chains::evm::oracles {

using RoundData = std::tuple<abi::Uint<80>, abi::Int256, core::U256, core::U256, abi::Uint<80>>;
using LatestRoundData = abi::Function<"latestRoundData", RoundData()>;
using FeedDecimals = abi::Function<"decimals", std::uint8_t()>;

/// A Chainlink feed's latest answer.
struct FeedAnswer {
    margin::PriceQuote quote;
    core::U256 unit;  ///< 10^decimals
};

/// Reads latestRoundData() and decimals(). Throws core::ChainError: NoPrice when the answer is zero
/// or negative, or the round is not complete (updatedAt 0) or lies in the future of the block.
/// Source: smartcontractkit/chainlink, AggregatorV3Interface.
[[nodiscard]] Task<FeedAnswer> read_feed(Reader& chain, core::Address feed);

/// When the feed last answered; nullopt for a source that does not tell, as many price adapters do
/// not.
[[nodiscard]] Task<std::optional<core::Timestamp>> read_updated_at(Reader& chain,
                                                                   core::Address feed);

}  // namespace margrave::chains::evm::oracles
