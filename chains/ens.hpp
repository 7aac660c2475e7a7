#pragma once

#include <optional>
#include <string_view>

#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"
#include "core/keccak.hpp"

/// Names of the Ethereum Name Service.
namespace margrave::chains::ens {

/// The node that stands for the name. ERC-137, "namehash algorithm".
[[nodiscard]] core::Hash namehash(std::string_view name);

/// True for a name that any normaliser leaves as it is: labels of a-z, 0-9 and '-', '_' only at a
/// label's beginning, no "--" in the third and fourth place. ENSIP-15 allows many more, which need
/// tables to tell apart from their look-alikes.
[[nodiscard]] bool is_plain_name(std::string_view name);

/// What the name's resolver says is its address; nullopt without a resolver or an address. Names
/// that only a gateway outside the chain knows (ERC-3668) have none here. Throws core::ChainError.
[[nodiscard]] Task<std::optional<core::Address>> read_address(Reader& reader,
                                                              core::Address registry,
                                                              core::Hash node);

}  // namespace margrave::chains::ens
