#include "exposure/joint_move.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::kUsdc;
using test::kWeth;
using test::risk;

const std::map<std::string, Powers> kPowers{{"ETH/USD", {{kWeth, {1}}}},
                                            {"USDC/USD", {{kUsdc, {1}}}}};

/// Health 2: a weight of 2 in WETH, a debt of 1 in USDC.
const std::vector<margin::WeightedLeg> kLegs{{.asset = kWeth, .weight = 2, .debt = 0},
                                             {.asset = kUsdc, .weight = 0, .debt = 1}};

TEST_CASE("with one factor the joint move is that factor's own", "[exposure][joint]") {
    const FactorMap map({}, {risk("ETH/USD", "0.7"), risk("USDC/USD", "0")}, {});
    const auto move = nearest_joint_move(kLegs, kPowers, map);
    REQUIRE(move);
    REQUIRE(move->parts.size() == 1);
    CHECK(move->parts[0].factor == "ETH/USD");
    CHECK(move->parts[0].move == Approx(-0.5));
    // ln 2 in days' deviations of 0.7 / sqrt(365).
    CHECK(move->sigmas == Approx(std::log(2.0) / 0.7 * std::sqrt(365.0)));
}

TEST_CASE("two equal independent factors share the way", "[exposure][joint]") {
    const FactorMap map({}, {risk("ETH/USD", "0.7"), risk("USDC/USD", "0.7")}, {});
    const auto move = nearest_joint_move(kLegs, kPowers, map);
    REQUIRE(move);
    // One falls by ln 2 / 2, the other rises by it: 1 / sqrt(2) of the way of one alone.
    CHECK(move->parts[0].move == Approx(1 / std::sqrt(2.0) - 1));
    CHECK(move->parts[1].move == Approx(std::sqrt(2.0) - 1));
    CHECK(move->sigmas == Approx(std::log(2.0) / std::sqrt(2.0) / 0.7 * std::sqrt(365.0)));
}

TEST_CASE("factors that move together keep a hedged account safer", "[exposure][joint]") {
    const FactorMap apart({}, {risk("ETH/USD", "0.7"), risk("USDC/USD", "0.7")}, {});
    const FactorMap together({}, {risk("ETH/USD", "0.7", "0.9"), risk("USDC/USD", "0.7", "0.9")},
                             {});
    // Variance of the difference is 2 s^2 (1 - 0.81): sqrt(1 / 0.19) times as far.
    CHECK(nearest_joint_move(kLegs, kPowers, together)->sigmas ==
          Approx(nearest_joint_move(kLegs, kPowers, apart)->sigmas / std::sqrt(0.19)));
}

TEST_CASE("the point found has health 1 also where health is curved", "[exposure][joint]") {
    const std::vector<margin::WeightedLeg> legs{{.asset = kWeth, .weight = 2, .debt = 0},
                                                {.asset = kUsdc, .weight = 1, .debt = 1.5}};
    const FactorMap map({}, {risk("ETH/USD", "0.7"), risk("USDC/USD", "0.3")}, {});
    const auto move = nearest_joint_move(legs, kPowers, map);
    REQUIRE(move);
    const double ether = 1 + move->parts[0].move;
    const double dollar = 1 + move->parts[1].move;
    CHECK((2 * ether + 1 * dollar) / (1.5 * dollar) == Approx(1));
}

TEST_CASE("no point on the limit is nearer than the one found, by brute force",
          "[exposure][joint]") {
    // y' C^-1 y of two factors by its closed form, over every direction in steps of a tenth of a
    // degree, each walked to the limit by bisection.
    struct Case {
        double ether_weight, dollar_weight, dollar_debt, ether_debt;
        const char* ether_sigma;
        const char* dollar_sigma;
        const char* loading;
    };
    const auto tried = GENERATE(values<Case>({{2, 0, 1, 0, "0.7", "0.1", "0"},
                                              {2, 1, 1.5, 0, "0.7", "0.3", "0.8"},
                                              {0, 3, 0, 2, "0.9", "0.5", "0.6"},
                                              {3, 2, 3, 1.5, "0.5", "0.6", "0.3"}}));
    const std::vector<margin::WeightedLeg> legs{
        {.asset = kWeth, .weight = tried.ether_weight, .debt = tried.ether_debt},
        {.asset = kUsdc, .weight = tried.dollar_weight, .debt = tried.dollar_debt}};
    const FactorMap map({},
                        {risk("ETH/USD", tried.ether_sigma, tried.loading),
                         risk("USDC/USD", tried.dollar_sigma, tried.loading)},
                        {});
    const auto log_health = [&](double x, double y) {
        return std::log((tried.ether_weight * std::exp(x) + tried.dollar_weight * std::exp(y)) /
                        (tried.ether_debt * std::exp(x) + tried.dollar_debt * std::exp(y)));
    };
    const double a = std::stod(tried.ether_sigma) / std::sqrt(365.0);
    const double b = std::stod(tried.dollar_sigma) / std::sqrt(365.0);
    const double rho = std::stod(tried.loading) * std::stod(tried.loading);
    double nearest = 1e9;
    for (int step = 0; step < 3600; ++step) {
        const double angle = step * std::acos(-1.0) / 1800;
        const double u = std::cos(angle);
        const double v = std::sin(angle);
        // A unit deviation in this direction of the ellipse.
        const double x = a * u;
        const double y = b * (rho * u + std::sqrt(1 - rho * rho) * v);
        double safe = 0;
        double failing = 0.25;
        while (failing < 400 && log_health(failing * x, failing * y) > 0) {
            failing += 0.25;
        }
        if (failing >= 400) {
            continue;
        }
        for (int i = 0; i < 60; ++i) {
            const double middle = (safe + failing) / 2;
            (log_health(middle * x, middle * y) > 0 ? safe : failing) = middle;
        }
        nearest = std::min(nearest, failing);
    }
    const auto move = nearest_joint_move(legs, kPowers, map);
    REQUIRE(move);
    CHECK(move->sigmas == Approx(nearest).epsilon(1e-5));
}

TEST_CASE("there is no joint move without debt, past the limit, or without a factor",
          "[exposure][joint]") {
    const FactorMap map({}, {risk("ETH/USD", "0.7")}, {});
    CHECK_FALSE(nearest_joint_move({{.asset = kWeth, .weight = 2, .debt = 0}}, kPowers, map));
    CHECK_FALSE(nearest_joint_move({{.asset = kWeth, .weight = 1, .debt = 1}}, kPowers, map));
    CHECK_FALSE(nearest_joint_move({{.asset = kWeth, .weight = 2, .debt = 1}}, kPowers, map));
    CHECK_FALSE(nearest_joint_move(kLegs, {}, map));
    CHECK_FALSE(nearest_joint_move({}, kPowers, map));
}

}  // namespace
}  // namespace margrave::exposure
