#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "core/text.hpp"
#include "tests/support/simulated_day.hpp"

// Days of `margrave watch` in a moment: docs/watch.md, "How it is tested". MARGRAVE_SEED=N runs one
// day alone, MARGRAVE_LONG=1 two thousand of them.

namespace margrave {
namespace {

using test::SimulatedDay;

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MARGRAVE_IS_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MARGRAVE_IS_SANITIZED 1
#endif
#ifdef MARGRAVE_IS_SANITIZED
constexpr std::uint64_t kSeeds = 6;
#else
constexpr std::uint64_t kSeeds = 100;
#endif
constexpr std::uint64_t kSeedsLong = 2'000;
/// Days beyond the first hundred that found a defect once.
constexpr std::uint64_t kSeedsThatFound[] = {178, 207, 519, 639, 852};

std::optional<std::uint64_t> number_of(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? std::nullopt : core::parse_u64(text);
}

SimulatedDay::Figures live(std::uint64_t seed) {
    SimulatedDay day(seed, {});
    try {
        day.run();
    } catch (const test::Wrong& wrong) {
        std::cerr << day.log_end();  // long lines stay whole
        FAIL("MARGRAVE_SEED=" << seed << ": " << wrong.what);
    }
    return day.figures();
}

}  // namespace

TEST_CASE("days of the watch, with all that can go wrong: nothing is missed and nothing is false",
          "[simulation][watch]") {
    if (const auto seed = number_of("MARGRAVE_SEED")) {
        static_cast<void>(live(*seed));
        return;
    }
    const std::uint64_t seeds = number_of("MARGRAVE_LONG") ? kSeedsLong : kSeeds;
    SimulatedDay::Figures all;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const SimulatedDay::Figures day = live(seed);
        all.blocks += day.blocks;
        all.fires += day.fires;
        all.resolves += day.resolves;
        all.unknowns += day.unknowns;
        all.crashes += day.crashes;
        all.full_disks += day.full_disks;
        all.written_late_ms = std::max(all.written_late_ms, day.written_late_ms);
        all.delivered_late_ms = std::max(all.delivered_late_ms, day.delivered_late_ms);
    }
    // A simulation in which nothing happens proves nothing.
    CHECK(all.blocks > 200 * seeds);
    CHECK(all.fires > 20 * seeds);
    CHECK(all.resolves > 10 * seeds);
    CHECK(all.unknowns > seeds);
    CHECK(all.crashes > 3 * seeds);
    CHECK(all.full_disks > seeds / 2);
    WARN(seeds << " days: " << all.blocks << " blocks, " << all.fires << " fires, " << all.resolves
               << " resolves, " << all.unknowns << " unknown, " << all.crashes << " crashes, "
               << all.full_disks << " full disks; written at most " << all.written_late_ms
               << " ms late, delivered at most " << all.delivered_late_ms << " ms");
}

TEST_CASE("days that found a defect are as they must be", "[simulation][watch]") {
    for (const std::uint64_t seed : kSeedsThatFound) {
        CHECK(live(seed).blocks > 0);
    }
}

TEST_CASE("a seed is the same day again", "[simulation][watch]") {
    const auto once = [] {
        SimulatedDay day(7, {});
        day.run();
        return day.log_hash();
    };
    CHECK(once() == once());
}

/// Bytes that are allocated, of all threads.
std::size_t allocated() { return ::mallinfo2().uordblks; }

/// Not part of the tests: what stands in docs/performance.md.
TEST_CASE("the memory of a watch in whose weeks nothing goes wrong", "[.memory][simulation]") {
    std::string line;
    std::vector<std::size_t> bytes;
    for (const std::uint64_t days : {1U, 7U, 28U}) {
        SimulatedDay quiet(1, {.hours = days * 24, .calm_hours = days * 24});
        quiet.run();
        const std::size_t before = allocated();
        quiet.end_daemon();
        bytes.push_back(before - allocated());
        line += fmt::format(" {} days {:.2f} MiB,", days,
                            static_cast<double>(bytes.back()) / (1U << 20U));
    }
    WARN("what a watch of four wallets holds after" << line);
    CHECK(bytes[2] < bytes[1] + bytes[1] / 10);
}

}  // namespace margrave
