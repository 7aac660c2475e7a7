#include "exposure/joint_move.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/src/exposure/examples.hpp"

namespace margrave::exposure {
namespace {

using test::kUsdc;
using test::kWeth;
using test::risk;

const std::map<std::string, Powers> kPowers{{"ETH/USD", {{kWeth, 1}}}, {"USDC/USD", {{kUsdc, 1}}}};

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
