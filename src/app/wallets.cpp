#include "app/wallets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "chains/ens.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "settings/wallet_names.hpp"

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

/// "vitalik.eth". No form of address has a dot.
bool looks_like_name(std::string_view text) { return text.find('.') != std::string_view::npos; }

/// Precompiled contracts sit at the lowest addresses; nobody has a key to one.
bool is_precompile(const core::Address& address) {
    constexpr std::ptrdiff_t kLeadingZeros = 18;
    const auto& raw = address.raw();
    return std::all_of(raw.begin(), raw.begin() + kLeadingZeros,
                       [](std::uint8_t byte) { return byte == 0; });
}

void refuse_nobody(const core::Address& address) {
    if (address.is_zero()) {
        throw core::InputError("the zero address is nobody's wallet");
    }
    if (is_precompile(address)) {
        throw core::InputError(
            fmt::format("{} is a precompiled contract, not a wallet", address.to_string()));
    }
}

/// `use()`, whose mistakes are told with the place.
template <class Use>
auto at(const WalletWord& word, const Use& use) {
    try {
        return use();
    } catch (const core::InputError& error) {
        if (word.where.empty()) {
            throw;
        }
        throw core::InputError(fmt::format("{}: {}", core::printable(word.where), error.what()));
    }
}

/// What can be no address, but nearly is a configured name.
void refuse_misspelled(const WalletWord& word, const settings::Settings& settings) {
    std::vector<std::string> names;
    for (const auto& [name, wallet] : settings.wallets) {
        names.push_back(name);
    }
    for (const auto& [name, members] : settings.portfolios) {
        names.push_back(name);
    }
    if (const std::string near = settings::nearest_wallet_name(word.text, names); !near.empty()) {
        at(word, [&] {
            throw core::InputError(
                fmt::format("no wallet or portfolio is called \"{}\", did you mean {}?",
                            core::printable(word.text), near));
        });
    }
}

void expand(const WalletWord& word, const settings::Settings& settings, bool in_portfolio,
            std::vector<WalletWord>& into) {
    if (const auto wallet = settings.wallets.find(word.text); wallet != settings.wallets.end()) {
        into.push_back({.text = wallet->second, .where = "wallet " + word.text});
        return;
    }
    const auto portfolio = settings.portfolios.find(word.text);
    if (portfolio == settings.portfolios.end() || in_portfolio) {
        refuse_misspelled(word, settings);
        into.push_back(word);
        return;
    }
    for (const std::string& member : portfolio->second) {
        expand({.text = member, .where = "portfolio " + word.text}, settings, true, into);
    }
}

}  // namespace

std::vector<WalletWord> split_wallet_list(const std::string& name, std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    std::vector<WalletWord> words;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto entry = trimmed(line.substr(0, line.find('#')));
        if (!entry.empty()) {
            words.push_back(
                {.text = std::string(entry), .where = fmt::format("{}:{}", name, number)});
        }
    }
    return words;
}

std::vector<WalletWord> expand(const std::vector<WalletWord>& words,
                               const settings::Settings& settings) {
    std::vector<WalletWord> out;
    for (const WalletWord& word : words) {
        expand(word, settings, false, out);
    }
    return out;
}

std::vector<std::string> ens_names(const std::vector<WalletWord>& words) {
    std::set<std::string> names;
    for (const WalletWord& word : words) {
        if (!looks_like_name(word.text)) {
            continue;
        }
        at(word, [&] {
            if (!chains::ens::is_plain_name(word.text)) {
                throw core::InputError(fmt::format(
                    "\"{}\" is no ENS name that is read here: labels of a-z, 0-9 and '-', in lower "
                    "case and without a chain in front; give the 0x… address",
                    core::printable(word.text)));
            }
            names.insert(word.text);
        });
    }
    return {names.begin(), names.end()};
}

core::ChainAddress parse_wallet(std::string_view text) {
    auto wallet = core::ChainAddress::parse(text);
    refuse_nobody(wallet.address);
    return wallet;
}

std::vector<core::ChainAddress> parse_wallets(
    const std::vector<WalletWord>& words, const std::map<std::string, core::Address>& resolved) {
    std::vector<core::ChainAddress> out;
    for (const WalletWord& word : words) {
        out.push_back(at(word, [&] {
            const auto name = resolved.find(word.text);
            if (name == resolved.end()) {
                return parse_wallet(word.text);
            }
            refuse_nobody(name->second);
            core::ChainAddress wallet;
            wallet.address = name->second;
            return wallet;
        }));
    }
    return out;
}

}  // namespace margrave::app
