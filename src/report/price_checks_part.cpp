#include "report/price_checks_part.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"

namespace margrave::report {
namespace {

using core::Rounding;
using core::U256;

/// Dollars of a whole token, and the contract that said it; zero when unknown.
struct Said {
    U256 wad;
    core::Address source;
};

/// Who says what tokens are worth: a market's oracle, or one feed.
struct Pricer {
    std::string chain;
    std::string name;
    std::map<core::Address, Said> tokens;
    std::map<std::string, U256> factors;  ///< dollars of a token that is nothing but the factor
};

std::optional<U256> scaled(const U256& value, const U256& times, const U256& over) {
    return over == 0 ? std::nullopt : margin::value_or_nothing([&] {
        return core::mul_div_wide<Rounding::Down>(value, times, over);
    });
}

/// |value / reference - 1|.
std::optional<core::Wad> distance(const U256& value, const U256& reference) {
    const U256 gap = value < reference ? U256(reference - value) : U256(value - reference);
    const auto share = scaled(gap, core::wad(), reference);
    return share ? std::optional(core::Wad(*share)) : std::nullopt;
}

void add(Pricer& pricer, const core::Address& asset, const std::string& symbol,
         const margin::PriceQuote& quote, const U256& unit, const exposure::FactorMap& factors) {
    const auto wad = scaled(quote.answer, core::wad(), unit);
    // A price of nothing is none.
    if (!wad || *wad == 0 ||
        !pricer.tokens.emplace(asset, Said{.wad = *wad, .source = quote.source}).second) {
        return;
    }
    const auto found =
        factors.factors_of({.chain = pricer.chain, .address = asset, .symbol = symbol}, "");
    if (found.factors.size() == 1) {
        pricer.factors.emplace(found.factors.front(), *wad);
    }
}

std::vector<Pricer> pricers_of(const snapshot::Snapshot& snapshot,
                               const exposure::FactorMap& factors) {
    std::vector<Pricer> out;
    for (const auto& market : snapshot.markets) {
        const margin::MarketName& name = market->name();
        Pricer pricer{.chain = name.chain,
                      .name = name.protocol + "/" + name.name,
                      .tokens = {},
                      .factors = {}};
        for (const margin::OracleAnswer& answer : market->answers()) {
            if (answer.quote && answer.unit && !answer.denominator) {
                add(pricer, answer.asset, answer.symbol, *answer.quote, *answer.unit, factors);
            }
        }
        out.push_back(std::move(pricer));
    }
    for (const snapshot::Holding& holding : snapshot.holdings) {
        if (holding.asset && holding.price &&
            holding.price->source == snapshot::PriceSource::ChainlinkFeed) {
            Pricer pricer{
                .chain = holding.chain, .name = holding.price->name, .tokens = {}, .factors = {}};
            add(pricer, *holding.asset, holding.symbol, holding.price->quote, holding.price->unit,
                factors);
            out.push_back(std::move(pricer));
        }
    }
    return out;
}

/// What a market's answer is in dollars, where it is one itself or `pricer` says what it is priced
/// in.
std::optional<U256> dollars(const margin::OracleAnswer& answer, const Pricer& pricer) {
    if (!answer.quote || !answer.unit) {
        return std::nullopt;
    }
    if (!answer.denominator) {
        return scaled(answer.quote->answer, core::wad(), *answer.unit);
    }
    const auto denominator = pricer.tokens.find(*answer.denominator);
    return denominator == pricer.tokens.end()
               ? std::nullopt
               : scaled(answer.quote->answer, denominator->second.wad, *answer.unit);
}

/// A contract is no second opinion of itself.
void compare(const margin::OracleAnswer& answer, const std::vector<Pricer>& pricers,
             PriceCheck& check) {
    const std::string self = check.market.protocol + "/" + check.market.name;
    for (const Pricer& pricer : pricers) {
        const auto other = pricer.tokens.find(check.asset);
        if (pricer.chain != check.market.chain || pricer.name == self ||
            other == pricer.tokens.end() ||
            (!other->second.source.is_zero() && other->second.source == answer.quote->source)) {
            continue;
        }
        const auto own = dollars(answer, pricer);
        const auto found = own ? distance(*own, other->second.wad) : std::nullopt;
        if (found && (!check.divergence || *check.divergence < *found)) {
            check.divergence = found;
            check.beside = pricer.name;
        }
    }
}

/// What the token's last factor is by these prices: of a token that is a root factor and another
/// one, its price over the root's.
std::optional<U256> last_factor(const std::vector<std::string>& factors, const U256& dollars_of_it,
                                const Pricer& pricer) {
    if (factors.size() == 1) {
        return dollars_of_it;
    }
    const auto root =
        factors.size() == 2 ? pricer.factors.find(factors.front()) : pricer.factors.end();
    return root == pricer.factors.end() ? std::nullopt
                                        : scaled(dollars_of_it, core::wad(), root->second);
}

void measure(const exposure::FactorMap& map, const std::set<std::string>& pegs,
             const std::vector<Pricer>& pricers, PriceCheck& check) {
    const auto factors =
        map.factors_of(
               {.chain = check.market.chain, .address = check.asset, .symbol = check.symbol}, "")
            .factors;
    if (factors.empty() || !pegs.contains(factors.back())) {
        return;
    }
    for (const Pricer& pricer : pricers) {
        const auto said = pricer.tokens.find(check.asset);
        if (pricer.chain != check.market.chain || said == pricer.tokens.end()) {
            continue;
        }
        const auto now = last_factor(factors, said->second.wad, pricer);
        const auto found = now ? distance(*now, core::wad()) : std::nullopt;
        if (found && (!check.peg_distance || *check.peg_distance < *found)) {
            check.peg_distance = found;
            check.priced_by = pricer.name;
        }
    }
    if (!check.peg_distance) {
        check.peg_unknown_because = factors.size() == 1
                                        ? "nothing prices " + check.symbol
                                        : "nothing says what " + factors.back() + " is: of " +
                                              check.symbol + " and of " + factors.front() +
                                              " no price by one and the same source is known";
    }
}

const margin::Market* find_market(const snapshot::Snapshot& snapshot,
                                  const margin::MarketName& name) {
    const auto found = std::find_if(snapshot.markets.begin(), snapshot.markets.end(),
                                    [&](const auto& market) { return market->name() == name; });
    return found == snapshot.markets.end() ? nullptr : found->get();
}

}  // namespace

void add_price_checks(const snapshot::Snapshot& snapshot, const Options& options, Report& report) {
    const exposure::FactorMap factors = options.factors.with_claims(snapshot.claims);
    const std::vector<Pricer> pricers = pricers_of(snapshot, factors);
    std::map<std::pair<margin::MarketName, core::Address>, std::string> assets;
    for (const Account& account : report.accounts) {
        for (const Leg& leg : account.legs) {
            assets.emplace(std::pair(account.market, leg.leg.asset), leg.leg.symbol);
        }
    }
    std::map<margin::MarketName, std::vector<margin::OracleAnswer>> answers;
    for (const auto& [of, symbol] : assets) {
        PriceCheck check{.market = of.first,
                         .asset = of.second,
                         .symbol = symbol,
                         .divergence = std::nullopt,
                         .peg_distance = std::nullopt};
        if (!answers.contains(of.first)) {
            const auto* const market = find_market(snapshot, of.first);
            answers.emplace(of.first, market == nullptr ? std::vector<margin::OracleAnswer>{}
                                                        : market->answers());
        }
        const auto& of_market = answers.at(check.market);
        const auto answer = std::find_if(
            of_market.begin(), of_market.end(),
            [&check](const margin::OracleAnswer& one) { return one.asset == check.asset; });
        if (answer != of_market.end() && !answer->quote) {
            check.unknown_because = "the oracle gives no price of " + symbol;
        } else if (answer != of_market.end()) {
            compare(*answer, pricers, check);
        }
        measure(factors, options.pegs, pricers, check);
        report.price_checks.push_back(std::move(check));
    }
}

}  // namespace margrave::report
