#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// What is known of one chain of a running watch.
struct ChainNews {
    std::optional<store::WatchedBlock> block;      ///< the last that was evaluated since the start
    std::shared_ptr<const report::Report> report;  ///< the last whole one; empty before the first
    /// When all up to the head was evaluated last.
    std::optional<std::chrono::steady_clock::time_point> read_at;
};

/// The last news of every chain, for those who ask. Whoever pins something up and whoever reads
/// waits for no more than a pointer to be copied. Thread-safe.
class Board {
  public:
    explicit Board(const std::vector<std::string>& chains) {
        for (const std::string& chain : chains) {
            news_.emplace(chain, ChainNews{});
        }
    }

    template <class Change>
    void pin(const std::string& chain, const Change& change) {
        const std::lock_guard guard(mutex_);
        change(news_[chain]);
    }
    [[nodiscard]] std::map<std::string, ChainNews> all() const {
        const std::lock_guard guard(mutex_);
        return news_;
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, ChainNews> news_;
};

}  // namespace margrave::app
