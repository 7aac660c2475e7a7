#include <fmt/format.h>

#include <algorithm>

#include "core/fixed_point.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/backtest.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using cascade::BacktestRow;
using cascade::BacktestVerdict;
using cascade::Match;
using cascade::SeizedValue;
using cascade::Share;

/// Of a wad, "93.33 %", rounded down.
std::string percent(const core::Wad& ratio) {
    constexpr unsigned kPercentDecimals = 16;
    return core::format_fixed(ratio.value(), kPercentDecimals, 2) + " %";
}

std::string share_text(const Share& share) {
    const auto ratio = share.ratio();
    return ratio ? fmt::format("{} ({} of {})", percent(*ratio), share.part, share.whole)
                 : std::string("none: there is nobody to count");
}

std::string value_text(const core::Wad& value, const std::string& quote) {
    return grouped(value.value(), 18, 2) + " " + core::printable(quote, 42);
}

std::string off_text(const SeizedValue& value) {
    const auto off = value.difference();
    return off ? (off->negative ? "-" : "+") + percent(off->magnitude)
               : std::string("nothing was seized");
}

std::string lead_text(const cascade::Backtest& test) {
    if (!test.lead_blocks || !test.lead_s) {
        return "none: no account is both predicted and liquidated";
    }
    return fmt::format("median {} blocks ({} s), from {} to {} blocks ({} to {} s)",
                       test.lead_blocks->median, test.lead_s->median, test.lead_blocks->min,
                       test.lead_blocks->max, test.lead_s->min, test.lead_s->max);
}

std::string verdict_text(const cascade::Backtest& test) {
    switch (test.verdict) {
        case BacktestVerdict::Nothing:
            return "nothing to judge: nobody was liquidated, and nobody was predicted to be\n";
        case BacktestVerdict::Green:
            return "green\n";
        case BacktestVerdict::Red:
            break;
    }
    std::string out = "red";
    for (const std::string& why : test.red_because) {
        out += (out == "red" ? ": " : "; ") + core::printable(why, 200);
    }
    return out + "\n";
}

std::string why_text(const std::string& reason) {
    if (reason == "unread") {
        return "could not be read before";
    }
    if (reason == "opened_after") {
        return "no debt of it was found before";
    }
    if (reason == "unknown_health") {
        return "its health was not known";
    }
    if (reason == "acted") {
        return "it acted, or others for it";
    }
    if (reason == "healthy") {
        return "stayed healthy in the prediction";
    }
    if (reason == "below_before") {
        return "below 1 already, and nobody called";
    }
    if (reason == "not_called") {
        return "nobody called";
    }
    return "not taken in the prediction: " + core::printable(reason, 60);
}

std::string rows_text(const cascade::Backtest& test, Match match, const char* title,
                      unsigned columns) {
    Table table({{}, {}, {Align::Right}, {Align::Right}, {}});
    table.add({{"account"}, {"market"}, {"block"}, {"value"}, {"why"}});
    bool is_empty = true;
    for (const BacktestRow& row : test.rows) {
        if (row.match() != match) {
            continue;
        }
        is_empty = false;
        const cascade::Fall& fall = row.actual ? *row.actual : *row.predicted;
        table.add({{row.account.wallet.to_string()},
                   {core::printable(row.account.protocol + "/" + row.account.market, 24)},
                   {std::to_string(fall.first.block.value())},
                   {fall.value ? value_text(*fall.value, row.quote) : std::string("unknown")},
                   {why_text(row.reason)}});
    }
    return is_empty ? ""
                    : fmt::format("\n{}\n", title) + table.print({.indent = 2, .columns = columns});
}

}  // namespace

std::string to_text(const BacktestReport& report, unsigned columns) {
    const cascade::Backtest& test = report.test;
    const auto limit = [](core::Bps bps) { return bps_text(bps.value()); };
    std::string out = fmt::format("Backtest on {}, from block {} ({}) to {} ({}): {}\n",
                                  core::printable(report.from.chain), report.from.number.value(),
                                  core::format_utc(report.from.timestamp), report.to.number.value(),
                                  core::format_utc(report.to.timestamp), verdict_text(test));
    Table table({{}, {}, {}});
    table.add({{"accounts with debt before"}, {std::to_string(report.watched)}, {""}});
    table.add(
        {{"recall"}, {share_text(test.recall)}, {"at least " + limit(report.limits.recall_min)}});
    table.add({{"precision"},
               {share_text(test.precision)},
               {"at least " + limit(report.limits.precision_min)}});
    table.add({{"recall, of those who did not act"}, {share_text(test.recall_untouched)}, {""}});
    table.add(
        {{"precision, of those who did not act"}, {share_text(test.precision_untouched)}, {""}});
    for (const SeizedValue& value : test.values) {
        table.add({{"seized, predicted"}, {value_text(value.predicted, value.quote)}, {""}});
        table.add({{"seized, really"}, {value_text(value.actual, value.quote)}, {""}});
        table.add(
            {{"difference"}, {off_text(value)}, {"within " + limit(report.limits.value_off_max)}});
    }
    if (test.unvalued > 0) {
        table.add({{"accounts without a known value"}, {std::to_string(test.unvalued)}, {""}});
    }
    table.add({{"lead"}, {lead_text(test)}, {""}});
    out += table.print({.indent = 2, .columns = columns});
    out += rows_text(test, Match::Missed, "Liquidated, and not predicted", columns);
    out += rows_text(test, Match::False, "Predicted, and not liquidated", columns);
    out += fmt::format("\nOracles were looked at in {} blocks, and moved {} times.\n",
                       report.blocks_read, report.price_changes);
    if (report.unnamed > 0) {
        out += fmt::format("{} liquidations of wallets that the playbook does not name.\n",
                           report.unnamed);
    }
    out += "\nAssumed\n";
    for (const auto& [name, value] : report.assumptions) {
        out += wrapped_words(fmt::format("{}: {}", name, core::printable(value, 400)),
                             {.indent = 2, .columns = columns});
    }
    for (const std::string& note : report.notes) {
        out +=
            wrapped_words("note: " + core::printable(note, 400), {.indent = 2, .columns = columns});
    }
    for (const snapshot::CoverageGap& gap : report.gaps) {
        out += wrapped_words(fmt::format("gap: {} {} {}: {}", gap.chain, gap.protocol, gap.market,
                                         core::printable(gap.detail, 400)),
                             {.indent = 2, .columns = columns});
    }
    return out;
}

}  // namespace margrave::report
