#include "app/token_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using nlohmann::json;

/// Uniswap/token-lists src/tokenlist.schema.json: at most 10,000 tokens, symbols of 20 letters.
constexpr std::size_t kTokensMax = 10'000;
constexpr std::size_t kSymbolBytesMax = 80;

[[noreturn]] void fail(const std::string& name, std::string_view why) {
    throw core::InputError(fmt::format("{}: {}", core::printable(name), why));
}

/// Nothing of a list is deep.
json parse_shallow(const std::string& name, const std::string& text) {
    constexpr int kDepthMax = 32;
    const auto is_shallow = [&](int depth, json::parse_event_t /*event*/, json& /*value*/) {
        if (depth > kDepthMax) {
            fail(name, "is nested deeper than any token list");
        }
        return true;
    };
    json out = json::parse(text, is_shallow, false);
    if (!out.is_object() || !out.contains("tokens") || !out["tokens"].is_array()) {
        fail(name, "is no token list: an object with a list `tokens` was expected");
    }
    return out;
}

struct Token {
    std::uint64_t chain_id = 0;
    core::Address address;
    std::string symbol;
};

Token token_of(const json& entry) {
    const auto text = [&](const char* key) {
        if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string()) {
            throw core::InputError(fmt::format("no text `{}`", key));
        }
        return entry[key].get<std::string>();
    };
    Token out;
    out.address = core::Address::parse(text("address"));
    out.symbol = core::printable(text("symbol"), kSymbolBytesMax);
    if (!entry.contains("chainId") || !entry["chainId"].is_number_unsigned()) {
        throw core::InputError("no number `chainId`");
    }
    out.chain_id = entry["chainId"].get<std::uint64_t>();
    return out;
}

}  // namespace

TokenListCount add_token_list(const std::string& name, const std::string& text,
                              settings::Settings& settings) {
    const json list = parse_shallow(name, text);
    const json& tokens = list["tokens"];
    if (tokens.size() > kTokensMax) {
        fail(name, fmt::format("has {} tokens; at most {} are read", tokens.size(), kTokensMax));
    }
    std::set<std::pair<std::string, core::Address>> known;
    for (const settings::Asset& asset : settings.assets) {
        if (asset.address) {
            known.emplace(asset.chain, *asset.address);
        }
    }
    TokenListCount out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        Token token;
        try {
            token = token_of(tokens[i]);
        } catch (const core::InputError& error) {
            fail(name, fmt::format("tokens[{}]: {}", i, error.what()));
        }
        bool is_foreign = true;
        for (const auto& [chain, one] : settings.chains) {
            if (one.chain_id.value() != token.chain_id) {
                continue;
            }
            is_foreign = false;
            if (known.emplace(chain, token.address).second) {
                settings::Asset asset;
                asset.chain = chain;
                asset.address = token.address;
                asset.symbol = token.symbol;
                settings.assets.push_back(std::move(asset));
                ++out.added;
            }
        }
        out.foreign += is_foreign ? 1 : 0;
    }
    return out;
}

}  // namespace margrave::app
