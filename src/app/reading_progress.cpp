#include "app/reading_progress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <syncstream>
#include <utility>

namespace margrave::app {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kSilent = 1s;
constexpr auto kDrawEvery = 200ms;
constexpr auto kTellEvery = 10s;
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
        progress_.sent(chain_);
        auto outcomes = inner_->send(requests);
        progress_.answered(chain_, requests.size());
        return outcomes;
    }

    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return inner_->traffic(); }
    [[nodiscard]] chains::evm::Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override { inner_->abandon(); }

  private:
    ReadingProgress& progress_;
    std::string chain_;
    std::unique_ptr<chains::evm::RpcTransport> inner_;
};

ReadingProgress::ReadingProgress(World& world, bool quiet) : world_(world) {
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
    Clock::duration pause = kSilent;
    while (!ended_.wait_for(lock, stop, pause, [] { return false; }) && !stop.stop_requested()) {
        // Between two questions there is nothing to wait for, and nothing to tell.
        if (!waiting_.empty()) {
            show(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin));
            pause =
                world_.err_is_terminal ? Clock::duration(kDrawEvery) : Clock::duration(kTellEvery);
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
