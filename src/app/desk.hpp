#pragma once

#include <mutex>
#include <optional>
#include <utility>

namespace margrave::app {

/// Hands one piece of work at a time to a thread that has time for it, and what came of it back.
/// Thread-safe.
template <typename Work, typename Outcome>
class Desk {
  public:
    [[nodiscard]] bool is_free() const {
        const std::lock_guard guard(mutex_);
        return !is_in_hand_ && !work_ && !outcome_;
    }
    /// Onto a free one.
    void put(Work work) {
        const std::lock_guard guard(mutex_);
        work_ = std::move(work);
        is_wanted_ = true;
    }
    /// Does what lies there by `make`, an Outcome of a Work; false where nothing does.
    template <typename Make>
    bool work(const Make& make) {
        std::optional<Work> mine;
        {
            const std::lock_guard guard(mutex_);
            mine = std::exchange(work_, std::nullopt);
            is_in_hand_ = mine.has_value();
        }
        if (!mine) {
            return false;
        }
        std::optional<Outcome> made = make(std::move(*mine));
        const std::lock_guard guard(mutex_);
        is_in_hand_ = false;
        outcome_ = is_wanted_ ? std::move(made) : std::nullopt;
        return true;
    }
    /// What came of it; nullopt where nothing is done.
    [[nodiscard]] std::optional<Outcome> take() {
        const std::lock_guard guard(mutex_);
        return std::exchange(outcome_, std::nullopt);
    }
    /// Nobody wants any more what lies there, or is in hand.
    void discard() {
        const std::lock_guard guard(mutex_);
        work_.reset();
        outcome_.reset();
        is_wanted_ = false;
    }

  private:
    mutable std::mutex mutex_;
    std::optional<Work> work_;
    std::optional<Outcome> outcome_;
    bool is_in_hand_ = false;
    bool is_wanted_ = false;
};

}  // namespace margrave::app
