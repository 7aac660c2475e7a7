#include "app/alert_inputs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/u256.hpp"
#include "report/names.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;

/// What nobody prices may be the largest.
bool is_larger(const report::Leg& a, const report::Leg& b) {
    const auto& left = a.leg.value;
    const auto& right = b.leg.value;
    return left && right ? *right < *left : !left && right;
}

AlertInputs inputs_of(const report::Account& account) {
    AlertInputs out{.quote = account.quote, .health = account.health, .legs = account.legs};
    std::stable_sort(out.legs.begin(), out.legs.end(), is_larger);
    out.legs_left_out = out.legs.size() - std::min(out.legs.size(), AlertInputs::kLegsMax);
    out.legs.erase(out.legs.end() - static_cast<std::ptrdiff_t>(out.legs_left_out), out.legs.end());
    return out;
}

Json raw_or_null(const std::optional<core::U256>& value) {
    return value ? Json(core::to_decimal(*value)) : Json(nullptr);
}

/// Of a wad or of dollars.
template <class Number>
Json decimal_or_null(const std::optional<Number>& value) {
    constexpr unsigned kWadDecimals = 18;
    return value ? Json(core::format_fixed(value->value(), kWadDecimals, kWadDecimals))
                 : Json(nullptr);
}

Json to_json(const report::Leg& reported) {
    constexpr std::size_t kSymbolBytesMax = 100;
    const margin::Leg& leg = reported.leg;
    return {{"asset", leg.asset.to_string()},
            {"symbol", core::printable(leg.symbol, kSymbolBytesMax)},
            {"decimals", leg.decimals},
            {"side", report::to_string(leg.side)},
            {"amount_raw", raw_or_null(leg.amount)},
            {"oracle_price_raw", leg.price ? raw_or_null(leg.price->answer) : Json(nullptr)},
            {"price_usd", decimal_or_null(reported.price_usd)},
            {"value_usd", decimal_or_null(leg.value)}};
}

}  // namespace

InputFinder::InputFinder(const report::Report& report, std::string chain)
    : report_(report), chain_(std::move(chain)) {}

std::shared_ptr<const AlertInputs> InputFinder::find(const alert::Subject& subject) {
    if (accounts_.empty()) {
        for (const report::Account& account : report_.accounts) {
            accounts_.emplace(alert::subject_of(chain_, account), &account);
        }
    }
    const auto found = accounts_.find(subject);
    return found == accounts_.end()
               ? nullptr
               : std::make_shared<const AlertInputs>(inputs_of(*found->second));
}

Json to_json(const std::shared_ptr<const AlertInputs>& inputs, std::size_t legs_max) {
    if (!inputs) {
        return nullptr;
    }
    const margin::Health& health = inputs->health;
    const std::size_t shown = std::min(legs_max, inputs->legs.size());
    Json legs = Json::array();
    for (std::size_t i = 0; i < shown; ++i) {
        legs.push_back(to_json(inputs->legs[i]));
    }
    return {{"quote", core::printable(inputs->quote)},
            {"collateral_value_raw", raw_or_null(health.collateral_value)},
            {"debt_value_raw", raw_or_null(health.debt)},
            {"collateral_usd", decimal_or_null(health.collateral_usd)},
            {"debt_usd", decimal_or_null(health.debt_usd)},
            {"health_factor", decimal_or_null(health.health_factor)},
            {"liquidation_threshold_bps", health.liquidation_threshold
                                              ? Json(health.liquidation_threshold->value())
                                              : Json(nullptr)},
            {"legs", std::move(legs)},
            {"legs_left_out", inputs->legs_left_out + inputs->legs.size() - shown}};
}

}  // namespace margrave::app
