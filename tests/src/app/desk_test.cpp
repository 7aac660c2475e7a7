#include "app/desk.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <thread>

#include "app/bell.hpp"

namespace margrave {
namespace {

using namespace std::chrono_literals;

int doubled(int work) { return 2 * work; }

TEST_CASE("a desk hands work over, and what came of it back", "[desk]") {
    app::Desk<int> desk;
    CHECK(desk.is_free());
    CHECK_FALSE(desk.work(doubled));
    desk.put(21);
    CHECK_FALSE(desk.is_free());
    CHECK_FALSE(desk.take().has_value());
    CHECK(desk.work(doubled));
    CHECK_FALSE(desk.is_free());
    CHECK(desk.take() == 42);
    CHECK(desk.is_free());
}

TEST_CASE("what is discarded is not handed back, whoever has it in hand", "[desk]") {
    app::Desk<int> desk;
    desk.put(1);
    desk.discard();
    CHECK(desk.is_free());
    CHECK_FALSE(desk.work(doubled));

    desk.put(2);
    CHECK(desk.work([&](int work) {
        desk.discard();
        CHECK_FALSE(desk.is_free());  // who is at it can take no more
        return work;
    }));
    CHECK_FALSE(desk.take().has_value());
    CHECK(desk.is_free());

    desk.put(3);
    CHECK(desk.work(doubled));
    desk.discard();
    CHECK_FALSE(desk.take().has_value());
}

TEST_CASE("a bell that rang while nobody rested is heard", "[desk]") {
    app::Bell bell;
    CHECK(bell.rest(0, 0ms) == 0);
    bell.ring();
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t heard = bell.rest(0, 60s);
    CHECK(heard == 1);
    std::thread ringing([&] { bell.ring(); });
    CHECK(bell.rest(heard, 60s) == 2);
    ringing.join();
    CHECK(std::chrono::steady_clock::now() - begun < 30s);
}

}  // namespace
}  // namespace margrave
