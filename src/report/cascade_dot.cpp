#include <fmt/format.h>

#include <string>

#include "report/cascade.hpp"
#include "report/dot.hpp"

namespace margrave::report {

std::string to_dot(const CascadeReport& report) {
    std::string out = "digraph cascade {\n  rankdir=LR;\n  \"shock\" [shape=box];\n";
    std::string before = "shock";
    for (const cascade::Round& round : report.outcome.rounds) {
        const std::string name = fmt::format("round {}", round.number);
        out += fmt::format("  {} [shape=box];\n  {} -> {};\n", dot_quoted(name), dot_quoted(before),
                           dot_quoted(name));
        for (const cascade::Call& call : round.calls) {
            if (!call.ok) {
                continue;
            }
            const margin::Market& market = *report.begin->markets[call.place.market];
            const std::string account =
                fmt::format("{} {}", market.name().name, market.wallet(call.place.row).to_string());
            out += fmt::format(
                "  {} -> {} [label={}];\n", dot_quoted(name), dot_quoted(account),
                dot_quoted(call.pair.collateral_symbol + " for " + call.pair.debt_symbol));
            if (call.sale) {
                for (const core::Address& pool : call.sale->pools) {
                    out += fmt::format("  {} -> {} [label=\"sold\"];\n", dot_quoted(account),
                                       dot_quoted(pool.to_string()));
                }
            }
        }
        before = name;
    }
    return out + "}\n";
}

}  // namespace margrave::report
