#include "app/playbook_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using core::Address;
using core::ConfigError;
using core::lower;

/// Every asset that the markets price and the pools swap, by lower-case symbol.
std::map<std::string, std::set<Address>> assets_of(const cascade::State& state) {
    std::map<std::string, std::set<Address>> out;
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            out[lower(answer.symbol)].insert(answer.asset);
            if (answer.denominator) {
                out[lower(answer.denominator_symbol)].insert(*answer.denominator);
            }
        }
    }
    for (const auto& venue : state.venues) {
        for (const margin::VenueToken& token : venue->tokens()) {
            out[lower(token.symbol)].insert(token.address);
        }
    }
    return out;
}

Address resolve(const std::map<std::string, std::set<Address>>& assets, const AssetWord& word) {
    if (word.text.starts_with("0x")) {
        const auto address = Address::try_parse(word.text);
        if (!address) {
            throw ConfigError(word.where + ": " + address.error());
        }
        return *address;
    }
    const auto found = assets.find(lower(word.text));
    if (found == assets.end()) {
        std::vector<std::string> names;
        for (const auto& [name, addresses] : assets) {
            names.push_back(name);
        }
        throw ConfigError(
            fmt::format("{}: no market or pool here has an asset \"{}\"; there are {}", word.where,
                        core::printable(word.text),
                        core::printable(fmt::format("{}", fmt::join(names, ", ")), 600)));
    }
    if (found->second.size() > 1) {
        throw ConfigError(fmt::format("{}: several assets are called {}; give an address: {}",
                                      word.where, core::printable(word.text),
                                      found->second.begin()->to_string()));
    }
    return *found->second.begin();
}

/// What oracles here follow, by their protocols' own rows, and what pools pay.
cascade::FactorPowers powers_of(const cascade::State& state, const std::string& chain,
                                const exposure::FactorMap& factors) {
    cascade::FactorPowers out;
    const auto add = [&](const Address& asset, const std::string& symbol,
                         const std::string& protocol) {
        const auto found =
            factors.factors_of({.chain = chain, .address = asset, .symbol = symbol}, protocol);
        for (const std::string& factor : found.factors) {
            out.set(factor, protocol, asset, 1);
        }
    };
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            add(answer.asset, answer.symbol, market->name().protocol);
            if (answer.denominator) {
                add(*answer.denominator, answer.denominator_symbol, market->name().protocol);
            }
        }
    }
    for (const auto& venue : state.venues) {
        for (const margin::VenueToken& token : venue->tokens()) {
            add(token.address, token.symbol, "");
        }
    }
    return out;
}

/// "ETH/USD", or "ETH" for it; case does not count.
std::string resolve_factor(const cascade::FactorPowers& powers, const std::string& where,
                           const std::string& text) {
    const std::vector<std::string> names = powers.factors();
    for (const std::string& factor : names) {
        if (lower(factor) == lower(text) || lower(factor) == lower(text) + "/usd") {
            return factor;
        }
    }
    throw ConfigError(fmt::format("{}: nothing here follows \"{}\"; there are {}", where,
                                  core::printable(text),
                                  core::printable(fmt::format("{}", fmt::join(names, ", ")), 600)));
}

}  // namespace

cascade::Playbook resolve_playbook(const PlaybookFile& file, const cascade::State& state,
                                   const exposure::FactorMap& factors) {
    const auto assets = assets_of(state);
    cascade::Playbook playbook = file.playbook;
    for (const VenueWords& venue : file.venues) {
        playbook.venues.push_back({.asset = resolve(assets, venue.asset),
                                   .into = resolve(assets, venue.into),
                                   .pool = venue.pool});
        const margin::Venue* pool = state.find_venue(venue.pool);
        if (pool != nullptr && (pool->find_token(playbook.venues.back().asset) == nullptr ||
                                pool->find_token(playbook.venues.back().into) == nullptr)) {
            throw ConfigError(fmt::format("{}: pool {} does not swap {} for {}", venue.asset.where,
                                          venue.pool.to_string(), core::printable(venue.asset.text),
                                          core::printable(venue.into.text)));
        }
    }
    for (const OracleWords& oracle : file.oracles) {
        cascade::OracleRule rule = oracle.rule;
        rule.asset = resolve(assets, oracle.asset);
        if (oracle.follows) {
            rule.follows = resolve(assets, *oracle.follows);
        }
        playbook.oracles.push_back(rule);
    }
    playbook.factors = powers_of(state, file.chain, factors);
    return playbook;
}

cascade::Shock resolve_shock(const PlaybookFile& file, const cascade::State& state,
                             const cascade::Playbook& playbook) {
    const auto assets = assets_of(state);
    cascade::Shock shock;
    for (const auto& [word, amount] : file.sales) {
        const Address asset = resolve(assets, word);
        const bool has_venue =
            std::any_of(playbook.venues.begin(), playbook.venues.end(),
                        [&](const cascade::VenueRule& venue) { return venue.asset == asset; });
        if (!has_venue) {
            throw ConfigError(fmt::format("{}: {} has no [[cascade.venue]] to be sold into",
                                          word.where, core::printable(word.text)));
        }
        shock.sales.push_back({.asset = asset, .amount = amount});
    }
    for (const auto& [where, move] : file.moves) {
        shock.moves.push_back({.factor = resolve_factor(playbook.factors, where, move.factor),
                               .multiplier = move.multiplier});
    }
    return shock;
}

}  // namespace margrave::app
