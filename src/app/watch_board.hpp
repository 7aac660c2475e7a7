#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
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
    std::optional<store::WatchedBlock> block;  ///< the last that was evaluated
    /// When it was, in this run: a clock on the wall that is wrong makes no old block young.
    std::optional<std::chrono::steady_clock::time_point> block_at;
    /// The time of the newest block with which nobody had to be looked at; 0: none was passed over.
    std::uint64_t passed_over_s = 0;
    std::size_t accounts = 0;  ///< at that block
    std::size_t unknown = 0;   ///< of them, those of which nothing could be told
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
    [[nodiscard]] bool all_were_read() const {
        const std::lock_guard guard(mutex_);
        return std::all_of(news_.begin(), news_.end(),
                           [](const auto& one) { return one.second.read_at.has_value(); });
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
