#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/address.hpp"
#include "core/hex.hpp"
#include "core/u256.hpp"

/// A small program that asks tokens about wallets inside the node. It travels as the data of a call
/// without a recipient, so the node runs it as creation code: nothing is deployed, and no contract
/// of ours has to be there.
///
/// It calls every token about every wallet and returns what is not zero:
///
///     32 bytes  block number
///     32 bytes  timestamp
///     32 bytes  pairs asked: a pair is a wallet and a token, wallet by wallet
///     32 bytes  bytes returned, these four words counted
///     then for each pair that holds something, by rising place:
///     14 bytes  the balance; all ones when the token reverted, ran out of its gas, answered with
///               less than a word, or holds more than fits
///      2 bytes  the pair's place
///
/// It stops early, by itself, when its result would outgrow what creation code may return or when
/// the call's gas runs short, and says how far it came. So it neither fails for a node's gas cap
/// nor for the number of balances found.
namespace margrave::chains::evm {

/// What one request asks: every token about every wallet.
struct BalanceQuestion {
    std::array<std::uint8_t, 4> selector{};
    std::span<const core::Address> tokens;
    std::span<const core::Address> wallets;
};

/// Bytes of a program with so many tokens and wallets.
[[nodiscard]] std::size_t balance_program_size(std::size_t tokens, std::size_t wallets);
/// How many wallets fit beside so many tokens: creation code is limited to 49,152 bytes (EIP-3860)
/// and places of pairs to two. 0: not even one.
[[nodiscard]] std::size_t balance_program_wallets_max(std::size_t tokens);

/// The program for at least one token and one wallet, no more than fit.
[[nodiscard]] core::Bytes encode_balance_program(const BalanceQuestion& question);

/// A balance that is not zero.
struct FoundBalance {
    std::size_t pair = 0;
    std::optional<core::U256> amount;  ///< nullopt: the token gave no usable answer
};

struct BalanceAnswer {
    core::U256 block_number;
    core::U256 timestamp;
    std::size_t pairs = 0;  ///< the first so many pairs were asked
    std::vector<FoundBalance> found;
};

/// nullopt for anything that the program could not have returned to so many pairs.
[[nodiscard]] std::optional<BalanceAnswer> decode_balance_answer(const core::Bytes& data,
                                                                 std::size_t pairs_asked);

}  // namespace margrave::chains::evm
