#include "alert/observe_exposure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "alert/names.hpp"
#include "core/u256.hpp"
#include "exposure/aggregate.hpp"
#include "margin/account.hpp"

namespace margrave::alert {
namespace {

Value of_concentration(const exposure::Exposure& exposure) {
    const auto found = exposure::concentration(exposure);
    if (!found) {
        return nothing_to_watch();
    }
    Value out = known(found->largest_share);
    out.about = named(found->largest);
    out.cause = found->largest;
    return out;
}

/// The first by name of equals; where there is none, nothing is at stake.
Value of_factors(const exposure::Exposure& exposure, const std::vector<std::string>& factors) {
    Value out = known(whole(0));
    for (const exposure::FactorExposure& factor : exposure.factors) {
        const auto net = factor.net();
        const core::Wad size(net.magnitude.value());
        const bool counts = factors.empty() || std::find(factors.begin(), factors.end(),
                                                         factor.factor) != factors.end();
        if (counts && *out.number < size) {
            out.number = size;
            out.about = named(factor.factor) + (net.negative ? ", short" : ", long");
            out.cause = factor.factor;
        }
    }
    return out;
}

Value of_leverage(const exposure::Exposure& exposure) {
    const bool owns_nothing =
        exposure.assets.value() == core::U256(0) && exposure.debt.value() == core::U256(0);
    if (owns_nothing) {
        return nothing_to_watch();
    }
    // Whoever owes all that it owns has more leverage than any number.
    constexpr std::uint64_t kBeyondAll = 1'000'000'000'000;
    return known(exposure::leverage(exposure).value_or(whole(kBeyondAll)));
}

Value of_net(const exposure::Exposure& exposure) {
    const auto net = exposure.net();
    return known(core::Wad(net.negative ? core::U256(0) : net.magnitude.value()));
}

Value of_sums(const exposure::Exposure& exposure, Quantity quantity,
              const std::vector<std::string>& factors) {
    if (quantity == Quantity::NetUsd) {
        return of_net(exposure);
    }
    if (quantity == Quantity::Leverage) {
        return of_leverage(exposure);
    }
    return quantity == Quantity::Concentration ? of_concentration(exposure)
                                               : of_factors(exposure, factors);
}

/// A debt that the sums lack is never somebody else's gift. What is owned and lacks a price may be,
/// and is no reason to know nothing: anybody may send a worthless token, or supply one on behalf of
/// a wallet.
const exposure::Unpriced* unpriced_debt(const exposure::Exposure& exposure) {
    const auto found = std::find_if(exposure.unpriced.begin(), exposure.unpriced.end(),
                                    [](const auto& one) { return one.side == margin::Side::Debt; });
    return found == exposure.unpriced.end() ? nullptr : &*found;
}

/// "" where all is priced.
std::string left_out(const exposure::Exposure& exposure) {
    std::vector<std::string> symbols;
    symbols.reserve(exposure.unpriced.size());
    for (const exposure::Unpriced& one : exposure.unpriced) {
        symbols.push_back(one.token.symbol);
    }
    return symbols.empty() ? "" : "without what nobody prices: " + listed(symbols);
}

}  // namespace

Value of_exposure(const report::Report& report, Quantity quantity,
                  const std::vector<std::string>& factors) {
    if (!report.gaps.empty()) {
        return unknown("parts of the report could not be read: " + report.gaps.front().detail);
    }
    Value out = of_sums(report.exposure, quantity, factors);
    if (const auto* const debt = unpriced_debt(report.exposure)) {
        out.is_known = false;
        out.because = fmt::format("nobody prices {}, which {} owes", named(debt->token.symbol),
                                  debt->wallet.to_string());
        // More debt leaves less, and is more leverage; a factor's net it may move either way.
        const bool is_bound = quantity == Quantity::NetUsd || quantity == Quantity::Leverage;
        out.number = is_bound ? out.number : std::nullopt;
    }
    const std::string less = left_out(report.exposure);
    out.about += (out.about.empty() || less.empty() ? "" : "; ") + less;
    return out;
}

}  // namespace margrave::alert
