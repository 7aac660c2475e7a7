#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/rule.hpp"
#include "app/bell.hpp"
#include "app/watch_board.hpp"
#include "app/watch_listener.hpp"
#include "app/watch_metrics.hpp"
#include "app/watch_progress.hpp"
#include "app/world.hpp"
#include "server/events.hpp"

namespace margrave::app {

/// Names of workers in Progress.
[[nodiscard]] std::string chain_worker(const std::string& chain);
[[nodiscard]] std::string report_worker(const std::string& chain);
[[nodiscard]] std::string cascade_worker(const std::string& chain);
[[nodiscard]] std::string channel_worker(const std::string& channel);

/// Keeps what a watch says of itself where others can ask for it: figures, the last reports, who
/// gets on, and events for those who listen. Thread-safe.
class WatchMonitor : public WatchListener {
  public:
    WatchMonitor(World& world, MetricsSubjects about);

    const MetricsSubjects subjects;
    Progress progress;
    Board board;
    WatchMetrics metrics;
    server::EventHub events;
    Bell messages;  ///< rings when there are some to deliver

    void heard(const std::string& chain) override;
    void saw_head(const std::string& chain, const chains::Block& head) override;
    void could_not_read(const std::string& chain, core::ErrorKind kind) override;
    void reorganised(const std::string& chain, std::uint64_t depth) override;
    void evaluated(const std::string& chain, const store::WatchedBlock& block,
                   const report::Report& health, Seconds took) override;
    void evaluated_near(const std::string& chain, const store::WatchedBlock& block,
                        Seconds took) override;
    void passed_over(const std::string& chain, const chains::Block& block) override;
    void reported(const std::string& chain,
                  const std::shared_ptr<const report::Report>& report) override;
    void found(const std::string& chain, const AlertMessage& message,
               const std::string& body) override;
    void wrote(const std::string& chain) override;
    void looked(const std::string& chain, bool is_read) override;
    void agreed(const std::string& chain, const chains::evm::Agreement& agreement,
                bool is_read) override;
    void saw_final(const std::string& chain, std::optional<std::uint64_t> lag) override;
    void asked(const std::string& endpoint, const Exchange& exchange) override;
    void sent(const std::string& channel, channels::Delivery::Outcome outcome,
              Seconds took) override;
    void rests(const std::string& channel) override;

  private:
    struct Found {
        alert::Kind kind = alert::Kind::Fire;
        alert::Quantity quantity = alert::Quantity::HealthFactor;
        std::size_t members = 0;
        std::uint64_t block_time = 0;
        std::string body;
    };

    void look_at_clocks();

    World& world_;
    std::mutex mutex_;
    /// What the clock on the wall is ahead of the one that nobody sets.
    std::optional<std::int64_t> clock_ahead_s_;
    std::map<std::string, std::vector<Found>> found_;  ///< not written yet, by chain
};

}  // namespace margrave::app
