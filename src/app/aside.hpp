#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/desk.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// What is made of a block beside looks, because it takes longer than the next block may wait: put
/// aside by the thread that looks, done by another one.
class Aside {
  public:
    using SharedSnapshot = std::shared_ptr<const snapshot::Snapshot>;

    /// A block to report on, and the report once it is made.
    struct Task {
        store::WatchedBlock block;
        SharedSnapshot snapshot;
        std::shared_ptr<const report::Report> report = nullptr;
        std::string failed_because = {};  ///< why there is no report
        std::string reading = {};         ///< that the report was made of, where not the snapshot
    };

    /// `every_s` by the time of the chain.
    explicit Aside(std::uint64_t every_s) : every_s_(every_s) {}

    /// With the next block, whenever the last was.
    void make_due() { is_due_ = true; }
    void set_every(std::uint64_t seconds) { every_s_ = seconds; }
    [[nodiscard]] std::uint64_t every_s() const { return every_s_; }

    /// When it is due, and the one before is done.
    void put(const store::WatchedBlock& block, const SharedSnapshot& snapshot) {
        // A reorganisation can lead back in time.
        const bool is_due = is_due_ || !last_ || block.timestamp < last_->timestamp ||
                            block.timestamp - last_->timestamp >= every_s_;
        if (is_due && desk_.is_free()) {
            desk_.put({.block = block, .snapshot = snapshot});
            last_ = block;
            is_due_ = false;
        }
    }
    /// Blocks behind this one were reorganised away.
    void undo_after(std::uint64_t block) {
        if (last_ && last_->number > block) {
            desk_.discard();
            last_.reset();
        }
    }
    /// Of both threads.
    Desk<Task>& desk() { return desk_; }

  private:
    Desk<Task> desk_;
    std::optional<store::WatchedBlock> last_;  ///< that was put aside
    std::uint64_t every_s_;
    bool is_due_ = true;
};

}  // namespace margrave::app
