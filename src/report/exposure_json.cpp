#include "report/exposure_json.hpp"

#include <cmath>

#include "report/names.hpp"

namespace margrave::report {
namespace {

std::string magnitude(const core::U256& value) {
    return core::format_fixed(value, kWadDecimals, kWadDecimals);
}

/// Six digits, rounded towards zero: a figure of statistics.
Json statistic(double value) {
    constexpr unsigned kDigits = 6;
    constexpr double kScale = 1e6;
    const auto scaled = core::U256(std::floor(std::abs(value) * kScale));
    return (value < 0 && scaled != 0 ? "-" : "") + core::format_fixed(scaled, kDigits, kDigits);
}

Json joint_json(const std::optional<exposure::JointMove>& joint) {
    if (!joint) {
        return {};
    }
    return {{"daily_sigmas", statistic(joint->sigmas)},
            {"moves", list(joint->parts, [](const exposure::JointMove::Part& part) -> Json {
                 return {{"factor", part.factor}, {"move", statistic(part.move)}};
             })}};
}

/// chain, protocol, market, wallet; both nulls for a balance outside.
Json place_json(const std::optional<margin::MarketName>& market, const std::string& chain,
                const core::Address& wallet) {
    return {{"chain", chain},
            {"protocol", market ? Json(market->protocol) : Json()},
            {"market", market ? Json(market->name) : Json()},
            {"wallet", wallet.to_string()}};
}

Json contribution_json(const exposure::Contribution& part) {
    Json out = place_json(part.market, part.chain, part.wallet);
    out["long_usd"] = magnitude(part.long_usd.value());
    out["short_usd"] = magnitude(part.short_usd.value());
    return out;
}

Json unpriced_json(const exposure::Unpriced& unpriced) {
    Json out = place_json(unpriced.market, unpriced.chain, unpriced.wallet);
    out["asset"] = address_or_null(unpriced.token.address);
    out["symbol"] = unpriced.token.symbol;
    out["side"] = to_string(unpriced.side);
    out["amount_raw"] = raw(unpriced.amount);
    return out;
}

Json share_json(const core::U256& ours, const core::U256& all) {
    if (all == 0) {
        return {};
    }
    const auto share = margin::value_or_nothing([&] {
        return core::Wad(core::mul_div_wide<core::Rounding::Down>(ours, core::wad(), all));
    });
    return decimal(share);
}

Json pool_json(const exposure::PoolShare& pool) {
    const margin::AssetCapacity& capacity = pool.capacity;
    return {{"chain", pool.market.chain},
            {"protocol", pool.market.protocol},
            {"market", pool.market.name},
            {"asset", capacity.asset.to_string()},
            {"symbol", capacity.symbol},
            {"decimals", capacity.decimals},
            {"supplied_raw", raw(pool.supplied)},
            {"supply_share", share_json(pool.supplied, capacity.supplied)},
            {"borrowed_raw", raw(pool.borrowed)},
            {"borrow_share", share_json(pool.borrowed, capacity.borrowed)},
            {"pool_supplied_raw", raw(capacity.supplied)},
            {"pool_borrowed_raw", raw(capacity.borrowed)},
            {"pool_liquid_raw", raw(capacity.liquid)},
            {"supply_cap_raw", raw(capacity.supply_cap)},
            {"borrow_cap_raw", raw(capacity.borrow_cap)}};
}

Json trigger_json(const exposure::OwnTrigger& trigger) {
    Json out = place_json(trigger.market, trigger.market.chain, trigger.wallet);
    out["factor"] = trigger.factor;
    out["distance"] = distance_of(trigger.multiplier);
    out["netted_usd"] = signed_dollars(trigger.netted);
    out["collateral"] = trigger.pair ? Json(trigger.pair->collateral.to_string()) : Json();
    out["debt"] = trigger.pair ? Json(trigger.pair->debt.to_string()) : Json();
    out["seized_usd"] = trigger.pair ? Json(magnitude(trigger.seized.value())) : Json();
    out["repaid_usd"] = trigger.pair ? Json(magnitude(trigger.repaid.value())) : Json();
    out["loss_usd"] = trigger.pair ? Json(magnitude(trigger.loss.value())) : Json();
    out["reason"] = text_or_null(trigger.reason);
    return out;
}

Json concentration_json(const exposure::Exposure& exposure) {
    const auto stands = exposure::concentration(exposure);
    if (!stands) {
        return {};
    }
    return {{"largest_factor", stands->largest},
            {"largest_share", decimal(stands->largest_share)},
            {"herfindahl", decimal(stands->herfindahl)}};
}

Json token_json(const exposure::Token& token) {
    return {{"chain", token.chain},
            {"asset", address_or_null(token.address)},
            {"symbol", token.symbol}};
}

Json risk_json(const exposure::RiskFactor& risk) {
    return {{"factor", risk.name},
            {"volatility", decimal(risk.volatility)},
            {"common", decimal(risk.common)},
            {"yearly_growth", decimal(risk.yearly_growth)}};
}

Json fragmented_loss(const std::vector<exposure::OwnTrigger>& triggers) {
    core::Usd sum;
    for (const exposure::OwnTrigger& trigger : triggers) {
        sum = sum + trigger.loss;
    }
    return magnitude(sum.value());
}

}  // namespace

Json signed_dollars(const exposure::SignedUsd& value) {
    return (value.negative ? "-" : "") + magnitude(value.magnitude.value());
}

Json distance_of(const core::U256& multiplier) {
    const exposure::SignedUsd change =
        exposure::difference(core::Usd(multiplier), core::Usd(core::wad()));
    return signed_dollars(change);
}

Json liquidation_factors_json(const exposure::Outlook& outlook) {
    return list(outlook.factors, [](const exposure::FactorLimit& limit) -> Json {
        return {{"factor", limit.factor},
                {"distance", distance_of(limit.multiplier)},
                {"price_usd", dollars(limit.price)}};
    });
}

Json outlook_json(const exposure::Outlook& outlook) {
    return {{"ignored_factors", outlook.ignored},
            {"unreachable_by_price", outlook.unreachable_by_price},
            {"joint_move", joint_json(outlook.joint)},
            {"liquidation_time", raw(outlook.falls_at)},
            {"liquidation_time_less_yield", raw(outlook.falls_at_less_yield)}};
}

Json exposure_json(const exposure::Exposure& exposure) {
    return list(exposure.factors, [](const exposure::FactorExposure& factor) -> Json {
        return {{"factor", factor.factor},
                {"is_root", factor.is_root},
                {"long_usd", magnitude(factor.long_usd.value())},
                {"short_usd", magnitude(factor.short_usd.value())},
                {"net_usd", signed_dollars(factor.net())},
                {"contributions", list(factor.contributions, contribution_json)}};
    });
}

Json portfolio_json(const Report& report) {
    const exposure::Exposure& exposure = report.exposure;
    return {{"assets_usd", magnitude(exposure.assets.value())},
            {"debt_usd", magnitude(exposure.debt.value())},
            {"gross_usd", magnitude((exposure.assets + exposure.debt).value())},
            {"net_usd", signed_dollars(exposure.net())},
            {"leverage", decimal(exposure::leverage(exposure))},
            {"concentration", concentration_json(exposure)},
            {"fragmented_loss_usd", fragmented_loss(report.own_triggers)},
            {"own_triggers", list(report.own_triggers, trigger_json)},
            {"pools", list(exposure.pools, pool_json)},
            {"unpriced", list(exposure.unpriced, unpriced_json)},
            {"assumed_symbols", list(exposure.assumed, token_json)},
            {"assumed_risks", list(report.assumed_risks, risk_json)}};
}

}  // namespace margrave::report
