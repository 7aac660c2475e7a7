#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alert/rule.hpp"
#include "app/watch_board.hpp"
#include "app/watch_progress.hpp"
#include "core/units.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Whether what a watch says can be relied on now. Sentences name what is wrong, of chains and
/// channels by their names; none: all is well.
class WatchHealth {
  public:
    /// So long an urgent message may wait.
    static constexpr std::uint64_t kUrgentWaitsS = 60;

    /// `read_within`: so long a chain may not have been read up to its head.
    WatchHealth(const Progress& progress, const Board& board, const std::vector<alert::Rule>& rules,
                std::chrono::seconds read_within);

    /// Of the process: every thread gets on.
    [[nodiscard]] std::vector<std::string> what_stands_still(Progress::Moment now) const;
    /// Of what it says, besides: chains are read, and something of their accounts is known; their
    /// blocks are no older than the rules of block_age allow, without any no older than what a
    /// chain may go unread; the file can be written, urgent messages leave, and of those that were
    /// given up somebody else was told what still stands.
    [[nodiscard]] std::vector<std::string> what_is_unready(store::WatchFile& file,
                                                           Progress::Moment now,
                                                           std::uint64_t wall_s);

  private:
    void check_chain(const std::string& chain, const ChainNews& news, Progress::Moment now,
                     std::uint64_t wall_s, std::vector<std::string>& out) const;
    void check_store(store::WatchFile& file, Progress::Moment now, std::uint64_t wall_s,
                     std::vector<std::string>& out);
    static void check_given_up(store::WatchFile& file, std::vector<std::string>& out);

    const Progress& progress_;
    const Board& board_;
    const std::chrono::seconds read_within_;
    core::Wad oldest_;                            ///< so many seconds a block may be old
    std::optional<Progress::Moment> written_at_;  ///< when the file was last written to see
};

}  // namespace margrave::app
