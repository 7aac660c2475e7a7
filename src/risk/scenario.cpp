#include "risk/scenario.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "core/fixed_point.hpp"
#include "exposure/dollars.hpp"
#include "exposure/shock.hpp"
#include "margin/guard.hpp"

namespace margrave::risk {
namespace {

using core::Rounding;
using core::U256;

const margin::AssetCapacity* find_asset(const std::vector<margin::AssetCapacity>& assets,
                                        const std::string& symbol) {
    const auto found = std::find_if(assets.begin(), assets.end(),
                                    [&](const auto& asset) { return asset.symbol == symbol; });
    return found == assets.end() ? nullptr : &*found;
}

/// Sets the answer, or says why it stays.
StepEffect set(margin::Market& market, const margin::OracleAnswer& today,
               const std::optional<U256>& answer) {
    StepEffect effect{.market = market.name(),
                      .symbol = today.symbol,
                      .from = today.quote->answer,
                      .to = today.quote->answer,
                      .refusal = std::nullopt};
    if (!answer) {
        effect.refusal = margin::Refusal{"out_of_range", "the answer would leave 256 bits"};
        return effect;
    }
    const U256 moved = *answer == 0 ? U256(1) : *answer;
    market.set_answer(today.asset, moved);
    effect.to = moved;
    return effect;
}

StepEffect refused(const margin::Market& market, const std::string& symbol,
                   margin::Refusal refusal) {
    return {.market = market.name(),
            .symbol = symbol,
            .from = std::nullopt,
            .to = std::nullopt,
            .refusal = std::move(refusal)};
}

/// value / price in 1e18, half-up so that today's own price is one.
std::optional<U256> multiplier_to(const core::Usd& price, const core::Wad& value) {
    if (price.value() == 0) {
        return std::nullopt;
    }
    return margin::value_or_nothing([&] {
        return core::mul_div_wide<Rounding::HalfUp>(value.value(), core::wad(), price.value());
    });
}

}  // namespace

Scenario::Scenario(const snapshot::Snapshot& snapshot, const exposure::FactorMap& factors)
    : snapshot_(snapshot), factors_(factors.with_snapshot(snapshot)) {
    for (const auto& market : snapshot.markets) {
        forks_.push_back(market->fork());
        powers_.push_back(exposure::factor_powers(*market, factors_));
        moved_.emplace_back();
    }
}

std::vector<std::string> Scenario::factors() const {
    std::set<std::string> names;
    for (const auto& of_market : powers_) {
        for (const auto& [factor, powers] : of_market) {
            names.insert(factor);
        }
    }
    return {names.begin(), names.end()};
}

std::vector<std::string> Scenario::symbols() const {
    std::set<std::string> names;
    for (const auto& market : forks_) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            names.insert(answer.symbol);
        }
    }
    return {names.begin(), names.end()};
}

/// By its composition an answer goes from where the earlier moves have brought it to where this one
/// does; what has moved it beside them stays in proportion.
std::optional<U256> Scenario::moved_answer(std::size_t market, const margin::OracleAnswer& now,
                                           const std::string& factor,
                                           const U256& multiplier) const {
    const auto& powers = powers_.at(market);
    const exposure::Follow& follow = powers.at(factor).at(now.asset);
    if (!follow.rule) {
        return exposure::scaled_down(now.quote->answer, multiplier, follow.power);
    }
    return margin::value_or_nothing([&]() -> U256 {
        exposure::Multipliers moves = moved_.at(market);
        U256& whole = moves.try_emplace(factor, core::wad()).first->second;
        const auto before = exposure::composed_answer(powers, now.asset, moves);
        whole = core::mul_div_wide<Rounding::Down>(whole, multiplier, core::wad());
        const auto after = exposure::composed_answer(powers, now.asset, moves);
        if (!before || !after) {
            throw std::overflow_error("the source would revert");
        }
        const bool is_composed = now.quote->answer == *before || *before == 0;
        return is_composed ? *after
                           : core::mul_div_wide<Rounding::Down>(now.quote->answer, *after, *before);
    });
}

std::vector<StepEffect> Scenario::move_factor(const std::string& factor, const PriceMove& move) {
    std::vector<const margin::Market*> views;
    views.reserve(forks_.size());
    for (const auto& market : forks_) {
        views.push_back(market.get());
    }
    const exposure::PriceBook prices(exposure::make_portfolio(views, snapshot_.holdings, {}),
                                     factors_);
    std::vector<StepEffect> effects;
    for (std::size_t i = 0; i < forks_.size(); ++i) {
        const auto& market = forks_[i];
        const auto following = powers_[i].find(factor);
        if (following == powers_[i].end()) {
            continue;
        }
        std::optional<U256> multiplier = move.value.value();
        if (!move.is_relative) {
            const auto price = prices.factor_price(market->name(), factor);
            multiplier = price ? multiplier_to(*price, move.value) : std::nullopt;
        }
        if (!multiplier || *multiplier == 0) {
            effects.push_back(
                refused(*market, "", {"no_price", "today's price of " + factor + " is not known"}));
            continue;
        }
        for (const margin::OracleAnswer& now : market->answers()) {
            if (following->second.contains(now.asset) && now.quote) {
                effects.push_back(set(*market, now, moved_answer(i, now, factor, *multiplier)));
            }
        }
        U256& whole = moved_[i].try_emplace(factor, core::wad()).first->second;
        const auto moved = margin::value_or_nothing(
            [&] { return core::mul_div_wide<Rounding::Down>(whole, *multiplier, core::wad()); });
        whole = moved.value_or(whole);
    }
    return effects;
}

std::vector<StepEffect> Scenario::move_asset(const std::string& symbol, const PriceMove& move) {
    std::vector<StepEffect> effects;
    for (const auto& market : forks_) {
        for (const margin::OracleAnswer& today : market->answers()) {
            if (today.symbol != symbol || !today.quote) {
                continue;
            }
            if (!move.is_relative && (today.denominator || !today.unit)) {
                effects.push_back(refused(*market, symbol,
                                          {"no_price",
                                           "this oracle does not count in dollars; "
                                           "give the move in percent"}));
                continue;
            }
            const U256 from = move.is_relative ? today.quote->answer : *today.unit;
            effects.push_back(set(*market, today, margin::value_or_nothing([&] {
                return core::mul_div_wide<Rounding::Down>(from, move.value.value(), core::wad());
            })));
        }
    }
    return effects;
}

std::vector<StepEffect> Scenario::shock_symbol(const std::string& symbol,
                                               const margin::ParameterShock& shock) {
    std::vector<StepEffect> effects;
    for (const auto& market : forks_) {
        const auto assets = market->capacities();
        const margin::AssetCapacity* listed = find_asset(assets, symbol);
        if (listed == nullptr) {
            continue;
        }
        margin::ParameterShock own = shock;
        own.asset = listed->asset;
        const auto done = market->shock(own);
        effects.push_back({.market = market->name(),
                           .symbol = symbol,
                           .from = std::nullopt,
                           .to = std::nullopt,
                           .refusal = done ? std::nullopt : std::optional(done.error())});
    }
    return effects;
}

std::vector<StepEffect> Scenario::move_rate(const std::string& symbol, const RateMove& move) {
    std::vector<StepEffect> effects;
    for (const auto& market : forks_) {
        const auto assets = market->capacities();
        const margin::AssetCapacity* listed = find_asset(assets, symbol);
        if (listed == nullptr) {
            continue;
        }
        if (!listed->borrow_rate && move.is_relative) {
            effects.push_back(
                refused(*market, symbol, {"no_rate", "today's borrow rate is not known"}));
            continue;
        }
        const U256 today = listed->borrow_rate.value_or(core::Ray()).value();
        const U256& step = move.value.value();
        U256 rate = step;
        if (move.is_relative && move.is_fall) {
            rate = step < today ? U256(today - step) : U256(0);
        } else if (move.is_relative) {
            rate = today + step;
        }
        margin::ParameterShock shock;
        shock.kind = margin::ParameterShock::Kind::BorrowRate;
        shock.asset = listed->asset;
        shock.value = rate;
        const auto done = market->shock(shock);
        effects.push_back({.market = market->name(),
                           .symbol = symbol,
                           .from = today,
                           .to = done ? rate : today,
                           .refusal = done ? std::nullopt : std::optional(done.error())});
    }
    return effects;
}

std::vector<StepEffect> Scenario::set_threshold(const std::string& symbol, core::Bps value) {
    margin::ParameterShock shock;
    shock.kind = margin::ParameterShock::Kind::LiquidationThreshold;
    shock.value = value.value();
    return shock_symbol(symbol, shock);
}

std::vector<StepEffect> Scenario::pause(const std::string& symbol) {
    margin::ParameterShock shock;
    shock.kind = margin::ParameterShock::Kind::Pause;
    return shock_symbol(symbol, shock);
}

void Scenario::pass(std::uint64_t seconds) {
    for (const auto& market : forks_) {
        market->accrue(core::Timestamp(core::checked_sum(market->time().value(), seconds)));
    }
}

StepEffect Scenario::act(std::size_t market, std::size_t row, const std::string& symbol,
                         const margin::Action& action) {
    margin::Market& fork = *forks_.at(market);
    const auto done = fork.apply(row, action);
    if (!done) {
        return refused(fork, symbol, done.error());
    }
    return {.market = fork.name(),
            .symbol = symbol,
            .from = std::nullopt,
            .to = done->amount,
            .refusal = std::nullopt};
}

snapshot::Snapshot Scenario::take() && {
    snapshot::Snapshot out;
    out.wallets = snapshot_.wallets;
    out.chains = snapshot_.chains;
    out.markets = std::move(forks_);
    out.holdings = snapshot_.holdings;
    out.claims = snapshot_.claims;
    out.smart_accounts = snapshot_.smart_accounts;
    out.gaps = snapshot_.gaps;
    return out;
}

}  // namespace margrave::risk
