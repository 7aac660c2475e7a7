#pragma once

#include <initializer_list>
#include <string_view>

#include "core/address.hpp"
#include "core/keccak.hpp"
#include "core/u256.hpp"

/// Hashing of typed data as wallets show and sign it. Source: EIP-712, "Definition of hashStruct"
/// and "Definition of domainSeparator".
namespace margrave::evidence {

/// A member of a struct as it is hashed: 32 bytes. A bytes32 is one as it is, another struct is one
/// by its struct_hash().
using Word = core::Hash;

[[nodiscard]] Word string_word(std::string_view text);
[[nodiscard]] Word uint_word(const core::U256& value);
[[nodiscard]] Word address_word(const core::Address& address);

/// hashStruct. `type` is the encoded type, such as "Report(string schema,bytes32 reportHash)", with
/// the types that it refers to behind it, sorted by name; `members` stand in its order.
[[nodiscard]] core::Hash struct_hash(std::string_view type, std::initializer_list<Word> members);

/// What is signed: the message's struct_hash() under the domain's.
[[nodiscard]] core::Hash typed_data_digest(const core::Hash& domain, const core::Hash& message);

}  // namespace margrave::evidence
