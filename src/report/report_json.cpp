#include <nlohmann/json.hpp>

#include "core/hex.hpp"
#include "report/exposure_json.hpp"
#include "report/figures.hpp"
#include "report/json_fields.hpp"
#include "report/names.hpp"
#include "report/oracles_part.hpp"
#include "report/report.hpp"

namespace margrave::report {

namespace {

/// A fall as the distance price / today's - 1, which is negative; none is "0", not "-0".
Json distance(const std::optional<core::Wad>& fall) {
    if (!fall || fall->value() == 0) {
        return decimal(fall);
    }
    return "-" + core::format_fixed(fall->value(), kWadDecimals, kWadDecimals);
}

Json chain_json(const snapshot::ChainCut& cut) {
    return {{"chain", cut.chain},
            {"chain_id", cut.chain_id.value()},
            {"block",
             {{"number", std::to_string(cut.number.value())},
              {"hash", core::to_hex(cut.hash)},
              {"timestamp", std::to_string(cut.timestamp.value())}}},
            {"pinned_by_hash", cut.pinned_by_hash},
            {"endpoints_agreeing", cut.endpoints_agreeing},
            {"disagreements", cut.disagreements}};
}

Json leg_json(const Leg& reported) {
    const margin::Leg& leg = reported.leg;
    return {{"asset", leg.asset.to_string()},
            {"symbol", leg.symbol},
            {"decimals", leg.decimals},
            {"side", to_string(leg.side)},
            {"amount_raw", raw(leg.amount)},
            {"oracle_price_raw", leg.price ? raw(leg.price->answer) : Json()},
            {"price_usd", dollars(reported.price_usd)},
            {"price_source", leg.price ? feed_or_null(leg.price->source) : Json()},
            {"price_updated_at", leg.price ? raw(leg.price->updated_at) : Json()},
            {"value_usd", dollars(leg.value)},
            {"value_source", text_or_null(reported.priced_by)}};
}

Json difference_json(const margin::Difference& difference) {
    return {{"what", difference.what}, {"ours", difference.ours}, {"theirs", difference.theirs}};
}

Json liquidation_price_json(const LiquidationPrice& price) {
    const bool is_moved = price.distance.value() != 0;
    return {
        {"asset", price.asset.to_string()},
        {"symbol", price.symbol},
        {"oracle_price_raw", raw(price.answer)},
        {"price_usd", dollars(price.price_usd)},
        {"distance", (is_moved && price.is_fall ? "-" : "") +
                         core::format_fixed(price.distance.value(), kWadDecimals, kWadDecimals)}};
}

Json account_json(const Account& account) {
    const margin::Health& health = account.health;
    const auto& emode = account.emode_category;
    const bool is_unknown = health.status == margin::Status::Unknown;
    return {{"chain", account.market.chain},
            {"chain_id", account.chain_id.value()},
            {"protocol", account.market.protocol},
            {"market", account.market.name},
            {"wallet", account.wallet.to_string()},
            {"emode_category", emode ? Json(std::to_string(*emode)) : Json()},
            {"status", to_string(health.status)},
            {"unknown_because", is_unknown ? Json(health.unknown_because) : Json()},
            {"blocked_by", account.blocked_by},
            {"warnings", account.warnings},
            {"health_factor", decimal(health.health_factor)},
            {"health_factor_raw", raw(health.health_factor)},
            {"collateral_distance", distance(account.collateral_fall)},
            {"quote", account.quote},
            {"collateral_raw", raw(health.collateral)},
            {"debt_raw", raw(health.debt)},
            {"available_borrows_raw", raw(health.available_borrows)},
            {"collateral_usd", dollars(health.collateral_usd)},
            {"debt_usd", dollars(health.debt_usd)},
            {"liquidation_threshold_bps", bps(health.liquidation_threshold)},
            {"max_ltv_bps", bps(health.max_ltv)},
            {"current_ltv_bps", account.current_ltv_bps ? Json(*account.current_ltv_bps) : Json()},
            {"legs", list(account.legs, leg_json)},
            {"liquidation_prices", list(account.liquidation_prices, liquidation_price_json)},
            {"liquidation_factors", liquidation_factors_json(account.outlook)},
            {"outlook", outlook_json(account.outlook)},
            {"verified", account.verified},
            {"differences", list(account.differences, difference_json)}};
}

Json holding_json(const Holding& reported) {
    const snapshot::Holding& holding = reported.holding;
    const auto& price = holding.price;
    const auto source = price ? price->source : snapshot::PriceSource::None;
    return {{"chain", holding.chain},
            {"wallet", holding.wallet.to_string()},
            {"asset", address_or_null(holding.asset)},
            {"symbol", holding.symbol},
            {"decimals", holding.decimals},
            {"amount_raw", raw(holding.amount)},
            {"oracle_price_raw", price ? raw(price->quote.answer) : Json()},
            {"price_usd", dollars(reported.price_usd)},
            {"price_source", to_string(source)},
            {"price_source_name", price ? text_or_null(price->name) : Json()},
            {"price_updated_at", price ? raw(price->quote.updated_at) : Json()},
            {"value_usd", dollars(reported.value)},
            {"counted_in", reported.counted_in ? Json(reported.counted_in->protocol + '/' +
                                                      reported.counted_in->name)
                                               : Json()}};
}

Json net_worth_json(const WalletTotal& total) {
    const auto worth = net_worth(total);
    if (!worth) {
        return {};
    }
    const std::string sign = worth->negative ? "-" : "";
    return sign + core::format_fixed(worth->magnitude.value(), kWadDecimals, kWadDecimals);
}

Json total_json(const WalletTotal& total) {
    return {{"wallet", total.wallet.to_string()},
            {"collateral_and_supply_usd", dollars(total.collateral_and_supply)},
            {"idle_usd", dollars(total.idle)},
            {"debt_usd", dollars(total.debt)},
            {"net_worth_usd", net_worth_json(total)},
            {"assets_complete", total.assets_complete},
            {"debt_complete", total.debt_complete}};
}

}  // namespace

std::string to_json(const Report& report) {
    const Json json{{"schema", "margrave.report/1"},
                    {"at", raw(report.at)},
                    {"chains", list(report.chains, chain_json)},
                    {"accounts", list(report.accounts, account_json)},
                    {"holdings", list(report.holdings, holding_json)},
                    {"totals", list(report.totals, total_json)},
                    {"exposure", exposure_json(report.exposure)},
                    {"portfolio", portfolio_json(report)},
                    {"oracles", list(report.oracles, oracle_chain_json)},
                    {"gaps", list(report.gaps, gap_json)}};
    return printed(json);
}

}  // namespace margrave::report
