#include "app/playbook_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "cascade/assumed_curve.hpp"
#include "cascade/dollars.hpp"
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

/// How an asset of a market or pool is called and counted.
margin::VenueToken token_of(const cascade::State& state, const Address& asset) {
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            if (answer.asset == asset) {
                return {.address = asset, .symbol = answer.symbol, .decimals = answer.decimals};
            }
            if (answer.denominator == asset) {
                return {.address = asset,
                        .symbol = answer.denominator_symbol,
                        .decimals = answer.denominator_decimals};
            }
        }
    }
    for (const auto& venue : state.venues) {
        if (const margin::VenueToken* token = venue->find_token(asset)) {
            return *token;
        }
    }
    return {.address = asset, .symbol = asset.to_string(), .decimals = 0};
}

}  // namespace

std::vector<std::unique_ptr<margin::Venue>> assumed_curves(const PlaybookFile& file,
                                                           const cascade::State& state) {
    const auto assets = assets_of(state);
    const cascade::DollarPrices prices = cascade::dollar_prices(state);
    const auto price_of = [&](const Address& asset, const AssetWord& word) {
        const auto price = prices.find(asset);
        if (price == prices.end() || price->second == 0) {
            throw ConfigError(
                fmt::format("{}: an assumed curve begins at today's price, but no market here "
                            "prices {} in dollars",
                            word.where, core::printable(word.text)));
        }
        return price->second;
    };
    std::vector<std::unique_ptr<margin::Venue>> out;
    for (const VenueWords& venue : file.venues) {
        if (!venue.curve) {
            continue;
        }
        const margin::VenueToken asset = token_of(state, resolve(assets, venue.asset));
        const margin::VenueToken into = token_of(state, resolve(assets, venue.into));
        const cascade::Fraction price = price_of(asset.address, venue.asset);
        const auto volume =
            cascade::to_answer(cascade::fraction(venue.curve->daily_volume.value()) / price);
        if (asset.address == into.address || !volume) {
            throw ConfigError(fmt::format("{}: no curve leads from {} to {}", venue.asset.where,
                                          core::printable(venue.asset.text),
                                          core::printable(venue.into.text)));
        }
        out.push_back(std::make_unique<cascade::AssumedCurve>(
            margin::VenueName{.kind = "assumed", .chain = file.chain, .address = venue.pool}, asset,
            into, price / price_of(into.address, venue.into),
            cascade::SquareRootLaw{.y = venue.curve->y,
                                   .daily_volatility = venue.curve->daily_volatility,
                                   .daily_volume = *volume}));
    }
    return out;
}

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
    const auto resolve_step = [&](const ShockWords& words) {
        cascade::PathStep step{.block = words.block, .sales = {}, .moves = {}};
        for (const auto& [word, amount] : words.sales) {
            const Address asset = resolve(assets, word);
            const bool has_venue =
                std::any_of(playbook.venues.begin(), playbook.venues.end(),
                            [&](const cascade::VenueRule& venue) { return venue.asset == asset; });
            if (!has_venue) {
                throw ConfigError(fmt::format("{}: {} has no [[cascade.venue]] to be sold into",
                                              word.where, core::printable(word.text)));
            }
            step.sales.push_back({.asset = asset, .amount = amount});
        }
        for (const auto& [where, move] : words.moves) {
            step.moves.push_back({.factor = resolve_factor(playbook.factors, where, move.factor),
                                  .multiplier = move.multiplier});
        }
        return step;
    };
    cascade::PathStep first = resolve_step(file.shock);
    cascade::Shock shock{.sales = std::move(first.sales), .moves = std::move(first.moves)};
    for (const ShockWords& words : file.path) {
        shock.path.push_back(resolve_step(words));
    }
    return shock;
}

}  // namespace margrave::app
