#include "report/report_csv.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace margrave::report {
namespace {

using Catch::Contains;
using Catch::StartsWith;

Holding holding(const std::string& symbol, const core::U256& amount) {
    Holding out{.holding = {}, .price_usd = std::nullopt, .value = std::nullopt};
    out.holding.chain = "ethereum";
    out.holding.symbol = symbol;
    out.holding.decimals = 6;
    out.holding.amount = amount;
    return out;
}

TEST_CASE("a table has a row for every holding and gap, and no formula from a chain",
          "[report][csv][hostile]") {
    Report report;
    report.holdings = {holding("=1+1", 1'234'567), holding("a,\"b\"", 5), holding("-x", 0),
                       holding("\r\ny", 1)};
    report.gaps.push_back({.chain = "base",
                           .protocol = "",
                           .market = "",
                           .wallet = std::nullopt,
                           .kind = core::ErrorKind::Timeout,
                           .detail = "no answer, at all"});
    const std::string table = to_csv(report);
    CHECK_THAT(table,
               StartsWith("kind,chain,protocol,market,wallet,status,health_factor,side,symbol,"
                          "asset,amount,price_usd,value_usd,amount_raw,detail\r\n"));
    CHECK_THAT(table, Contains(",'=1+1,,1.234567,,,1234567,\r\n"));
    CHECK_THAT(table, Contains(",\"a,\"\"b\"\"\",,0.000005,"));
    CHECK_THAT(table, Contains(",'-x,,0,"));
    CHECK_THAT(table, Contains("gap,base,") && Contains(",timeout,") &&
                          Contains(",\"no answer, at all\"\r\n"));
    // Nothing of a name ends a row.
    CHECK(std::count(table.begin(), table.end(), '\n') == 6);
}

}  // namespace
}  // namespace margrave::report
