#include <fmt/format.h>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "report/cascade_parts.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using cascade::LentAsset;
using cascade::LentTotals;

Json totals_json(const std::optional<LentTotals>& totals) {
    if (!totals) {
        return {};
    }
    const auto used = totals->utilisation();
    return {{"supplied_raw", raw(totals->supplied)},
            {"borrowed_raw", raw(totals->borrowed)},
            {"liquid_raw", raw(totals->liquid)},
            {"utilisation", used ? Json(core::format_fixed(used->value(), 18, 18)) : Json()}};
}

Json asset_json(const CascadeReport& report, const LentAsset& one) {
    const margin::MarketName& name = report.begin->markets[one.market]->name();
    return {{"protocol", name.protocol},
            {"market", name.name},
            {"asset", one.asset.to_string()},
            {"symbol", one.symbol},
            {"before", totals_json(one.before)},
            {"after", totals_json(one.after)},
            {"written_off_raw", raw(one.written_off)},
            {"own_before_raw", raw(one.own_before)},
            {"own_raw", raw(one.own)},
            {"own_by_others_raw", raw(one.own_by_others)},
            {"own_withdrawable_raw", raw(one.own_withdrawable)},
            {"own_loss_raw", raw(one.own_loss)}};
}

std::string percent_text(const std::optional<LentTotals>& totals) {
    const auto used = totals ? totals->utilisation() : std::nullopt;
    constexpr unsigned kPercentDecimals = 16;
    return used ? core::format_fixed(used->value(), kPercentDecimals, 2) + " %" : "unknown";
}

}  // namespace

Json lent_json(const CascadeReport& report) {
    return list(report.lent, [&](const LentAsset& one) { return asset_json(report, one); });
}

std::string lent_text(const CascadeReport& report, unsigned columns) {
    Table table({{},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right},
                 {Align::Right}});
    table.add({{"lent"},
               {"used before"},
               {"after"},
               {"free after"},
               {"written off"},
               {"own"},
               {"withdrawable"},
               {"by others"},
               {"own loss"}});
    bool is_empty = true;
    for (const LentAsset& one : report.lent) {
        if (one.before == one.after && one.own == 0 && one.own_by_others == 0) {
            continue;
        }
        is_empty = false;
        const auto amount = [&](const std::optional<core::U256>& value) {
            return value ? amount_text(*value, one.decimals) : "unknown";
        };
        const margin::MarketName& name = report.begin->markets[one.market]->name();
        table.add({{core::printable(one.symbol, 20) + " " + core::printable(name.name, 20)},
                   {percent_text(one.before)},
                   {percent_text(one.after)},
                   {one.after ? amount(one.after->liquid) : "unknown"},
                   {amount(one.written_off)},
                   {amount(one.own)},
                   {amount(one.own_withdrawable)},
                   {amount(one.own_by_others)},
                   {amount(one.own_loss)}});
    }
    return is_empty ? ""
                    : "\nWhat is left to those who lend\n" +
                          table.print({.indent = 2, .columns = columns});
}

}  // namespace margrave::report
