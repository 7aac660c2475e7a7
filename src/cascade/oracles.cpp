#include "cascade/oracles.hpp"

#include <algorithm>
#include <utility>

namespace margrave::cascade {
namespace {

using core::Address;
using core::U256;
using margin::OracleAnswer;

/// nullptr for an asset without an answer, and for an answer of 0, which is none.
const OracleAnswer* find(const std::vector<OracleAnswer>& answers, const Address& asset) {
    const auto found = std::find_if(answers.begin(), answers.end(), [&](const OracleAnswer& one) {
        return one.asset == asset && one.quote && one.quote->answer != 0;
    });
    return found == answers.end() ? nullptr : &*found;
}

bool concerns(const OracleRule& rule, const margin::MarketName& market) {
    return (!rule.protocol || *rule.protocol == market.protocol) &&
           (!rule.market || *rule.market == market.name);
}

/// By how much a market's answer goes with the moves: a price in another asset falls when that one
/// rises.
Fraction moved_with(const FactorPowers& factors, const std::vector<FactorMove>& moves,
                    const std::string& protocol, const OracleAnswer& answer) {
    Fraction out = 1;
    for (const FactorMove& move : moves) {
        const int power =
            factors.of(move.factor, protocol, answer.asset) -
            (answer.denominator ? factors.of(move.factor, protocol, *answer.denominator) : 0);
        out *= to_power(move.multiplier, power);
    }
    return out;
}

/// What the rule follows, in whole units; nullopt where nothing tells.
std::optional<Fraction> followed(const OracleRule& rule, const margin::Market& market,
                                 const State& state) {
    if (rule.follows) {
        const auto answers = market.answers();
        const OracleAnswer* answer = find(answers, *rule.follows);
        return answer == nullptr ? std::nullopt : std::optional(fraction(answer->quote->answer));
    }
    const margin::Venue* venue = state.find_venue(*rule.pool);
    const auto price = venue == nullptr ? std::nullopt : pool_price(*venue, rule.asset);
    return price ? std::optional(price->whole) : std::nullopt;
}

}  // namespace

std::optional<PoolPrice> pool_price(const margin::Venue& venue, const Address& asset) {
    const margin::VenueToken* sold = venue.find_token(asset);
    if (sold == nullptr || venue.tokens().size() != 2) {
        return std::nullopt;
    }
    const auto& tokens = venue.tokens();
    const margin::VenueToken& quote = tokens[0].address == asset ? tokens[1] : tokens[0];
    const auto price = venue.price(asset, quote.address);
    if (!price) {
        return std::nullopt;
    }
    // A whole token is 10^decimals base units, of either side.
    return PoolPrice{.whole = to_fraction(*price) *
                              fraction(core::pow10(sold->decimals), core::pow10(quote.decimals)),
                     .quote = quote.address};
}

Oracles::Oracles(const Playbook& playbook, const State& state, Moment begin)
    : factors_(playbook.factors) {
    for (const OracleRule& rule : playbook.oracles) {
        add(rule, state, begin);
    }
}

void Oracles::add(const OracleRule& rule, const State& state, Moment begin) {
    Rule made{.rule = rule, .targets = {}};
    std::optional<PoolPrice> price;
    if (rule.pool) {
        const margin::Venue* venue = state.find_venue(*rule.pool);
        price = venue == nullptr ? std::nullopt : pool_price(*venue, rule.asset);
        if (!price) {
            unread_.push_back("the oracle of " + rule.asset.to_string() + " follows pool " +
                              rule.pool->to_string() +
                              ", which was not read or has no price for it");
        }
    }
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        const margin::Market& market = *state.markets[i];
        const auto answers = market.answers();
        const OracleAnswer* answer = find(answers, rule.asset);
        if (answer == nullptr || !concerns(rule, market.name())) {
            continue;
        }
        made.targets.push_back(
            {.market = i,
             .symbol = answer->symbol,
             .scale = price ? scale_of(rule, *price, market, *answer) : rule.ratio,
             .follower = oracle::Follower(rule.feed, answer->quote->answer,
                                          answer->quote->updated_at.value_or(begin.time))});
    }
    if (made.targets.empty()) {
        notes_.push_back("no market here asks an oracle for " + rule.asset.to_string());
    }
    rules_.push_back(std::move(made));
}

Fraction Oracles::scale_of(const OracleRule& rule, const PoolPrice& price,
                           const margin::Market& market, const OracleAnswer& answer) {
    const Fraction basis = fraction(answer.quote->answer) / price.whole;
    if (rule.anchor == Anchor::Basis) {
        return basis;
    }
    if (!answer.denominator) {
        return rule.quote_usd * fraction(core::pow10(rule.decimals));
    }
    // A price in another asset counts in the market's own unit.
    if (price.quote == *answer.denominator && answer.unit) {
        return fraction(*answer.unit);
    }
    notes_.push_back("the oracle of " + answer.symbol + " in " + market.name().protocol + " " +
                     market.name().name +
                     " is moved by its pool's price and not set to it: it counts in another asset "
                     "than the pool");
    return basis;
}

bool Oracles::is_ruled(std::size_t market, const Address& asset) const {
    return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
        return rule.rule.asset == asset &&
               std::any_of(rule.targets.begin(), rule.targets.end(),
                           [&](const Target& target) { return target.market == market; });
    });
}

std::vector<PriceChange> Oracles::move(State& state, const std::vector<FactorMove>& moves) const {
    std::vector<PriceChange> out;
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        margin::Market& market = *state.markets[i];
        for (const OracleAnswer& answer : market.answers()) {
            const Fraction moved = moved_with(factors_, moves, market.name().protocol, answer);
            if (!answer.quote || moved == 1 || is_ruled(i, answer.asset)) {
                continue;
            }
            if (const auto now = to_answer(fraction(answer.quote->answer) * moved)) {
                market.set_answer(answer.asset, *now);
                out.push_back(
                    {.market = i, .asset = answer.asset, .symbol = answer.symbol, .answer = *now});
            }
        }
    }
    return out;
}

std::vector<PriceChange> Oracles::update(State& state, Moment now) {
    std::vector<PriceChange> out;
    for (Rule& rule : rules_) {
        for (Target& target : rule.targets) {
            margin::Market& market = *state.markets[target.market];
            const auto seen = followed(rule.rule, market, state);
            const auto price = seen ? to_answer(*seen * target.scale) : std::nullopt;
            if (!price) {
                continue;  // what does not tell moves nothing
            }
            const U256 before = target.follower.answer();
            const U256 answer =
                target.follower.step({.price = *price, .time = now.time, .block = now.block});
            if (answer != before) {
                market.set_answer(rule.rule.asset, answer);
                out.push_back({.market = target.market,
                               .asset = rule.rule.asset,
                               .symbol = target.symbol,
                               .answer = answer});
            }
        }
    }
    return out;
}

}  // namespace margrave::cascade
