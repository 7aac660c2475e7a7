#include "report/liquidation_prices.hpp"

#include <algorithm>
#include <set>

#include "core/fixed_point.hpp"
#include "margin/guard.hpp"
#include "report/figures.hpp"

namespace margrave::report {
namespace {

using core::Rounding;
using core::U256;

/// |to / from - 1|, rounded down: a distance is never shown longer than it is.
core::Wad distance(const U256& from, const U256& to) {
    const U256 moved = to < from ? U256(from - to) : U256(to - from);
    return core::Wad(core::mul_div_wide<Rounding::Down>(moved, core::wad(), from));
}

std::optional<LiquidationPrice> price_of(const margin::Market& market, std::size_t row,
                                         const margin::OracleAnswer& today) {
    if (!today.quote || today.quote->answer == 0) {
        return std::nullopt;
    }
    const auto answer = market.liquidation_answer(row, today.asset);
    if (!answer) {
        return std::nullopt;
    }
    LiquidationPrice out{.asset = today.asset,
                         .symbol = today.symbol,
                         .answer = *answer,
                         .price_usd = std::nullopt,
                         .is_fall = *answer <= today.quote->answer,
                         .distance = distance(today.quote->answer, *answer)};
    if (today.unit && !today.denominator) {
        out.price_usd = price_usd_down({.answer = *answer, .unit = *today.unit});
    }
    return out;
}

}  // namespace

std::vector<LiquidationPrice> liquidation_prices(const margin::Market& market, std::size_t row) {
    std::set<core::Address> used;
    for (const margin::Leg& leg : market.legs(row)) {
        if (leg.side != margin::Side::Supply) {
            used.insert(leg.asset);
        }
    }
    std::vector<LiquidationPrice> out;
    for (const margin::OracleAnswer& answer : market.answers()) {
        if (!used.contains(answer.asset)) {
            continue;
        }
        if (auto price = price_of(market, row, answer)) {
            out.push_back(std::move(*price));
        }
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.distance < b.distance; });
    return out;
}

}  // namespace margrave::report
