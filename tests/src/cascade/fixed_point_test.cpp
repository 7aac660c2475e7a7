#include "cascade/fixed_point.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "cascade/fixed_point_rounds.hpp"

namespace margrave::cascade {
namespace {

struct Borrower {
    std::vector<Holding> holdings;
    double debt = 0;
};

FixedPointMarket market_of(const std::vector<double>& arranged_at,
                           const std::vector<Borrower>& borrowers) {
    FixedPointMarket out(arranged_at.size());
    for (const Borrower& borrower : borrowers) {
        out.add(borrower.holdings, borrower.debt);
    }
    out.arrange(arranged_at);
    return out;
}

Borrower borrower(double amount, double debt, double threshold) {
    return {.holdings = {{.asset = 0, .amount = amount, .threshold = threshold, .bonus = 1.05}},
            .debt = debt};
}

/// Risk sheet 06, "Fixed points": accounts (q, D, LT) and a bonus of 5 %.
FixedPointMarket sheet(double second_debt, double third_debt) {
    return market_of({2000}, {borrower(1000, 1.7e6, 0.83), borrower(800, second_debt, 0.83),
                              borrower(1500, third_debt, 0.83), borrower(500, 0.6e6, 0.80),
                              borrower(2000, 2e6, 0.83)});
}

constexpr FixedPointMarket::Limits kExact{.tolerance = 1e-15, .rounds_max = 1000};

/// The map itself, everyone looked at in every round.
FixedPoint by_the_book(const std::vector<Borrower>& borrowers, const Pressure& pressure,
                       double tolerance) {
    FixedPoint out;
    out.prices = pressure.outside;
    for (out.rounds = 0; !out.is_settled;) {
        ++out.rounds;
        out.sold.assign(pressure.outside.size(), 0);
        out.fallen = 0;
        for (const Borrower& one : borrowers) {
            double limit = 0;
            double net = 0;
            for (const Holding& held : one.holdings) {
                limit += held.amount * out.prices[held.asset] * held.threshold;
                net += held.amount * out.prices[held.asset] / held.bonus;
            }
            if (limit < one.debt) {
                ++out.fallen;
                for (const Holding& held : one.holdings) {
                    out.sold[held.asset] += held.amount * std::min(1.0, one.debt / net);
                }
            }
        }
        double most = 0;
        for (std::size_t j = 0; j < out.prices.size(); ++j) {
            const double next = pressure.outside[j] * std::exp(-pressure.impact[j] * out.sold[j]);
            most = std::max(most, std::abs(next / out.prices[j] - 1));
            out.prices[j] = next;
        }
        out.is_settled = most < tolerance;
    }
    for (const Borrower& one : borrowers) {
        double limit = 0;
        double net = 0;
        for (const Holding& held : one.holdings) {
            limit += held.amount * out.prices[held.asset] * held.threshold;
            net += held.amount * out.prices[held.asset] / held.bonus;
        }
        out.bad_debt += limit < one.debt ? std::max(0.0, one.debt - net) : 0;
    }
    return out;
}

struct Dice {
    std::mt19937_64 random;
    double real(double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random);
    }
    std::uint64_t below(std::uint64_t n) { return random() % n; }
};

constexpr std::size_t kAssets = 7;
const std::vector<double> kToday{1, 2, 3, 4, 5, 6, 7};

std::vector<Borrower> random_borrowers(std::size_t count, Dice& dice) {
    std::vector<Borrower> out;
    for (std::size_t n = 0; n < count; ++n) {
        Borrower one;
        double limit = 0;
        for (std::uint64_t k = 0; k <= dice.below(5); ++k) {
            const auto asset = static_cast<std::uint16_t>(dice.below(kAssets));
            one.holdings.push_back({.asset = asset,
                                    .amount = std::exp(dice.real(0, 6)),
                                    .threshold = dice.below(2) == 0 ? 0.7 : 0.85,
                                    .bonus = 1.0 + 0.01 * static_cast<double>(1 + dice.below(9))});
            limit += one.holdings.back().amount * (asset + 1.0) * one.holdings.back().threshold;
        }
        one.debt = limit / std::exp(dice.real(-0.05, 1.2));
        out.push_back(one);
    }
    return out;
}

/// Assets at 1, 2, 3 … before a shock of a few of them; the last one is sold at its price.
Pressure random_pressure(const std::vector<Borrower>& borrowers, Dice& dice) {
    Pressure out{.outside = {}, .impact = std::vector<double>(kAssets, 0)};
    std::vector<double> held(kAssets, 0);
    for (const Borrower& one : borrowers) {
        for (const Holding& holding : one.holdings) {
            held[holding.asset] += holding.amount;
        }
    }
    for (std::size_t j = 0; j < kAssets; ++j) {
        out.outside.push_back((static_cast<double>(j) + 1) *
                              (dice.below(3) == 0 ? 1 : dice.real(0.5, 1)));
        out.impact[j] = j + 1 == kAssets ? 0 : dice.real(0, 1.5) / (held[j] + 1);
    }
    return out;
}

bool are_same_bits(const std::vector<double>& a, const std::vector<double>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

}  // namespace

TEST_CASE("the greatest fixed points of the sheet", "[cascade][fixed_point]") {
    const FixedPointMarket market = sheet(1.28e6, 2.3e6);
    const FixedPoint end = market.greatest({.outside = {2000}, .impact = {4e-5}}, kExact);
    CHECK(end.prices[0] == Approx(1870.55776547).epsilon(1e-11));
    CHECK(end.sold[0] == Approx(1672.76309652).epsilon(1e-11));
    CHECK(end.fallen == 2);
    CHECK(end.bad_debt == 0);
    CHECK(end.is_settled);

    const FixedPointMarket other = sheet(1.2e6, 2.2e6);
    const FixedPoint deep = other.greatest({.outside = {2000}, .impact = {2e-5}}, kExact);
    CHECK(deep.prices[0] == Approx(1963.97355784).epsilon(1e-11));
    CHECK(deep.sold[0] == Approx(908.871706991).epsilon(1e-11));
    CHECK(deep.fallen == 1);

    // A tenth of the depth: everything is sold.
    const FixedPoint shallow = other.greatest({.outside = {2000}, .impact = {2e-4}}, kExact);
    CHECK(shallow.prices[0] == Approx(626.972361765).epsilon(1e-11));
    CHECK(shallow.sold[0] == Approx(5800).epsilon(1e-11));
    CHECK(shallow.fallen == 5);
    CHECK(shallow.bad_debt == Approx(4236724.09692).epsilon(1e-11));
}

TEST_CASE("the least fixed point holds itself with one account more", "[cascade][fixed_point]") {
    const FixedPointMarket market = sheet(1.28e6, 2.3e6);
    const Pressure pressure{.outside = {2000}, .impact = {4e-5}};
    const FixedPoint end = market.least(pressure, kExact);
    // The third account falls below 2.3e6 / (1500 * 0.83) = 1847.4. With it 1000 are sold of the
    // first (all), and 1.05 D / p of the second and third, 3.759e6 / p: p = 2000 exp(-4e-5 (1000 +
    // 3.759e6 / p)), which 1764.627 solves; there the fourth has 500 * p * 0.8 = 705,851 for its
    // 600,000.
    CHECK(end.prices[0] == Approx(1764.627).epsilon(1e-6));
    CHECK(end.sold[0] == Approx(1000 + 3.759e6 / end.prices[0]).epsilon(1e-10));
    CHECK(end.prices[0] == Approx(2000 * std::exp(-4e-5 * end.sold[0])).epsilon(1e-12));
    CHECK(end.fallen == 3);
    CHECK(end.prices[0] < market.greatest(pressure, kExact).prices[0]);

    // With half of the impact there is one fixed point.
    const FixedPointMarket other = sheet(1.2e6, 2.2e6);
    const Pressure half{.outside = {2000}, .impact = {2e-5}};
    CHECK(other.least(half, kExact).prices[0] ==
          Approx(other.greatest(half, kExact).prices[0]).epsilon(1e-12));
}

TEST_CASE("a sale of one asset brings down those who share another with the seller",
          "[cascade][fixed_point]") {
    // The first holds both, and falls with asset 0 alone: 100 * 0.5 * 0.8 + 100 * 0.8 < 125. What
    // it sells of asset 1 brings down the second, who holds nothing else.
    const auto held = [](std::uint16_t asset, double amount) {
        return Holding{.asset = asset, .amount = amount, .threshold = 0.8, .bonus = 1};
    };
    const FixedPointMarket market =
        market_of({1, 1}, {{.holdings = {held(0, 100), held(1, 100)}, .debt = 125},
                           {.holdings = {held(1, 100)}, .debt = 75}});
    const Pressure shared{.outside = {0.5, 1}, .impact = {0, 1e-3}};
    CHECK(market.greatest(shared, kExact).fallen == 2);
    const Pressure apart{.outside = {0.5, 1}, .impact = {1e-3, 0}};
    CHECK(market.greatest(apart, kExact).fallen == 1);
}

TEST_CASE("looking only at who can have fallen finds what looking at everyone does",
          "[cascade][fixed_point][property]") {
    Dice dice{std::mt19937_64(20261126)};
    std::size_t rounds = 0;
    for (int i = 0; i < 200; ++i) {
        const std::vector<Borrower> borrowers = random_borrowers(1 + dice.below(1500), dice);
        const Pressure pressure = random_pressure(borrowers, dice);
        // Wherever it was arranged, also at no price at all.
        std::vector<double> arranged_at = kToday;
        for (double& price : arranged_at) {
            price *= dice.below(20) == 0 ? 0 : std::exp(dice.real(-0.5, 1));
        }
        const FixedPointMarket market = market_of(i % 2 == 0 ? kToday : arranged_at, borrowers);
        const FixedPoint expected = by_the_book(borrowers, pressure, 1e-12);
        const FixedPoint end =
            market.greatest(pressure, {.tolerance = 1e-12, .rounds_max = 10'000});
        CAPTURE(i);
        REQUIRE(end.fallen == expected.fallen);
        REQUIRE(end.bad_debt == Approx(expected.bad_debt).epsilon(1e-9).margin(1e-6));
        for (std::size_t j = 0; j < kAssets; ++j) {
            REQUIRE(end.prices[j] == Approx(expected.prices[j]).epsilon(1e-10));
            REQUIRE(end.sold[j] == Approx(expected.sold[j]).epsilon(1e-8).margin(1e-9));
        }
        const FixedPoint least = market.least(pressure, {.tolerance = 1e-12, .rounds_max = 10'000});
        for (std::size_t j = 0; j < kAssets; ++j) {
            REQUIRE(least.prices[j] <= end.prices[j] * (1 + 1e-10));
        }
        rounds = std::max(rounds, end.rounds);
    }
    CHECK(rounds > 20);
}

TEST_CASE("scenarios have the same bits for any number of threads, and nearly those of one alone",
          "[cascade][fixed_point]") {
    Dice dice{std::mt19937_64(7)};
    const std::vector<Borrower> borrowers = random_borrowers(2000, dice);
    const FixedPointMarket market = market_of(kToday, borrowers);
    const Pressure pressure = random_pressure(borrowers, dice);
    std::vector<std::vector<double>> outside;
    for (int i = 0; i < 37; ++i) {
        outside.push_back(random_pressure(borrowers, dice).outside);
    }
    const FixedPointMarket::Limits limits{.tolerance = 1e-10, .rounds_max = 1000};
    const auto one = market.greatest(outside, pressure.impact, limits, 1);
    for (const unsigned threads : {2U, 3U, 8U}) {
        const auto more = market.greatest(outside, pressure.impact, limits, threads);
        for (std::size_t i = 0; i < outside.size(); ++i) {
            REQUIRE(are_same_bits(one[i].prices, more[i].prices));
            REQUIRE(are_same_bits(one[i].sold, more[i].sold));
            REQUIRE(one[i].bad_debt == more[i].bad_debt);
        }
    }
    for (std::size_t i = 0; i < outside.size(); ++i) {
        const FixedPoint alone =
            market.greatest({.outside = outside[i], .impact = pressure.impact}, limits);
        CHECK(one[i].fallen == alone.fallen);
        CHECK(one[i].rounds == alone.rounds);
        for (std::size_t j = 0; j < kAssets; ++j) {
            CHECK(one[i].prices[j] == Approx(alone.prices[j]).epsilon(1e-12));
        }
    }
}

TEST_CASE("every instruction set of the machine gives the same bits", "[cascade][fixed_point]") {
    Dice dice{std::mt19937_64(11)};
    const std::vector<Borrower> borrowers = random_borrowers(1000, dice);
    const FixedPointMarket market = market_of(kToday, borrowers);
    const Pressure pressure = random_pressure(borrowers, dice);
    std::vector<std::vector<double>> outside;
    for (std::size_t i = 0; i < fixed_point_rounds::kScenarios; ++i) {
        outside.push_back(random_pressure(borrowers, dice).outside);
    }
    std::vector<std::vector<FixedPoint>> all;
    for (fixed_point_rounds::Solve* const solve : fixed_point_rounds::eight_solvers()) {
        all.emplace_back(outside.size());
        solve(market.view(), outside, pressure.impact, {.tolerance = 1e-10, .rounds_max = 1000},
              all.back());
    }
    for (const auto& ends : all) {
        for (std::size_t i = 0; i < outside.size(); ++i) {
            CHECK(ends[i].is_settled);
            CHECK(are_same_bits(ends[i].prices, all.front()[i].prices));
            CHECK(ends[i].bad_debt == all.front()[i].bad_debt);
        }
    }
}

TEST_CASE("a market without borrowers stays at the outside prices", "[cascade][fixed_point]") {
    FixedPointMarket market(1);
    market.arrange(std::vector<double>{3});
    const FixedPoint end = market.greatest({.outside = {3}, .impact = {1}}, kExact);
    CHECK(end.prices[0] == 3);
    CHECK(end.fallen == 0);
    CHECK(end.is_settled);
}

}  // namespace margrave::cascade
