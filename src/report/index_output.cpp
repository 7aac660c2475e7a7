#include <fmt/format.h>

#include <algorithm>

#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/index.hpp"
#include "report/json_fields.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

Json sum_json(const margin::DebtSum& sum) {
    return {{"what", sum.what},
            {"accounts_raw", raw(sum.of_accounts)},
            {"market_raw", raw(sum.of_market)},
            {"difference_raw",
             sum.of_market ? Json(difference_text(sum.of_accounts, *sum.of_market)) : Json()}};
}

Json market_json(const IndexedMarket& market) {
    return {{"protocol", market.name.protocol},
            {"market", market.name.name},
            {"deployment", market.deployment},
            {"accounts", market.accounts},
            {"borrowers", market.borrowers},
            {"unread", market.unread},
            {"bytes", market.bytes},
            {"sums", list(market.sums, sum_json)}};
}

std::string seconds_text(std::uint64_t milliseconds) {
    return fmt::format("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
}

/// By how much those that do not agree differ stands among the gaps.
std::string sums_text(const IndexedMarket& market) {
    const auto agreeing =
        std::count_if(market.sums.begin(), market.sums.end(),
                      [](const auto& sum) { return sum.of_market == sum.of_accounts; });
    return market.sums.empty() ? "nothing is borrowed"
                               : fmt::format("{} of {} sums agree", agreeing, market.sums.size());
}

}  // namespace

std::string difference_text(const core::U256& of_accounts, const core::U256& of_market) {
    return of_accounts < of_market ? "-" + core::to_decimal(core::U256(of_market - of_accounts))
                                   : core::to_decimal(core::U256(of_accounts - of_market));
}

std::string to_json(const IndexReport& report) {
    const snapshot::ChainCut& cut = report.cut;
    const Json document{{"schema", "margrave.index/1"},
                        {"book", report.file},
                        {"chain", cut.chain},
                        {"chain_id", cut.chain_id.value()},
                        {"block",
                         {{"number", std::to_string(cut.number.value())},
                          {"hash", core::to_hex(cut.hash)},
                          {"timestamp", std::to_string(cut.timestamp.value())}}},
                        {"markets", list(report.markets, market_json)},
                        {"cost",
                         {{"requests", report.cost.requests},
                          {"bytes", report.cost.bytes},
                          {"seconds", seconds_text(report.cost.milliseconds)},
                          {"blocks_moved", report.cost.blocks_moved}}},
                        {"gaps", list(report.gaps, gap_json)}};
    return printed(document);
}

std::string to_text(const IndexReport& report, unsigned columns) {
    const snapshot::ChainCut& cut = report.cut;
    std::string out = fmt::format("{}: {} at block {} ({})\n\n", core::printable(report.file),
                                  core::printable(cut.chain), cut.number.value(),
                                  core::format_utc(cut.timestamp));
    Table table({{}, {Align::Right}, {Align::Right}, {}});
    table.add({{"market"}, {"borrowers"}, {"bytes each"}, {"completeness"}});
    for (const IndexedMarket& market : report.markets) {
        table.add({{core::printable(market.name.protocol + "/" + market.name.name)},
                   {std::to_string(market.borrowers)},
                   {market.borrowers == 0 ? "" : std::to_string(market.bytes / market.borrowers)},
                   {sums_text(market)}});
    }
    out += table.print({.indent = 2, .columns = columns});
    out += fmt::format("\n{} requests, {} bytes, {} s\n", report.cost.requests, report.cost.bytes,
                       seconds_text(report.cost.milliseconds));
    if (!report.gaps.empty()) {
        out += "\nNot complete:\n";
        for (const snapshot::CoverageGap& gap : report.gaps) {
            out += wrapped_words(fmt::format("{}/{} ({}): {}", core::printable(gap.protocol),
                                             core::printable(gap.market), core::to_string(gap.kind),
                                             core::printable(gap.detail, 1000)),
                                 {.indent = 2, .columns = columns});
        }
    }
    return out;
}

}  // namespace margrave::report
