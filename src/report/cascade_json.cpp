#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/fixed_point.hpp"
#include "report/cascade_parts.hpp"
#include "report/names.hpp"

namespace margrave::report {
namespace {

using cascade::Call;
using cascade::Outcome;
using cascade::PriceChange;
using cascade::Round;
using cascade::Sale;
using core::U256;

/// Six digits, rounded down.
Json ratio_json(const std::optional<double>& value) {
    constexpr double kMillion = 1e6;
    return value ? Json(fmt::format("{:.6f}", std::floor(*value * kMillion) / kMillion)) : Json();
}

Json sale_json(const Sale& sale) {
    return {{"asset", sale.asset.to_string()},
            {"into", sale.into.to_string()},
            {"amount_raw", raw(sale.amount)},
            {"received_raw", raw(sale.received)},
            {"unsold_raw", raw(sale.unsold)},
            {"pools", list(sale.pools, [](const auto& pool) { return Json(pool.to_string()); })},
            {"reason", text_or_null(sale.refusal)}};
}

/// By symbol; where markets answer differently for one symbol, the first.
Json prices_json(const std::vector<PriceChange>& changes) {
    Json out = Json::object();
    std::map<std::string, std::size_t> market_of;
    for (const PriceChange& change : changes) {
        const auto [slot, is_new] = market_of.emplace(change.symbol, change.market);
        if (is_new || slot->second == change.market) {
            out[change.symbol] = raw(change.answer);
        }
    }
    return out;
}

Json price_list(const cascade::State& state, const std::vector<PriceChange>& changes) {
    return list(changes, [&](const PriceChange& change) -> Json {
        const auto& name = state.markets[change.market]->name();
        return {{"protocol", name.protocol},
                {"market", name.name},
                {"asset", change.asset.to_string()},
                {"symbol", change.symbol},
                {"answer_raw", raw(change.answer)}};
    });
}

Json call_json(const cascade::State& state, const Call& call) {
    const margin::Market& market = *state.markets[call.place.market];
    return {{"protocol", market.name().protocol},
            {"market", market.name().name},
            {"wallet", market.wallet(call.place.row).to_string()},
            {"collateral", call.pair.collateral_symbol},
            {"debt", call.pair.debt_symbol},
            {"collateral_asset", call.pair.collateral.to_string()},
            {"debt_asset", call.pair.debt.to_string()},
            {"ok", call.ok},
            {"reason", text_or_null(call.reason)},
            {"repaid_raw", raw(call.outcome.repaid)},
            {"seized_raw", raw(call.outcome.seized)},
            {"fee_raw", raw(call.outcome.fee)},
            {"deficits_raw", deficits_json(call.outcome.deficits)},
            {"sale", call.sale ? sale_json(*call.sale) : Json()}};
}

/// Of a whole first token in whole ones of the other, rounded down to 18 digits.
Json pool_price_json(const std::optional<cascade::PoolPrice>& price) {
    const auto wad =
        price ? cascade::to_answer(price->whole * cascade::fraction(core::wad())) : std::nullopt;
    return wad ? Json(core::format_fixed(*wad, kWadDecimals, kWadDecimals)) : Json();
}

Json pools_json(const std::vector<cascade::PoolState>& pools) {
    Json out = Json::object();
    for (const cascade::PoolState& pool : pools) {
        Json one{{"price", pool_price_json(pool.price)}};
        if (pool.concentrated) {
            one["sqrt_price_x96"] = raw(pool.concentrated->sqrt_price_x96);
            one["tick"] = pool.concentrated->tick;
            one["liquidity"] = raw(pool.concentrated->liquidity);
        }
        out[pool.pool.to_string()] = one;
    }
    return out;
}

Json round_json(const cascade::State& state, const Round& round) {
    return {{"round", round.number},
            {"block", round.block},
            {"outside", list(round.outside, sale_json)},
            {"liquidations",
             list(round.calls, [&](const Call& call) { return call_json(state, call); })},
            {"sold", list(round.all_sales(), sale_json)},
            {"prices_raw", prices_json(round.prices)},
            {"prices", price_list(state, round.prices)},
            {"pools", pools_json(round.pools)}};
}

/// Debt beyond collateral, not written off yet; nullopt where an account is unknown.
std::optional<U256> shortfall_of(const margin::Market& market) {
    U256 sum = 0;
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        const margin::Health health = market.health(row);
        if (health.status == margin::Status::Unknown) {
            return std::nullopt;
        }
        const auto& collateral =
            health.collateral_value ? health.collateral_value : health.collateral;
        if (!health.debt || !collateral) {
            continue;
        }
        sum += *health.debt > *collateral ? U256(*health.debt - *collateral) : U256(0);
    }
    return sum;
}

Json market_json(const CascadeReport& report, std::size_t i) {
    const margin::Market& end = *report.outcome.end.markets[i];
    Json prices = Json::object();
    for (const margin::OracleAnswer& answer : end.answers()) {
        if (answer.quote) {
            prices[prices.contains(answer.symbol) ? answer.asset.to_string() : answer.symbol] =
                raw(answer.quote->answer);
        }
    }
    return {{"protocol", end.name().protocol},
            {"market", end.name().name},
            {"quote", end.quote()},
            {"prices_raw", prices},
            {"deficits_raw", deficits_json(report.outcome.deficits(i))},
            {"shortfall_raw", raw(shortfall_of(end))}};
}

Json accounts_json(const cascade::State& end) {
    Json out = Json::array();
    for (const auto& market : end.markets) {
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            if (!market->is_active(row)) {
                continue;
            }
            const margin::Health health = market->health(row);
            out.push_back({{"protocol", market->name().protocol},
                           {"market", market->name().name},
                           {"wallet", market->wallet(row).to_string()},
                           {"status", to_string(health.status)},
                           {"collateral_raw", raw(health.collateral)},
                           {"debt_raw", raw(health.debt)},
                           {"health_factor_raw", raw(health.health_factor)}});
        }
    }
    return out;
}

/// today * (1 + move), rounded down; nullopt without either.
Json moved_price(const OwnPrice& own, const std::optional<std::uint32_t>& bps) {
    if (!own.factor_price || !bps) {
        return {};
    }
    constexpr std::uint32_t kWhole = 10'000;
    const bool is_fall = own.headline.direction == cascade::Direction::Down;
    const U256 parts = is_fall ? U256(kWhole - *bps) : U256(kWhole + *bps);
    return core::format_fixed(
        core::mul_div_wide<core::Rounding::Down>(own.factor_price->value(), parts, U256(kWhole)),
        kWadDecimals, kWadDecimals);
}

/// The rounds before the account's own fall, and that one.
Json path_json(const CascadeReport& report, const cascade::Headline& headline) {
    Json out = Json::array();
    if (!headline.at_fall) {
        return out;
    }
    const auto fell = headline.at_fall->round_of(headline.place);
    for (const Round& round : headline.at_fall->rounds) {
        if (!fell || round.number > *fell) {
            break;
        }
        Json wallets = Json::array();
        for (const Call& call : round.calls) {
            if (call.ok) {
                wallets.push_back(
                    report.begin->markets[call.place.market]->wallet(call.place.row).to_string());
            }
        }
        out.push_back({{"round", round.number},
                       {"liquidations", round.successes()},
                       {"wallets", wallets},
                       {"sold", list(round.all_sales(), sale_json)},
                       {"prices_raw", prices_json(round.prices)}});
    }
    return out;
}

Json own_json(const CascadeReport& report, const OwnPrice& own) {
    const cascade::Headline& headline = own.headline;
    const margin::Market& market = *report.begin->markets[headline.place.market];
    const auto worst = cascade::worst_of(own.by_policy);
    return {
        {"protocol", market.name().protocol},
        {"market", market.name().name},
        {"wallet", market.wallet(headline.place.row).to_string()},
        {"factor", headline.factor.empty() ? Json() : Json(headline.factor)},
        {"naive_price", moved_price(own, headline.naive_bps)},
        {"cascade_price", moved_price(own, headline.cascade_bps)},
        {"naive_move", move_json(headline.direction, headline.naive_bps)},
        {"cascade_move", move_json(headline.direction, headline.cascade_bps)},
        {"half_depth_price", moved_price(own, own.half_depth.cascade_bps)},
        {"half_depth_move", move_json(headline.direction, own.half_depth.cascade_bps)},
        {"worst_price", moved_price(own, worst)},
        {"worst_move", move_json(headline.direction, worst)},
        {"by_policy", policy_prices_json(own)},
        {"amplification", ratio_json(headline.amplification)},
        {"non_monotone", headline.non_monotone},
        {"unknown_from_bps", headline.unknown_from_bps ? Json(*headline.unknown_from_bps) : Json()},
        {"unknown_because",
         headline.unknown_because.empty() ? Json() : Json(headline.unknown_because)},
        {"path", path_json(report, headline)}};
}

Json rung_json(const cascade::Rung& rung) {
    return {{"move_bps", rung.move_bps},
            {"accounts", rung.accounts},
            {"collateral_usd", dollars(rung.collateral)},
            {"debt_usd", dollars(rung.debt)},
            {"seized_raw", raw(rung.seized)},
            {"depth_raw", raw(rung.depth)},
            {"gain", ratio_json(rung.gain)}};
}

Json ladder_json(const std::optional<cascade::Ladder>& ladder) {
    if (!ladder) {
        return {};
    }
    const cascade::Rung* cliff = ladder->next_cliff();
    return {{"factor", ladder->factor},
            {"asset", ladder->asset.to_string()},
            {"rungs", list(ladder->rungs, rung_json)},
            {"next_cliff", cliff == nullptr ? Json() : rung_json(*cliff)}};
}

Json losses_json(const std::optional<cascade::Losses>& losses) {
    if (!losses) {
        return {};
    }
    return {{"owners_usd", signed_dollars(losses->owners)},
            {"own_usd", signed_dollars(losses->own)},
            {"liquidators_usd", signed_dollars(losses->liquidators)},
            {"lenders_usd", signed_dollars(losses->lenders)},
            {"treasuries_usd", signed_dollars(losses->treasuries)},
            {"pools_usd", signed_dollars(losses->pools)},
            {"oracle_gap_usd", signed_dollars(losses->oracle_gap)},
            {"repaid_usd", signed_dollars(losses->repaid)}};
}

/// The round in which an account fell; null where it did not.
Json round_or_null(const std::map<cascade::Place, std::size_t>& rounds,
                   const cascade::Place& place) {
    const auto found = rounds.find(place);
    return found == rounds.end() ? Json() : Json(found->second);
}

/// Where doubles decide, and the accounts that fall otherwise in the two branches; null of the
/// exact engine.
Json near_json(const CascadeReport& report) {
    if (!report.near) {
        return {};
    }
    const cascade::NearCalls& near = *report.near;
    const auto named = [&](const cascade::Place& place) -> Json {
        const margin::Market& market = *report.begin->markets[place.market];
        return {{"protocol", market.name().protocol},
                {"market", market.name().name},
                {"wallet", market.wallet(place.row).to_string()}};
    };
    Json accounts = Json::array();
    for (const auto& [place, what] : near.accounts) {
        accounts.push_back(named(place));
        accounts.back()["what"] = what;
    }
    std::set<cascade::Place> either;
    for (const auto* branch : {&near.most, &near.least}) {
        for (const auto& [place, round] : *branch) {
            either.insert(place);
        }
    }
    Json differ = Json::array();
    for (const cascade::Place& place : either) {
        const Json most = round_or_null(near.most, place);
        const Json least = round_or_null(near.least, place);
        if (most != least) {
            differ.push_back(named(place));
            differ.back()["round_most"] = most;
            differ.back()["round_least"] = least;
        }
    }
    const bool has_branches = !near.accounts.empty();
    return {{"epsilon", fmt::format("{:g}", near.epsilon)},
            {"accounts", accounts},
            {"fallen_most", has_branches ? Json(near.most.size()) : Json()},
            {"fallen_least", has_branches ? Json(near.least.size()) : Json()},
            {"differ", differ}};
}

/// Doubles, with as many digits as they mean.
std::string estimate(double value) { return fmt::format("{:.9g}", value); }

Json static_json(const std::optional<cascade::StaticEnds>& ends) {
    if (!ends) {
        return {};
    }
    const auto end_json = [&](const cascade::FixedPoint& end) -> Json {
        Json prices = Json::array();
        for (std::size_t i = 0; i < ends->assets.size(); ++i) {
            const cascade::StaticEnds::Asset& asset = ends->assets[i];
            if (asset.impact != 0) {
                prices.push_back({{"asset", asset.asset.to_string()},
                                  {"symbol", asset.symbol},
                                  {"outside_usd", estimate(asset.outside * asset.unit)},
                                  {"price_usd", estimate(end.prices[i] * asset.unit)},
                                  {"sold", estimate(end.sold[i] / asset.unit)}});
            }
        }
        return {{"accounts", end.fallen},
                {"bad_debt_usd", estimate(end.bad_debt)},
                {"settled", end.is_settled},
                {"prices", prices}};
    };
    return {{"greatest", end_json(ends->greatest)},
            {"least", end_json(ends->least)},
            {"notes", ends->notes}};
}

}  // namespace

std::string signed_dollars(const cascade::SignedUsd& value) {
    const bool is_negative = value < 0;
    const U256 magnitude(is_negative ? cascade::SignedUsd(-value) : value);
    return (is_negative ? "-" : "") + core::format_fixed(magnitude, kWadDecimals, kWadDecimals);
}

Json move_json(cascade::Direction direction, const std::optional<std::uint32_t>& bps) {
    if (!bps) {
        return {};
    }
    const bool is_fall = direction == cascade::Direction::Down && *bps != 0;
    return (is_fall ? "-" : "") + core::format_fixed(U256(*bps), 4, 4);
}

std::string cascade_symbol(const cascade::State& state, const core::Address& asset) {
    for (const auto& market : state.markets) {
        for (const margin::OracleAnswer& answer : market->answers()) {
            if (answer.asset == asset) {
                return answer.symbol;
            }
        }
    }
    for (const auto& venue : state.venues) {
        if (const margin::VenueToken* token = venue->find_token(asset)) {
            return token->symbol;
        }
    }
    return asset.to_string();
}

std::string to_json(const CascadeReport& report) {
    Json assumptions = Json::object();
    for (const auto& [name, value] : report.assumptions) {
        assumptions[name] = value;
    }
    Json markets = Json::array();
    for (std::size_t i = 0; i < report.outcome.end.markets.size(); ++i) {
        markets.push_back(market_json(report, i));
    }
    const cascade::State& begin = *report.begin;
    const Json json{
        {"schema", "margrave.cascade/1"},
        {"engine", report.near ? "fast" : "exact"},
        {"near", near_json(report)},
        {"static", static_json(report.static_ends)},
        {"chain", report.chain},
        {"shock",
         {{"sold", list(report.outcome.shock_sales, sale_json)},
          {"prices_raw", prices_json(report.outcome.shock_prices)},
          {"prices", price_list(begin, report.outcome.shock_prices)}}},
        {"rounds",
         list(report.outcome.rounds, [&](const Round& round) { return round_json(begin, round); })},
        {"settled", report.outcome.is_settled},
        {"final",
         {{"liquidations", report.outcome.liquidations()},
          {"markets", markets},
          {"accounts", accounts_json(report.outcome.end)}}},
        {"own", list(report.own, [&](const OwnPrice& own) { return own_json(report, own); })},
        {"sweep", list(report.sweep,
                       [](const cascade::SweepPoint& point) -> Json {
                           return {{"move_bps", point.move_bps},
                                   {"liquidations", point.liquidations},
                                   {"accounts", point.fallen.size()},
                                   {"rounds", point.rounds},
                                   {"known", point.unknown_because.empty()}};
                       })},
        {"ladder", ladder_json(report.ladder)},
        {"losses", losses_json(report.losses)},
        {"range", range_json(report)},
        {"lent", lent_json(report)},
        {"assumptions", assumptions},
        {"notes", report.outcome.notes},
        {"gaps", list(report.gaps, gap_json)}};
    return printed(json);
}

}  // namespace margrave::report
