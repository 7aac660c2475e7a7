#pragma once

#include <chrono>
#include <vector>

#include "core/time.hpp"

namespace margrave::test {

/// A clock that only moves when somebody sleeps, or when a test moves it.
class FakeClock final : public core::Clock {
  public:
    std::chrono::steady_clock::time_point now() override { return now_; }
    void sleep_for(std::chrono::milliseconds duration) override {
        sleeps.push_back(duration);
        now_ += duration;
    }

    void advance(std::chrono::milliseconds duration) { now_ += duration; }

    std::vector<std::chrono::milliseconds> sleeps;  ///< every sleep so far, in order

  private:
    std::chrono::steady_clock::time_point now_{};
};

}  // namespace margrave::test
