#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "core/time.hpp"

namespace margrave::test {

/// The process is killed. No std::exception: nothing but the simulator may catch it.
struct Crash {};

/// The one time of a simulation. It moves when somebody sleeps or waits; the clock on the wall may
/// be wrong about it.
class SimulatedTime final : public core::Clock {
  public:
    std::chrono::steady_clock::time_point now() override {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(now_ms_));
    }
    void sleep_for(std::chrono::milliseconds duration) override {
        now_ms_ += static_cast<std::uint64_t>(duration.count());
    }

    [[nodiscard]] std::uint64_t now_ms() const { return now_ms_; }
    void advance_to(std::uint64_t now_ms) { now_ms_ = now_ms > now_ms_ ? now_ms : now_ms_; }

    /// Called wherever the daemon touches the world: where it may die, and where its other threads
    /// may come in between. May throw Crash.
    std::function<void(std::string_view where)> pause = [](std::string_view) {};

  private:
    std::uint64_t now_ms_ = 0;
};

}  // namespace margrave::test
