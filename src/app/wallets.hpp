#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// Something that stands for a wallet, and where it was said: "list.txt:3", or "" on the command
/// line.
struct WalletWord {
    std::string text;
    std::string where;
};

/// The entries of a list with one a line; "#" begins a comment. `name` is the list's.
[[nodiscard]] std::vector<WalletWord> split_wallet_list(const std::string& name,
                                                        std::string_view text);

/// Portfolios and wallets that the configuration names, replaced by what they stand for. Throws
/// InputError with the nearest name for one that is misspelled.
[[nodiscard]] std::vector<WalletWord> expand(const std::vector<WalletWord>& words,
                                             const settings::Settings& settings);

/// Those of the words that are ENS names, each once. Throws InputError for one that is not
/// normalised.
[[nodiscard]] std::vector<std::string> ens_names(const std::vector<WalletWord>& words);

/// One address: "0x…", "eth:0x…" or "eip155:1:0x…". Throws InputError, also for addresses that can
/// be no wallet: zero and the precompiled contracts.
[[nodiscard]] core::ChainAddress parse_wallet(std::string_view text);

/// All of them; `resolved` holds every ENS name among them. Throws InputError that names the place.
[[nodiscard]] std::vector<core::ChainAddress> parse_wallets(
    const std::vector<WalletWord>& words, const std::map<std::string, core::Address>& resolved);

}  // namespace margrave::app
