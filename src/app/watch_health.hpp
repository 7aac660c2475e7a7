#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/rule.hpp"
#include "app/watch_board.hpp"
#include "app/watch_progress.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Whether what a watch says can be relied on now. Sentences name what is wrong, of chains and
/// channels by their names; none: all is well.
class WatchHealth {
  public:
    /// So long an urgent message may wait.
    static constexpr std::uint64_t kUrgentWaitsS = 60;

    /// `read_within`: so long a chain may not have been read up to its head.
    WatchHealth(const Progress& progress, const Board& board, std::vector<alert::Rule> rules,
                std::chrono::seconds read_within)
        : progress_(progress), board_(board), rules_(std::move(rules)), read_within_(read_within) {}

    /// Of the process: every thread gets on.
    [[nodiscard]] std::vector<std::string> what_stands_still(Progress::Moment now) const;
    /// Of what it says, besides: chains are read, their blocks are no older than the rules of
    /// block_age allow, the file can be written, urgent messages leave.
    [[nodiscard]] std::vector<std::string> what_is_unready(store::WatchFile& file,
                                                           Progress::Moment now,
                                                           std::uint64_t wall_s);

  private:
    void check_chain(const std::string& chain, const ChainNews& news, Progress::Moment now,
                     std::uint64_t wall_s, std::vector<std::string>& out) const;
    void check_store(store::WatchFile& file, Progress::Moment now, std::uint64_t wall_s,
                     std::vector<std::string>& out);

    const Progress& progress_;
    const Board& board_;
    const std::vector<alert::Rule> rules_;
    const std::chrono::seconds read_within_;
    std::optional<Progress::Moment> written_at_;  ///< when the file was last written to see
};

}  // namespace margrave::app
