#include "app/watch_progress.hpp"

#include <fmt/format.h>

namespace margrave::app {

void Progress::expect(const std::string& worker, std::chrono::milliseconds within) {
    const std::lock_guard guard(mutex_);
    workers_.insert_or_assign(worker, Worker{.within = within, .last = clock_.now()});
}

void Progress::beat(const std::string& worker) {
    const std::lock_guard guard(mutex_);
    const auto found = workers_.find(worker);
    if (found != workers_.end()) {
        found->second.last = clock_.now();
    }
}

std::vector<std::string> Progress::what_is_stuck(Moment now) const {
    const std::lock_guard guard(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, worker] : workers_) {
        if (!worker.gets_on(now)) {
            const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - worker.last);
            out.push_back(fmt::format("{}: no progress for {} s", name, waited.count()));
        }
    }
    return out;
}

std::vector<std::string> Progress::what_is_stuck() const { return what_is_stuck(clock_.now()); }

std::map<std::string, bool> Progress::workers(Moment now) const {
    const std::lock_guard guard(mutex_);
    std::map<std::string, bool> out;
    for (const auto& [name, worker] : workers_) {
        out.emplace(name, worker.gets_on(now));
    }
    return out;
}

}  // namespace margrave::app
