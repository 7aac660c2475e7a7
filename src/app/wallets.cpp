#include "app/wallets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r";
    const auto begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// "vitalik.eth", also behind a chain's prefix. No form of address has a dot.
bool looks_like_name(std::string_view text) { return text.find('.') != std::string_view::npos; }

/// Precompiled contracts sit at the lowest addresses; nobody has a key to one.
bool is_precompile(const core::Address& address) {
    constexpr std::ptrdiff_t kLeadingZeros = 18;
    const auto& raw = address.raw();
    return std::all_of(raw.begin(), raw.begin() + kLeadingZeros,
                       [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

core::ChainAddress parse_wallet(std::string_view text) {
    if (looks_like_name(text)) {
        throw core::InputError(fmt::format(
            "\"{}\" looks like an ENS name; names are not supported yet, give the 0x… address",
            core::printable(text)));
    }
    auto wallet = core::ChainAddress::parse(text);
    if (wallet.address.is_zero()) {
        throw core::InputError("the zero address is nobody's wallet");
    }
    if (is_precompile(wallet.address)) {
        throw core::InputError(
            fmt::format("{} is a precompiled contract, not a wallet", wallet.address.to_string()));
    }
    return wallet;
}

std::vector<core::ChainAddress> parse_wallet_list(const std::string& name, std::string_view text) {
    std::vector<core::ChainAddress> wallets;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto entry = trimmed(line.substr(0, line.find('#')));
        if (entry.empty()) {
            continue;
        }
        try {
            wallets.push_back(parse_wallet(entry));
        } catch (const core::InputError& error) {
            throw core::InputError(
                fmt::format("{}:{}: {}", core::printable(name), number, error.what()));
        }
    }
    return wallets;
}

}  // namespace margrave::app
