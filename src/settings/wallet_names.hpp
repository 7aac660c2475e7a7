#pragma once

#include <string>
#include <vector>

namespace margrave::settings {

/// The name of a wallet that the word nearly is; "" where it is near none, or may be an address or
/// an ENS name itself.
[[nodiscard]] std::string nearest_wallet_name(const std::string& word,
                                              const std::vector<std::string>& names);

}  // namespace margrave::settings
