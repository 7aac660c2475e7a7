#pragma once

#include <string>
#include <string_view>

namespace margrave::core {

/// The first 16 bytes of a text's keccak256 as 32 hex digits: a name that is the same wherever it
/// is made of the same.
[[nodiscard]] std::string short_hash(std::string_view text);

}  // namespace margrave::core
