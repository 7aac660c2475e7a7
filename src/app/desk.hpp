#pragma once

#include <mutex>
#include <optional>
#include <utility>

namespace margrave::app {

/// Hands one task at a time to a thread that has time for it, and back when it is done.
/// Thread-safe.
template <typename Task>
class Desk {
  public:
    [[nodiscard]] bool is_free() const {
        const std::lock_guard guard(mutex_);
        return !is_in_hand_ && !task_ && !done_;
    }
    /// Onto a free one.
    void put(Task task) {
        const std::lock_guard guard(mutex_);
        task_ = std::move(task);
        is_wanted_ = true;
    }
    /// Has `work` do what lies there, false where nothing does: the task as it is done, or nullopt
    /// where nothing came of it.
    template <typename Work>
    bool work(const Work& work) {
        std::optional<Task> mine;
        {
            const std::lock_guard guard(mutex_);
            mine = std::exchange(task_, std::nullopt);
            is_in_hand_ = mine.has_value();
        }
        if (!mine) {
            return false;
        }
        std::optional<Task> done = work(std::move(*mine));
        const std::lock_guard guard(mutex_);
        is_in_hand_ = false;
        done_ = is_wanted_ ? std::move(done) : std::nullopt;
        return true;
    }
    /// What is done; nullopt where nothing is.
    [[nodiscard]] std::optional<Task> take() {
        const std::lock_guard guard(mutex_);
        return std::exchange(done_, std::nullopt);
    }
    /// Nobody wants any more what lies there, or is in hand.
    void discard() {
        const std::lock_guard guard(mutex_);
        task_.reset();
        done_.reset();
        is_wanted_ = false;
    }

  private:
    mutable std::mutex mutex_;
    std::optional<Task> task_;
    std::optional<Task> done_;
    bool is_in_hand_ = false;
    bool is_wanted_ = false;
};

}  // namespace margrave::app
