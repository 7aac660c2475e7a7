#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace margrave::app {

/// Who works in a watch, and whether each of them gets on. A process that is there but stands still
/// is worse than one that is gone: whoever lets others believe that it lives, a watchdog or a
/// heartbeat, asks here first. Thread-safe.
class Progress {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    explicit Progress(core::Clock& clock) : clock_(clock) {}

    /// From now on `worker` ("chain ethereum", "channel ops") gets on at least so often.
    void expect(const std::string& worker, std::chrono::milliseconds within);
    /// It got on. Of one that is not expected nothing is kept.
    void beat(const std::string& worker);

    /// A sentence for each that stands still: "chain ethereum: no progress for 95 s". None: all get
    /// on.
    [[nodiscard]] std::vector<std::string> what_is_stuck(Moment now) const;
    [[nodiscard]] std::vector<std::string> what_is_stuck() const;
    /// Every worker, and whether it gets on.
    [[nodiscard]] std::map<std::string, bool> workers(Moment now) const;

  private:
    struct Worker {
        std::chrono::milliseconds within{0};
        Moment last;

        [[nodiscard]] bool gets_on(Moment now) const { return now - last <= within; }
    };

    core::Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Worker> workers_;
};

}  // namespace margrave::app
