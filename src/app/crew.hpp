#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "app/world.hpp"

namespace margrave::app {

/// Threads that end when they are asked to, or when one of them cannot go on.
class Crew {
  public:
    /// `is_asked_to_end` is looked at by all of them.
    Crew(World& world, std::function<bool()> is_asked_to_end)
        : world_(world), is_asked_to_end_(std::move(is_asked_to_end)) {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { end(); }

    [[nodiscard]] bool is_asked_to_stop() const { return is_ended_ || is_asked_to_end_(); }
    [[nodiscard]] bool has_failed() const { return has_failed_; }

    /// `work` throws where it cannot go on: then all end.
    void add(std::function<void()> work);
    /// In slices, so that nobody waits for it.
    void rest(std::chrono::milliseconds time) const;
    void wait();
    void end();

  private:
    World& world_;
    std::function<bool()> is_asked_to_end_;
    std::atomic<bool> is_ended_ = false;
    std::atomic<bool> has_failed_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace margrave::app
