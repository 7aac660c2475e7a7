#include "exposure/market_basis.hpp"

#include <algorithm>

#include "exposure/aggregate.hpp"

namespace margrave::exposure {
namespace {

using core::Rounding;
using core::U256;

struct Sums {
    core::Usd assets;
    core::Usd debt;

    void add(const Item& item) {
        core::Usd& side = item.is_debt() ? debt : assets;
        side = side + *item.value;
    }
};

/// x with assets_f x + rest_a = debt_f x + rest_d: the basis at which the equity is nothing.
std::optional<core::Wad> zero_of(const Sums& with, const Sums& rest) {
    const SignedUsd slope = difference(with.assets, with.debt);
    const SignedUsd owed = difference(rest.debt, rest.assets);
    // Both of one sign, or the basis would have to be negative.
    if (slope.magnitude.value() == 0 || slope.negative != owed.negative) {
        return std::nullopt;
    }
    // Long the basis it ends on the way down, so the higher answer is the nearer one.
    const U256& numerator = owed.magnitude.value();
    const U256& denominator = slope.magnitude.value();
    return margin::value_or_nothing([&] {
        return core::Wad(
            slope.negative ? core::mul_div_wide<Rounding::Down>(numerator, core::wad(), denominator)
                           : core::mul_div_wide<Rounding::Up>(numerator, core::wad(), denominator));
    });
}

SignedUsd sum(const SignedUsd& a, const SignedUsd& b) {
    if (a.negative == b.negative) {
        return {.negative = a.negative, .magnitude = a.magnitude + b.magnitude};
    }
    return a.negative ? difference(b.magnitude, a.magnitude) : difference(a.magnitude, b.magnitude);
}

}  // namespace

std::vector<MarketBasis> market_bases(const margin::Market& market, std::size_t row,
                                      const std::vector<std::string>& ignored,
                                      const PriceBook& prices, const FactorMap& factors,
                                      const core::Wad& basis_fall) {
    const std::vector<Item> items = items_of_row(market, row, prices, factors);
    std::vector<MarketBasis> out;
    if (std::any_of(items.begin(), items.end(), [](const Item& item) { return !item.value; })) {
        return out;
    }
    for (const std::string& factor : ignored) {
        Sums with;
        Sums rest;
        for (const Item& item : items) {
            const auto& names = item.found.factors;
            const bool follows = std::find(names.begin(), names.end(), factor) != names.end();
            (follows ? with : rest).add(item);
        }
        MarketBasis basis{.factor = factor,
                          .assets = with.assets,
                          .debt = with.debt,
                          .equity = difference(with.assets + rest.assets, with.debt + rest.debt),
                          .equity_zero_at = zero_of(with, rest),
                          .equity_after = {},
                          .exit_cost = {}};
        const core::Usd lost(
            core::mul_div_wide<Rounding::Up>(with.assets.value(), basis_fall.value(), core::wad()));
        const core::Usd saved(
            core::mul_div_wide<Rounding::Down>(with.debt.value(), basis_fall.value(), core::wad()));
        const SignedUsd cost = difference(lost, saved);
        basis.exit_cost = cost.negative ? core::Usd() : cost.magnitude;
        basis.equity_after = sum(basis.equity, difference(saved, lost));
        out.push_back(std::move(basis));
    }
    return out;
}

}  // namespace margrave::exposure
