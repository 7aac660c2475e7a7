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

/// A year, 27 decimals.
Json rate_json(const std::optional<core::Ray>& rate) {
    constexpr unsigned kRayDecimals = 27;
    return rate ? Json(core::format_fixed(rate->value(), kRayDecimals, kWadDecimals)) : Json();
}

Json basis_json(const exposure::MarketBasis& basis) {
    const auto zero = basis.equity_zero_at;
    return {{"factor", basis.factor},
            {"assets_usd", magnitude(basis.assets.value())},
            {"debt_usd", magnitude(basis.debt.value())},
            {"equity_usd", signed_dollars(basis.equity)},
            {"equity_zero_distance", zero ? distance_of(zero->value()) : Json()},
            {"equity_after_usd", signed_dollars(basis.equity_after)},
            {"exit_cost_usd", magnitude(basis.exit_cost.value())}};
}

Json rates_json(const std::optional<exposure::RateOutlook>& rates) {
    if (!rates) {
        return {};
    }
    return {{"limits", list(rates->limits,
                            [](const exposure::RateLimit& limit) -> Json {
                                return {
                                    {"asset", limit.asset.to_string()},
                                    {"symbol", limit.symbol},
                                    {"rate", rate_json(limit.today)},
                                    {"falls_at", rate_json(limit.falls_at)},
                                    {"falls_at_less_yield", rate_json(limit.falls_at_less_yield)}};
                            })},
            {"shocks", list(rates->shocks, [](const exposure::RateShockTime& shock) -> Json {
                 return {{"added", rate_json(shock.added)},
                         {"liquidation_time", raw(shock.falls_at)},
                         {"liquidation_time_less_yield", raw(shock.falls_at_less_yield)}};
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
    out["net_usd"] = signed_dollars(exposure::difference(part.long_usd, part.short_usd));
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

/// The part of the pool's cap or free liquidity that is ours; null without one.
Json share_json(const core::U256& ours, const std::optional<core::U256>& all) {
    return all ? share_json(ours, *all) : Json();
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
            {"borrow_cap_raw", raw(capacity.borrow_cap)},
            {"supply_cap_share", share_json(pool.supplied, capacity.supply_cap)},
            {"borrow_cap_share", share_json(pool.borrowed, capacity.borrow_cap)},
            {"liquid_share", share_json(pool.supplied, capacity.liquid)}};
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

Json place_total_json(const exposure::PlaceTotal& place) {
    Json out = place_json(place.market, place.chain, place.wallet);
    out["assets_usd"] = magnitude(place.assets.value());
    out["debt_usd"] = magnitude(place.debt.value());
    out["gross_usd"] = magnitude((place.assets + place.debt).value());
    out["net_usd"] = signed_dollars(place.net());
    return out;
}

Json claim_json(const exposure::LookStep& step) {
    const snapshot::TokenClaim& claim = step.claim;
    return {{"kind", snapshot::to_string(claim.kind)},
            {"asset", claim.token.to_string()},
            {"symbol", claim.symbol},
            {"underlying", address_or_null(claim.underlying)},
            {"underlying_symbol", claim.underlying_symbol},
            {"underlying_decimals", claim.underlying_decimals},
            {"keeper", claim.keeper.to_string()},
            {"rate_raw", raw(claim.rate)}};
}

Json looked_through_json(const exposure::LookedThrough& token) {
    Json out{{"chain", token.token.chain},
             {"asset", address_or_null(token.token.address)},
             {"symbol", token.token.symbol},
             {"factors", token.found.factors},
             {"factors_from", exposure::to_string(token.found.source)},
             {"amount_raw", raw(token.held)},
             {"claims", list(token.steps, claim_json)}};
    out["worth_raw"] = token.steps.empty() ? Json() : raw(token.worth);
    out["worth_is_answered"] = token.steps.empty() ? Json() : Json(token.is_answered);
    out["warning"] = text_or_null(token.warning);
    return out;
}

Json lent_json(const exposure::LentByVault& lent) {
    const margin::Allocation& allocation = lent.part.allocation;
    return {{"chain", lent.vault.chain},
            {"held_asset", address_or_null(lent.held.address)},
            {"vault", address_or_null(lent.vault.address)},
            {"vault_symbol", lent.vault.symbol},
            {"protocol", allocation.protocol},
            {"market", allocation.market},
            {"collateral_symbol", allocation.collateral_symbol},
            {"underlying_symbol", lent.underlying_symbol},
            {"underlying_decimals", lent.underlying_decimals},
            {"ours_raw", raw(lent.part.ours)},
            {"vault_lent_raw", raw(allocation.lent)},
            {"market_supplied_raw", raw(allocation.supplied)},
            {"market_borrowed_raw", raw(allocation.borrowed)},
            {"supply_share", share_json(lent.part.ours, allocation.supplied)}};
}

Json loss_point_json(const exposure::LossPoint& point) {
    return {{"distance", distance_of(point.multiplier)},
            {"netted_usd", signed_dollars(point.netted)},
            {"with_liquidations_usd", signed_dollars(point.with_liquidations)},
            {"liquidation_loss_usd", magnitude(point.liquidation_loss.value())},
            {"calls", point.calls}};
}

Json triggered_json(const exposure::TriggeredAccount& account) {
    Json out = place_json(account.market, account.market.chain, account.wallet);
    out["distance"] = distance_of(account.multiplier);
    out["calls"] = account.calls;
    out["seized_usd"] = magnitude(account.seized.value());
    out["repaid_usd"] = magnitude(account.repaid.value());
    out["written_off_usd"] = magnitude(account.written_off.value());
    out["reason"] = text_or_null(account.reason);
    return out;
}

Json loss_profile_json(const exposure::LossProfile& profile) {
    return {{"factor", profile.factor},
            {"moves_with", profile.moves_with},
            {"worst", profile.worst ? loss_point_json(profile.points.at(*profile.worst)) : Json()},
            {"points", list(profile.points, loss_point_json)},
            {"accounts", list(profile.accounts, triggered_json)}};
}

Json suppositions_json(const exposure::Suppositions& suppositions) {
    return {{"rate_horizon_s", std::to_string(suppositions.rate_horizon_s)},
            {"rate_shocks", list(suppositions.rate_shocks,
                                 [](const core::Ray& shock) -> Json { return rate_json(shock); })},
            {"basis_fall", decimal(suppositions.basis_fall)}};
}

Json smart_account_json(const snapshot::SmartAccount& account) {
    return {{"chain", account.chain},
            {"wallet", account.address.to_string()},
            {"kind", snapshot::to_string(account.kind)},
            {"owners", list(account.owners,
                            [](const core::Address& owner) -> Json { return owner.to_string(); })},
            {"threshold", account.threshold}};
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
            {"market_bases", list(outlook.bases, basis_json)},
            {"borrow_rates", rates_json(outlook.rates)},
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
                {"gross_usd", magnitude((factor.long_usd + factor.short_usd).value())},
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
            {"loss_profiles",
             report.loss_profiles ? list(*report.loss_profiles, loss_profile_json) : Json()},
            {"accounts", list(exposure.places, place_total_json)},
            {"pools", list(exposure.pools, pool_json)},
            {"lent_by_vaults", list(exposure.lent_by_vaults, lent_json)},
            {"look_through", list(exposure.tokens, looked_through_json)},
            {"smart_accounts", list(report.smart_accounts, smart_account_json)},
            {"unpriced", list(exposure.unpriced, unpriced_json)},
            {"assumed_symbols", list(exposure.assumed, token_json)},
            {"assumed_risks", list(report.assumed_risks, risk_json)},
            {"suppositions", suppositions_json(report.suppositions)}};
}

}  // namespace margrave::report
