#pragma once

#include <cstdint>
#include <string>

#include "chains/abi.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"

namespace margrave::chains::erc20 {

using BalanceOf = abi::Function<"balanceOf", core::U256(core::Address)>;
using Decimals = abi::Function<"decimals", core::U256()>;  // some tokens answer with a wide number
using Symbol = abi::Function<"symbol", abi::Raw()>;

/// Decimals of a token that margrave works with; more are refused as BadData (10^decimals soon
/// leaves 256 bits).
inline constexpr unsigned kDecimalsMax = 36;

/// The symbol made printable: a string, or the bytes32 of old tokens. A token that has none is
/// called by the first and last digits of its address. Never fails: a name decides nothing.
[[nodiscard]] Task<std::string> read_symbol(Reader& chain, core::Address token);

/// decimals(); throws core::ChainError when the token has none, BadData when they are over
/// kDecimalsMax.
[[nodiscard]] Task<unsigned> read_decimals(Reader& chain, core::Address token);

/// What read_symbol makes of a token's answer; "" when it says nothing readable.
[[nodiscard]] std::string decode_symbol(const core::Bytes& answer);

}  // namespace margrave::chains::erc20
