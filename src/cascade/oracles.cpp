#include "cascade/oracles.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <utility>

#include "margin/guard.hpp"

namespace margrave::cascade {
namespace {

using boost::multiprecision::cpp_int;
using core::Address;
using core::U256;
using margin::OracleAnswer;
using margin::PriceRatio;

/// As an answer; nullopt where 256 bits do not hold it. An answer is never 0, since that is none.
std::optional<U256> to_answer(const cpp_int& value) {
    if (value > cpp_int(core::max_u256())) {
        return std::nullopt;
    }
    return std::max(U256(value), U256(1));
}

/// answer * multiplier^power, rounded down once.
std::optional<U256> moved(const U256& answer, const Ratio& multiplier, int power) {
    cpp_int up(answer);
    cpp_int down = 1;
    for (int i = 0; i < std::abs(power); ++i) {
        up *= cpp_int(power > 0 ? multiplier.numerator : multiplier.denominator);
        down *= cpp_int(power > 0 ? multiplier.denominator : multiplier.numerator);
    }
    return to_answer(up / down);
}

const OracleAnswer* find(const std::vector<OracleAnswer>& answers, const Address& asset) {
    const auto found = std::find_if(answers.begin(), answers.end(),
                                    [&](const OracleAnswer& one) { return one.asset == asset; });
    return found == answers.end() ? nullptr : &*found;
}

bool concerns(const OracleRule& rule, const margin::MarketName& market) {
    return (!rule.protocol || *rule.protocol == market.protocol) &&
           (!rule.market || *rule.market == market.name);
}

/// The power of the factor in a market's answer for the asset: a price in another asset falls when
/// that one rises.
int power_of(const std::map<Address, int>& powers, const OracleAnswer& answer) {
    const auto of = [&](const Address& asset) {
        const auto found = powers.find(asset);
        return found == powers.end() ? 0 : found->second;
    };
    return of(answer.asset) - (answer.denominator ? of(*answer.denominator) : 0);
}

}  // namespace

std::optional<PoolPrice> pool_price(const margin::Venue& venue, const Address& asset) {
    const margin::VenueToken* sold = venue.find_token(asset);
    if (sold == nullptr || venue.tokens().size() != 2) {
        return std::nullopt;
    }
    const auto& tokens = venue.tokens();
    const margin::VenueToken& quote = tokens[0].address == asset ? tokens[1] : tokens[0];
    auto price = venue.price(asset, quote.address);
    if (!price) {
        return std::nullopt;
    }
    // A whole token is 10^decimals base units, of either side.
    const core::U512 ten = 10;
    if (sold->decimals >= quote.decimals) {
        price->numerator *= boost::multiprecision::pow(ten, sold->decimals - quote.decimals);
    } else {
        price->denominator *= boost::multiprecision::pow(ten, quote.decimals - sold->decimals);
    }
    return PoolPrice{.whole = *price, .quote = quote.address};
}

Oracles::Oracles(const Playbook& playbook, const State& state, Moment begin,
                 std::vector<std::string>& notes)
    : factors_(playbook.factors) {
    for (const OracleRule& rule : playbook.oracles) {
        Rule made{.rule = rule, .begin = std::nullopt, .targets = {}};
        std::optional<PoolPrice> price;
        if (rule.pool) {
            const margin::Venue* venue = state.find_venue(*rule.pool);
            price = venue == nullptr ? std::nullopt : pool_price(*venue, rule.asset);
            if (!price) {
                notes.push_back("the oracle of " + rule.asset.to_string() +
                                " stays as it is: pool " + rule.pool->to_string() +
                                " was not read or has no price for it");
                continue;
            }
            made.begin = price->whole;
        }
        for (std::size_t i = 0; i < state.markets.size(); ++i) {
            const margin::Market& market = *state.markets[i];
            const auto answers = market.answers();
            const OracleAnswer* answer = find(answers, rule.asset);
            if (answer == nullptr || !answer->quote || answer->quote->answer == 0 ||
                !concerns(rule, market.name())) {
                continue;
            }
            // A price in another asset counts in the market's own unit; in dollars in the
            // playbook's.
            core::U512 unit = boost::multiprecision::pow(core::U512(10), rule.decimals);
            if (answer->denominator) {
                const bool is_same = price && price->quote == *answer->denominator;
                if (rule.anchor == Anchor::Spot && (!is_same || !answer->unit)) {
                    notes.push_back("the oracle of " + answer->symbol + " in " +
                                    market.name().protocol + " " + market.name().name +
                                    " is moved by its pool's price and not set to it: it counts in "
                                    "another asset than the pool");
                    made.rule.anchor = Anchor::Basis;
                }
                unit = answer->unit ? core::U512(*answer->unit) : core::U512(1);
            }
            made.targets.push_back(
                {.market = i,
                 .symbol = answer->symbol,
                 .today = answer->quote->answer,
                 .unit = unit,
                 .follower = oracle::Follower(rule.feed, answer->quote->answer,
                                              answer->quote->updated_at.value_or(begin.time))});
        }
        if (made.targets.empty()) {
            notes.push_back("no market here asks an oracle for " + rule.asset.to_string());
        }
        rules_.push_back(std::move(made));
    }
}

std::optional<U256> Oracles::seen(const Rule& rule, const Target& target, const State& state) {
    if (rule.rule.follows) {
        const auto answers = state.markets[target.market]->answers();
        const OracleAnswer* answer = find(answers, *rule.rule.follows);
        if (answer == nullptr || !answer->quote) {
            return std::nullopt;
        }
        return moved(answer->quote->answer, rule.rule.ratio, 1);
    }
    const margin::Venue* venue = state.find_venue(*rule.rule.pool);
    const auto now = venue == nullptr ? std::nullopt : pool_price(*venue, rule.rule.asset);
    if (!now) {
        return std::nullopt;
    }
    const cpp_int up(now->whole.numerator);
    const cpp_int down(now->whole.denominator);
    if (rule.rule.anchor == Anchor::Basis) {
        // today * price / price before; rounded down
        return to_answer(cpp_int(target.today) * up * cpp_int(rule.begin->denominator) /
                         (down * cpp_int(rule.begin->numerator)));
    }
    return to_answer(up * cpp_int(rule.rule.quote_usd.numerator) * cpp_int(target.unit) /
                     (down * cpp_int(rule.rule.quote_usd.denominator)));
}

std::vector<PriceChange> Oracles::move(State& state, const std::vector<FactorMove>& moves) const {
    std::vector<PriceChange> out;
    for (std::size_t i = 0; i < state.markets.size(); ++i) {
        margin::Market& market = *state.markets[i];
        for (const OracleAnswer& answer : market.answers()) {
            const bool is_ruled = std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
                return std::any_of(rule.targets.begin(), rule.targets.end(),
                                   [&](const Target& target) {
                                       return target.market == i && rule.rule.asset == answer.asset;
                                   });
            });
            std::optional<U256> now =
                answer.quote ? std::optional(answer.quote->answer) : std::nullopt;
            for (const FactorMove& step : moves) {
                const auto powers = factors_.find(step.factor);
                const int power = powers == factors_.end() ? 0 : power_of(powers->second, answer);
                now = now && power != 0 ? moved(*now, step.multiplier, power) : now;
            }
            if (is_ruled || !now || *now == answer.quote->answer) {
                continue;
            }
            market.set_answer(answer.asset, *now);
            out.push_back(
                {.market = i, .asset = answer.asset, .symbol = answer.symbol, .answer = *now});
        }
    }
    return out;
}

std::vector<PriceChange> Oracles::update(State& state, Moment now) {
    std::vector<PriceChange> out;
    for (Rule& rule : rules_) {
        for (Target& target : rule.targets) {
            const auto price = seen(rule, target, state);
            if (!price) {
                continue;  // what does not tell moves nothing
            }
            const U256 before = target.follower.answer();
            const U256 answer =
                target.follower.step({.price = *price, .time = now.time, .block = now.block});
            if (answer == before) {
                continue;
            }
            state.markets[target.market]->set_answer(rule.rule.asset, answer);
            out.push_back({.market = target.market,
                           .asset = rule.rule.asset,
                           .symbol = target.symbol,
                           .answer = answer});
        }
    }
    return out;
}

}  // namespace margrave::cascade
