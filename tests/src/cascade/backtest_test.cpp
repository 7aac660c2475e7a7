#include "cascade/backtest.hpp"

#include <catch2/catch.hpp>

#include "core/fixed_point.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::cascade {
namespace {

using core::U256;
using core::Wad;
using test::address;

constexpr std::uint64_t kFrom = 100;

Wad wads(std::uint64_t n) { return Wad(core::wad() * n); }

AccountName named(std::uint64_t n) {
    return {.protocol = "lending", .market = "core", .wallet = address(n)};
}

/// In block `block`, 12 seconds each.
Seizure seizure(std::uint64_t n, std::uint64_t block, std::uint64_t value,
                std::string quote = "USD") {
    return {.account = named(n),
            .at = {.block = core::BlockNumber(block), .time = core::Timestamp(12 * block)},
            .value = wads(value),
            .quote = std::move(quote)};
}

Evidence nothing() {
    return {.from = core::BlockNumber(kFrom),
            .predicted = {},
            .actual = {},
            .known = {},
            .unknown = {}};
}

const BacktestRow& row_of(const Backtest& test, std::uint64_t n) {
    for (const BacktestRow& row : test.rows) {
        if (row.account == named(n)) {
            return row;
        }
    }
    throw std::logic_error("no such row");
}

/// So many accounts that are both, then missed, then falsely predicted, each of one dollar.
Backtest counted(std::uint64_t both, std::uint64_t missed, std::uint64_t wrong) {
    Evidence evidence = nothing();
    std::uint64_t n = 0;
    for (std::uint64_t i = 0; i < both; ++i) {
        evidence.predicted.push_back(seizure(++n, 105, 1));
        evidence.actual.push_back(seizure(n, 106, 1));
    }
    for (std::uint64_t i = 0; i < missed; ++i) {
        evidence.actual.push_back(seizure(++n, 106, 0));
    }
    for (std::uint64_t i = 0; i < wrong; ++i) {
        evidence.predicted.push_back(seizure(++n, 105, 0));
    }
    return compare(evidence);
}

TEST_CASE("an account counts once, whatever the number of its liquidations", "[backtest]") {
    Evidence evidence = nothing();
    evidence.known = {named(1), named(2)};
    evidence.predicted = {seizure(1, 103, 100), seizure(2, 104, 60), seizure(2, 107, 40)};
    evidence.actual = {seizure(2, 104, 110), seizure(1, 105, 50), seizure(1, 106, 40)};
    const Backtest test = compare(evidence);
    CHECK(test.recall.part == 2);
    CHECK(test.recall.whole == 2);
    CHECK(test.precision.whole == 2);
    const BacktestRow& first = row_of(test, 1);
    CHECK(first.match() == Match::Both);
    CHECK(first.actual->calls == 2);
    CHECK(first.actual->value == wads(90));
    CHECK(first.lead_blocks() == 2);  // 105 - 103
    CHECK(first.lead_s() == 24);
    CHECK(row_of(test, 2).predicted->value == wads(100));
    CHECK(row_of(test, 2).lead_blocks() == 0);
    REQUIRE(test.values.size() == 1);
    CHECK(test.values[0].predicted == wads(200));
    CHECK(test.values[0].actual == wads(200));
    CHECK(test.values[0].difference() == margin::SignedWad{});
    CHECK(test.verdict == BacktestVerdict::Green);
}

TEST_CASE("a prediction that comes late has a lead below zero, and the median is the lower middle",
          "[backtest]") {
    Evidence evidence = nothing();
    // Leads of -3, 0, 4 and 9 blocks.
    evidence.predicted = {seizure(1, 108, 1), seizure(2, 105, 1), seizure(3, 101, 1),
                          seizure(4, 101, 1)};
    evidence.actual = {seizure(1, 105, 1), seizure(2, 105, 1), seizure(3, 105, 1),
                       seizure(4, 110, 1)};
    const Backtest test = compare(evidence);
    REQUIRE(test.lead_blocks);
    CHECK(test.lead_blocks->min == -3);
    CHECK(test.lead_blocks->median == 0);
    CHECK(test.lead_blocks->max == 9);
    CHECK(test.lead_s->min == -36);
}

TEST_CASE("who was missed, and who was predicted for nothing, stands there with the reason",
          "[backtest]") {
    Evidence evidence = nothing();
    evidence.known = {named(2), named(4), named(5), named(6), named(7), named(8), named(9)};
    evidence.unknown = {named(3)};
    evidence.unread = {named(9), named(10)};  // of one that was read after all nothing is said
    for (const std::uint64_t missed : {1U, 2U, 3U, 4U, 5U, 9U, 10U}) {
        evidence.actual.push_back(seizure(missed, 108, 10));
    }
    evidence.refused = {{named(5), "unprofitable"}};
    evidence.predicted = {seizure(6, 100, 10), seizure(7, 104, 10), seizure(8, 104, 10)};
    evidence.named_in = {
        {named(2), {108, 109}},  // by its own liquidation, and later
        {named(4), {101, 108}},  // before it
        {named(8), {110}},       // after the prediction: it may have been saved then
    };
    const Backtest test = compare(evidence);
    CHECK(row_of(test, 1).reason == "opened_after");
    CHECK(row_of(test, 2).reason == "healthy");
    CHECK_FALSE(row_of(test, 2).has_acted);
    CHECK(row_of(test, 3).reason == "unknown_health");
    CHECK(row_of(test, 4).reason == "acted");
    CHECK(row_of(test, 5).reason == "unprofitable");
    CHECK(row_of(test, 6).reason == "below_before");
    CHECK(row_of(test, 7).reason == "not_called");
    CHECK(row_of(test, 8).reason == "acted");
    CHECK(row_of(test, 9).reason == "healthy");
    CHECK(row_of(test, 10).reason == "unread");
    CHECK(test.recall.whole == 7);
    CHECK(test.recall_untouched.whole == 6);
    CHECK(test.precision.whole == 3);
    CHECK(test.precision_untouched.whole == 2);
    CHECK(test.recall.ratio() == Wad());
    CHECK_FALSE(test.lead_blocks);
}

TEST_CASE("nine in ten found and seven in ten right are enough, one less is red", "[backtest]") {
    CHECK(counted(9, 1, 0).verdict == BacktestVerdict::Green);
    CHECK(counted(17, 2, 0).verdict == BacktestVerdict::Red);  // 0.8947
    CHECK(counted(7, 0, 3).verdict == BacktestVerdict::Green);
    CHECK(counted(9, 0, 4).verdict == BacktestVerdict::Red);  // 0.6923
    CHECK(counted(9, 0, 4).red_because ==
          std::vector<std::string>{"too many predicted liquidations did not happen"});
    CHECK(counted(9, 0, 4).precision.ratio() == Wad(U256(692'307'692'307'692'307)));
}

TEST_CASE("a fifth of the value is near enough, a unit more is red, in every quote of its own",
          "[backtest]") {
    Evidence evidence = nothing();
    evidence.predicted = {seizure(1, 104, 120), seizure(2, 104, 80, "WETH")};
    evidence.actual = {seizure(1, 104, 100), seizure(2, 104, 100, "WETH")};
    CHECK(compare(evidence).verdict == BacktestVerdict::Green);
    CHECK(compare(evidence).values[1].difference() ==
          margin::SignedWad{.negative = true, .magnitude = Wad(core::wad() / 5)});
    evidence.predicted[1].value = *evidence.predicted[1].value - Wad(1);
    const Backtest test = compare(evidence);
    CHECK(test.verdict == BacktestVerdict::Red);
    CHECK(test.red_because == std::vector<std::string>{"the value seized in WETH is too far off"});
}

TEST_CASE("value is also counted of those alone that are both", "[backtest]") {
    Evidence evidence = nothing();
    evidence.predicted = {seizure(1, 104, 30), seizure(2, 104, 10)};
    evidence.actual = {seizure(1, 104, 33), seizure(3, 104, 7)};
    const Backtest test = compare(evidence);
    REQUIRE(test.values.size() == 1);
    CHECK(test.values[0].predicted == wads(40));
    CHECK(test.values[0].predicted_of_both == wads(30));
    CHECK(test.values[0].actual == wads(40));
    CHECK(test.values[0].actual_of_both == wads(33));
    CHECK(test.values[0].precision() == Wad(core::wad() * 3 / 4));
    CHECK(test.values[0].recall() == Wad(core::wad() * 33 / 40));
    CHECK_FALSE(SeizedValue{.quote = "USD"}.recall());
}

TEST_CASE("what has no known value is counted apart, and judged by its number alone",
          "[backtest]") {
    Evidence evidence = nothing();
    evidence.predicted = {seizure(1, 104, 100)};
    evidence.actual = {seizure(1, 104, 500)};
    evidence.actual[0].value.reset();
    const Backtest test = compare(evidence);
    CHECK(test.unvalued == 1);
    CHECK(test.values.empty());
    CHECK(test.verdict == BacktestVerdict::Green);
}

TEST_CASE("where nobody fell and nobody was to, there is no ratio and no verdict", "[backtest]") {
    const Backtest test = compare(nothing());
    CHECK(test.verdict == BacktestVerdict::Nothing);
    CHECK_FALSE(test.recall.ratio());
    CHECK_FALSE(test.precision.ratio());
    CHECK_FALSE(test.lead_blocks);
    // One side alone is red.
    CHECK(counted(0, 1, 0).verdict == BacktestVerdict::Red);
    CHECK(counted(0, 0, 1).verdict == BacktestVerdict::Red);
    CHECK_FALSE(counted(0, 0, 1).recall.ratio());
}

}  // namespace
}  // namespace margrave::cascade
