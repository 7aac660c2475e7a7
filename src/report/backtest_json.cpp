#include <algorithm>
#include <string>

#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "report/backtest.hpp"
#include "report/json_fields.hpp"

namespace margrave::report {
namespace {

using cascade::BacktestRow;
using cascade::BacktestVerdict;
using cascade::Fall;
using cascade::Match;
using cascade::SeizedValue;
using cascade::Share;
using cascade::Spread;

const char* to_word(BacktestVerdict verdict) {
    switch (verdict) {
        case BacktestVerdict::Green:
            return "green";
        case BacktestVerdict::Red:
            return "red";
        case BacktestVerdict::Nothing:
            break;
    }
    return "nothing";
}

const char* to_word(Match match) {
    switch (match) {
        case Match::Both:
            return "both";
        case Match::Missed:
            return "missed";
        case Match::False:
            break;
    }
    return "false";
}

Json block_json(const snapshot::ChainCut& cut) {
    return {{"number", std::to_string(cut.number.value())},
            {"hash", core::to_hex(cut.hash)},
            {"timestamp", std::to_string(cut.timestamp.value())}};
}

std::string ratio_text(core::Bps limit) { return core::format_fixed(limit.value(), 4, 4); }

Json share_json(const Share& share) {
    return {{"part", share.part}, {"whole", share.whole}, {"ratio", decimal(share.ratio())}};
}

Json signed_json(const std::optional<margin::SignedWad>& value) {
    if (!value) {
        return {};
    }
    return (value->negative ? "-" : "") +
           core::format_fixed(value->magnitude.value(), kWadDecimals, kWadDecimals);
}

Json value_json(const SeizedValue& value) {
    return {{"quote", value.quote},
            {"predicted", decimal(value.predicted)},
            {"actual", decimal(value.actual)},
            {"difference", signed_json(value.difference())},
            {"recall", decimal(value.recall())},
            {"precision", decimal(value.precision())}};
}

Json spread_json(const std::optional<Spread>& spread) {
    if (!spread) {
        return {};
    }
    return {{"median", spread->median}, {"min", spread->min}, {"max", spread->max}};
}

Json fall_json(const std::optional<Fall>& fall) {
    if (!fall) {
        return {};
    }
    return {{"block", std::to_string(fall->first.block.value())},
            {"timestamp", std::to_string(fall->first.time.value())},
            {"liquidations", fall->calls},
            {"seized_value", decimal(fall->value)}};
}

Json row_json(const BacktestRow& row) {
    const bool is_both = row.match() == Match::Both;
    return {{"protocol", row.account.protocol},
            {"market", row.account.market},
            {"wallet", row.account.wallet.to_string()},
            {"match", to_word(row.match())},
            {"reason", text_or_null(row.reason)},
            {"acted", row.has_acted},
            {"quote", text_or_null(row.quote)},
            {"predicted", fall_json(row.predicted)},
            {"actual", fall_json(row.actual)},
            {"lead_blocks", is_both ? Json(row.lead_blocks()) : Json()},
            {"lead_seconds", is_both ? Json(row.lead_s()) : Json()}};
}

}  // namespace

std::string to_json(const BacktestReport& report) {
    const cascade::Backtest& test = report.test;
    Json assumptions = Json::object();
    for (const auto& [name, value] : report.assumptions) {
        assumptions[name] = value;
    }
    const Json document{{"schema", "margrave.backtest/1"},
                        {"chain", report.from.chain},
                        {"chain_id", report.from.chain_id.value()},
                        {"from", block_json(report.from)},
                        {"to", block_json(report.to)},
                        {"verdict", to_word(test.verdict)},
                        {"red_because", test.red_because},
                        {"limits",
                         {{"recall_min", ratio_text(report.limits.recall_min)},
                          {"precision_min", ratio_text(report.limits.precision_min)},
                          {"value_off_max", ratio_text(report.limits.value_off_max)}}},
                        {"watched", report.watched},
                        {"recall", share_json(test.recall)},
                        {"precision", share_json(test.precision)},
                        {"recall_untouched", share_json(test.recall_untouched)},
                        {"precision_untouched", share_json(test.precision_untouched)},
                        {"values", list(test.values, value_json)},
                        {"unvalued", test.unvalued},
                        {"lead_blocks", spread_json(test.lead_blocks)},
                        {"lead_seconds", spread_json(test.lead_s)},
                        {"accounts", list(test.rows, row_json)},
                        {"unnamed_liquidations", report.unnamed},
                        {"prices",
                         {{"every", report.every},
                          {"blocks", report.blocks_read},
                          {"changes", report.price_changes}}},
                        {"assumptions", assumptions},
                        {"notes", report.notes},
                        {"gaps", list(report.gaps, gap_json)}};
    return printed(document);
}

}  // namespace margrave::report
