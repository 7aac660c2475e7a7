#include "app/token_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/foreign_json.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::json;
using Known = std::set<std::pair<std::string, core::Address>>;

/// Uniswap/token-lists src/tokenlist.schema.json: at most 10,000 tokens, symbols of 20 letters.
constexpr std::size_t kTokensMax = 10'000;
constexpr std::size_t kSymbolBytesMax = 80;

[[noreturn]] void fail(const std::string& name, std::string_view why) {
    throw core::InputError(fmt::format("{}: {}", core::printable(name), why));
}

/// The list's tokens.
Json tokens_of(const std::string& name, const std::string& text) {
    Json out = report::parse_foreign_json(name, text);
    if (!out.is_object() || !out.contains("tokens") || !out["tokens"].is_array()) {
        fail(name, "is no token list: an object with a list `tokens` was expected");
    }
    return out["tokens"];
}

std::string text_of(const Json& entry, const char* key) {
    if (!entry.contains(key) || !entry[key].is_string()) {
        throw core::InputError(fmt::format("no text `{}`", key));
    }
    return entry[key].get<std::string>();
}

std::uint64_t chain_id_of(const Json& entry) {
    if (!entry.is_object() || !entry.contains("chainId") ||
        !entry["chainId"].is_number_unsigned()) {
        throw core::InputError("no number `chainId`");
    }
    return entry["chainId"].get<std::uint64_t>();
}

/// Adds one token to the chains of its id that do not have it; how many those are, nullopt where no
/// chain has that id. Its address may be of any form then: lists mix families of chains.
std::optional<std::size_t> add_token(const Json& entry, Known& known,
                                     settings::Settings& settings) {
    const std::uint64_t chain_id = chain_id_of(entry);
    std::optional<std::size_t> added;
    for (const auto& [chain, one] : settings.chains) {
        if (one.chain_id.value() != chain_id) {
            continue;
        }
        settings::Asset asset;
        asset.chain = chain;
        asset.address = core::Address::parse(text_of(entry, "address"));
        asset.symbol = core::printable(text_of(entry, "symbol"), kSymbolBytesMax);
        added = added.value_or(0);
        if (known.emplace(chain, *asset.address).second) {
            settings.assets.push_back(std::move(asset));
            ++*added;
        }
    }
    return added;
}

}  // namespace

TokenListCount add_token_list(const std::string& name, const std::string& text,
                              settings::Settings& settings) {
    const Json tokens = tokens_of(name, text);
    if (tokens.size() > kTokensMax) {
        fail(name, fmt::format("has {} tokens; at most {} are read", tokens.size(), kTokensMax));
    }
    Known known;
    for (const settings::Asset& asset : settings.assets) {
        if (asset.address) {
            known.emplace(asset.chain, *asset.address);
        }
    }
    TokenListCount out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        try {
            const auto added = add_token(tokens[i], known, settings);
            out.added += added.value_or(0);
            out.foreign += added ? 0 : 1;
        } catch (const core::InputError& error) {
            fail(name, fmt::format("tokens[{}]: {}", i, error.what()));
        }
    }
    return out;
}

}  // namespace margrave::app
