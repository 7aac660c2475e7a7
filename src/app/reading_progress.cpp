#include "app/reading_progress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <syncstream>
#include <utility>

namespace margrave::app {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Of the chains waited for, as many are named.
constexpr std::size_t kNamesMax = 3;

}  // namespace

class ReadingProgress::WatchedTransport final : public chains::evm::RpcTransport {
  public:
    WatchedTransport(ReadingProgress& progress, std::string chain,
                     std::unique_ptr<chains::evm::RpcTransport> inner)
        : progress_(progress), chain_(std::move(chain)), inner_(std::move(inner)) {}

    std::vector<std::vector<chains::evm::RpcOutcome>> send(
        const std::vector<chains::evm::RpcRequest>& requests) override {
        const Waiting waiting(progress_, chain_, requests.size());
        return inner_->send(requests);
    }

    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return inner_->traffic(); }
    [[nodiscard]] chains::evm::Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override { inner_->abandon(); }

  private:
    /// From here to the end of the block, however that is left.
    class Waiting {
      public:
        Waiting(ReadingProgress& progress, const std::string& chain, std::size_t requests)
            : progress_(progress), chain_(chain), requests_(requests) {
            progress_.sent(chain_);
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() { progress_.answered(chain_, requests_); }

      private:
        ReadingProgress& progress_;
        const std::string& chain_;
        std::size_t requests_;
    };

    ReadingProgress& progress_;
    std::string chain_;
    std::unique_ptr<chains::evm::RpcTransport> inner_;
};

ReadingProgress::ReadingProgress(World& world, bool quiet, const Pauses& pauses)
    : world_(world), pauses_(pauses) {
    if (!quiet) {
        teller_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

ReadingProgress::~ReadingProgress() {
    if (teller_.joinable()) {
        teller_.request_stop();
        teller_.join();
    }
    if (is_drawn_) {
        clear_line(world_);
    }
}

std::unique_ptr<chains::evm::RpcTransport> ReadingProgress::watch(
    std::string chain, std::unique_ptr<chains::evm::RpcTransport> inner) {
    return std::make_unique<WatchedTransport>(*this, std::move(chain), std::move(inner));
}

void ReadingProgress::sent(const std::string& chain) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(chain);
}

void ReadingProgress::answered(const std::string& chain, std::size_t requests) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), chain));
    answered_ += requests;
}

void ReadingProgress::run(const std::stop_token& stop) {
    const auto begin = Clock::now();
    std::unique_lock lock(mutex_);
    milliseconds pause = pauses_.silent;
    while (!ended_.wait_for(lock, stop, pause, [] { return false; }) && !stop.stop_requested()) {
        // Between two questions there is nothing to wait for, and nothing to tell.
        if (!waiting_.empty()) {
            show(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin));
            pause = world_.err_is_terminal ? pauses_.draw : pauses_.tell;
        }
    }
}

void ReadingProgress::show(std::chrono::seconds since) {
    if (world_.err_is_terminal) {
        draw_line(world_, line(since));
        is_drawn_ = true;
    } else {
        say(world_, line(since));
    }
}

std::string ReadingProgress::line(std::chrono::seconds since) const {
    const std::size_t named = std::min(kNamesMax, waiting_.size());
    const std::size_t others = waiting_.size() - named;
    return fmt::format(
        "reading for {} s: {} requests answered, waiting for {}{}", since.count(), answered_,
        fmt::join(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(named), ", "),
        others == 0 ? "" : fmt::format(" and {} more", others));
}

}  // namespace margrave::app
