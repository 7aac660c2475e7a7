#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace margrave::app {

/// Wakes threads that rest when there is something for them to do. Thread-safe.
class Bell {
  public:
    void ring() {
        {
            const std::lock_guard guard(mutex_);
            ++rings_;
        }
        rang_.notify_all();
    }
    /// Until it has rung more than `heard` times, so that no ring is missed by who was at work, or
    /// the time is over; how often it has rung by then.
    [[nodiscard]] std::uint64_t rest(std::uint64_t heard, std::chrono::milliseconds time) {
        std::unique_lock lock(mutex_);
        rang_.wait_for(lock, time, [&] { return rings_ > heard; });
        return rings_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable rang_;
    std::uint64_t rings_ = 0;
};

}  // namespace margrave::app
