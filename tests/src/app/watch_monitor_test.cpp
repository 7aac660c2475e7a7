#include "app/watch_monitor.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/fake_world.hpp"

namespace margrave::app {

using namespace std::chrono_literals;

TEST_CASE("a clock that is set is counted, one that drifts is not", "[watch_monitor]") {
    test::FakeWorld fake;
    std::uint64_t wall_s = 1'000;
    fake.world.wall_s = [&] { return wall_s; };
    WatchMonitor monitor(fake.world, {.chains = {"a", "b"},
                                      .channels = {},
                                      .endpoints = {},
                                      .started_at_s = wall_s,
                                      .loaded_at_s = wall_s,
                                      .version = "1"});
    const auto steps_after = [&](std::chrono::seconds real, std::int64_t shown) {
        fake.clock.advance(real);
        wall_s = static_cast<std::uint64_t>(static_cast<std::int64_t>(wall_s) + shown);
        monitor.looked("a", true);
        monitor.looked("b", true);
        const std::string text = monitor.metrics.expose({});
        const std::string name = "\nmargrave_clock_step_total ";
        const auto at = text.find(name) + name.size();
        return text.substr(at, text.find('\n', at) - at);
    };
    CHECK(steps_after(10s, 10) == "0");
    for (int minute = 0; minute < 10; ++minute) {
        CHECK(steps_after(60s, 61) == "0");
    }
    CHECK(steps_after(10s, 13) == "1");
    CHECK(steps_after(10s, 10) == "1");
    CHECK(steps_after(10s, -3'600) == "2");
    CHECK(steps_after(3'600s, 3'600) == "2");
}

}  // namespace margrave::app
