#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"

namespace margrave::app {

/// One wallet of the command line: "0x…", "eth:0x…" or "eip155:1:0x…". Throws InputError, also for
/// an ENS name and for addresses that can be no wallet: zero and the precompiled contracts.
[[nodiscard]] core::ChainAddress parse_wallet(std::string_view text);

/// The wallets of a list with one address a line; "#" begins a comment. `name` is the list's, for
/// messages with the line number.
[[nodiscard]] std::vector<core::ChainAddress> parse_wallet_list(const std::string& name,
                                                                std::string_view text);

}  // namespace margrave::app
