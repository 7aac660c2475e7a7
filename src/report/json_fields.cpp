#include "report/json_fields.hpp"

#include "core/errors.hpp"

namespace margrave::report {

Json raw(const core::U256& value) { return core::to_decimal(value); }

Json raw(const std::optional<core::U256>& value) { return value ? raw(*value) : Json(); }

Json raw(const std::optional<core::Wad>& value) { return value ? raw(value->value()) : Json(); }

Json raw(const std::optional<core::Timestamp>& time) {
    return time ? Json(std::to_string(time->value())) : Json();
}

Json dollars(const std::optional<core::Usd>& value) {
    return value ? Json(core::format_fixed(value->value(), kWadDecimals, kWadDecimals)) : Json();
}

Json decimal(const std::optional<core::Wad>& value) {
    return value ? Json(core::format_fixed(value->value(), kWadDecimals, kWadDecimals)) : Json();
}

Json bps(const std::optional<core::Bps>& value) { return value ? Json(value->value()) : Json(); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json address_or_null(const std::optional<core::Address>& address) {
    return address ? Json(address->to_string()) : Json();
}

Json feed_or_null(const core::Address& feed) {
    return feed.is_zero() ? Json() : Json(feed.to_string());
}

Json deficits_json(const std::vector<margin::Deficit>& deficits) {
    Json out = Json::object();
    for (const margin::Deficit& deficit : deficits) {
        const bool is_taken = out.contains(deficit.symbol);
        out[is_taken ? deficit.asset.to_string() : deficit.symbol] = raw(deficit.amount);
    }
    return out;
}

Json gap_json(const snapshot::CoverageGap& gap) {
    return {{"chain", gap.chain},
            {"protocol", text_or_null(gap.protocol)},
            {"market", text_or_null(gap.market)},
            {"wallet", address_or_null(gap.wallet)},
            {"kind", core::to_string(gap.kind)},
            {"detail", gap.detail}};
}

std::string printed(const Json& document) {
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    return document.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n';
}

}  // namespace margrave::report
