#include "app/watch_monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "core/hex.hpp"

namespace margrave::app {

std::string chain_worker(const std::string& chain) { return "chain " + chain; }
std::string report_worker(const std::string& chain) { return "reports of " + chain; }
std::string cascade_worker(const std::string& chain) { return "cascades of " + chain; }
std::string channel_worker(const std::string& channel) { return "channel " + channel; }

WatchMonitor::WatchMonitor(World& world, MetricsSubjects about)
    : subjects(std::move(about)),
      progress(world.clock),
      board(subjects.chains),
      metrics(subjects),
      events(fmt::format("{}{:08x}", subjects.started_at_s, std::random_device()())),
      world_(world) {}

void WatchMonitor::heard(const std::string& chain) { progress.beat(chain_worker(chain)); }

void WatchMonitor::saw_head(const std::string& chain, const chains::Block& head) {
    metrics.saw_head(chain, head.number.value(), head.timestamp.value());
}

void WatchMonitor::could_not_read(const std::string& chain, core::ErrorKind kind) {
    metrics.could_not_read(chain, kind);
}

void WatchMonitor::reorganised(const std::string& chain, std::uint64_t depth) {
    metrics.reorganised(chain, depth);
}

void WatchMonitor::evaluated(const std::string& chain, const store::WatchedBlock& block,
                             const report::Report& health, Seconds took) {
    board.pin(chain, [&](ChainNews& news) {
        news.accounts = health.accounts.size();
        news.unknown = static_cast<std::size_t>(std::count_if(
            health.accounts.begin(), health.accounts.end(), [](const report::Account& account) {
                return account.health.status == margin::Status::Unknown;
            }));
    });
    metrics.counted(chain, health);
    evaluated_near(chain, block, took);
}

void WatchMonitor::evaluated_near(const std::string& chain, const store::WatchedBlock& block,
                                  Seconds took) {
    progress.beat(chain_worker(chain));
    board.pin(chain, [&](ChainNews& news) {
        news.block = block;
        news.block_at = world_.clock.now();
    });
    metrics.evaluated(chain, block, took, world_.wall_s());
    events.tell("block", nlohmann::ordered_json{{"chain", chain},
                                                {"number", std::to_string(block.number)},
                                                {"hash", core::to_hex(block.hash)},
                                                {"timestamp", std::to_string(block.timestamp)}}
                             .dump());
}

void WatchMonitor::passed_over(const std::string& chain, const chains::Block& block) {
    board.pin(chain, [&](ChainNews& news) {
        news.passed_over_s = block.timestamp.value();
        news.block_at = world_.clock.now();
    });
    metrics.passed_over(chain, block.number.value(), block.timestamp.value());
}

void WatchMonitor::reported(const std::string& chain,
                            const std::shared_ptr<const report::Report>& report) {
    progress.beat(chain_worker(chain));
    board.pin(chain, [&](ChainNews& news) { news.report = report; });
}

void WatchMonitor::found(const std::string& chain, const AlertMessage& message,
                         const std::string& body) {
    const std::lock_guard guard(mutex_);
    found_[chain].push_back({.kind = message.kind(),
                             .quantity = message.rule.quantity,
                             .members = message.members.size(),
                             .block_time = message.block_time.value(),
                             .body = body});
}

void WatchMonitor::wrote(const std::string& chain) {
    std::vector<Found> written;
    {
        const std::lock_guard guard(mutex_);
        written = std::exchange(found_[chain], {});
    }
    if (!written.empty()) {
        messages.ring();
    }
    for (const Found& one : written) {
        metrics.told(chain, one.kind, one.members);
        const bool is_fire = one.kind == alert::Kind::Fire || one.kind == alert::Kind::Flapping;
        // What a block's own age makes fire says nothing of how soon a block is seen.
        if (is_fire && one.quantity != alert::Quantity::BlockAge) {
            metrics.fired(chain, one.block_time, world_.wall_s());
        }
        events.tell("alert", one.body);
    }
}

void WatchMonitor::looked(const std::string& chain, bool is_read) {
    progress.beat(chain_worker(chain));
    look_at_clocks();
    metrics.looked(chain, is_read);
    if (is_read) {
        board.pin(chain, [&](ChainNews& news) { news.read_at = world_.clock.now(); });
    }
}

void WatchMonitor::look_at_clocks() {
    constexpr std::int64_t kStepS = 2;
    const std::lock_guard guard(mutex_);
    const auto steady =
        std::chrono::floor<std::chrono::seconds>(world_.clock.now()).time_since_epoch();
    const auto ahead_s = static_cast<std::int64_t>(world_.wall_s()) - steady.count();
    if (clock_ahead_s_ && std::abs(ahead_s - *clock_ahead_s_) > kStepS) {
        metrics.stepped();
    }
    clock_ahead_s_ = ahead_s;
}

void WatchMonitor::agreed(const std::string& chain, const chains::evm::Agreement& agreement,
                          bool is_read) {
    metrics.agreed(chain, agreement, is_read);
}

void WatchMonitor::saw_final(const std::string& chain, std::optional<std::uint64_t> lag) {
    metrics.saw_final(chain, lag);
}

void WatchMonitor::asked(const std::string& endpoint, const Exchange& exchange) {
    metrics.asked(endpoint, exchange);
}

void WatchMonitor::sent(const std::string& channel, channels::Delivery::Outcome outcome,
                        Seconds took) {
    progress.beat(channel_worker(channel));
    metrics.sent(channel, outcome, took);
}

void WatchMonitor::rests(const std::string& channel) { progress.beat(channel_worker(channel)); }

}  // namespace margrave::app
