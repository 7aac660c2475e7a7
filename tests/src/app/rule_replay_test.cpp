#include "app/rule_replay.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "core/u256.hpp"

using namespace margrave;
using app::replay;
using store::Point;

namespace {

constexpr std::uint64_t kBlockS = 12;

Point at(std::uint64_t block, std::optional<std::string> value) {
    return {.block = block, .time = block * kBlockS, .value = std::move(value)};
}

/// Below 1.1, clear at 1.2 after five blocks.
alert::Rule a_rule() {
    alert::Rule rule;
    rule.fires = core::Wad(core::U256(1'100'000'000'000'000'000));
    rule.clears = core::Wad(core::U256(1'200'000'000'000'000'000));
    rule.clear_blocks = 5;
    rule.unknown_after_s = 60;
    return rule;
}

}  // namespace

TEST_CASE("a rule over stored history says when, for how long and how early", "[rule_replay]") {
    const std::vector<Point> health{at(1, "1.5"), at(10, "1.09"), at(20, "0.99"), at(30, "1.3"),
                                    at(100, "1.3")};
    const auto found = replay(a_rule(), health, health);
    REQUIRE(found.alerts.size() == 1);
    CHECK(found.alerts[0].fired.block == 10);
    CHECK(found.alerts[0].lead_s == 10 * kBlockS);
    // Points are sparse, blocks are not: it was safe for five blocks at block 35.
    CHECK(found.alerts[0].resolved_s == 35 * kBlockS);
    CHECK(found.missed_s.empty());
    CHECK(found.unknown_told == 0);
}

TEST_CASE("a rule that waits counts the blocks between two points", "[rule_replay]") {
    alert::Rule rule = a_rule();
    rule.for_blocks = 4;
    const std::vector<Point> health{at(1, "1.5"), at(10, "1.05"), at(12, "1.5"), at(20, "1.05"),
                                    at(60, "1.05")};
    const auto found = replay(rule, health, health);
    REQUIRE(found.alerts.size() == 1);
    CHECK(found.alerts[0].fired.block == 23);
    CHECK_FALSE(found.alerts[0].resolved_s);
    CHECK_FALSE(found.alerts[0].lead_s);
}

TEST_CASE("what a rule would have missed is said", "[rule_replay]") {
    alert::Rule rule = a_rule();
    rule.quantity = alert::Quantity::CollateralFall;
    rule.fires = core::Wad(core::U256(1));  // practically never
    rule.clears = rule.fires;
    const std::vector<Point> fall{at(1, "0.5"), at(10, "0.2"), at(20, "0.3")};
    const std::vector<Point> health{at(1, "1.5"), at(10, "0.98"), at(20, "1.2")};
    const auto found = replay(rule, fall, health);
    CHECK(found.alerts.empty());
    CHECK(found.missed_s == std::vector<std::uint64_t>{10 * kBlockS});
}

TEST_CASE("not knowing is told in a replay, and ends nothing", "[rule_replay]") {
    const std::vector<Point> health{at(1, "1.05"), at(10, std::nullopt), at(40, "1.3"),
                                    at(90, "1.3")};
    const auto found = replay(a_rule(), health, health);
    CHECK(found.unknown_told == 1);
    REQUIRE(found.alerts.size() == 1);
    CHECK(found.alerts[0].resolved_s == 45 * kBlockS);
}
