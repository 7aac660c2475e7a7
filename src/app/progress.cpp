#include "app/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/time.hpp"

namespace margrave::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kDrawEvery{200};
constexpr milliseconds kTellEvery{10'000};
constexpr unsigned kBarColumns = 30;

std::uint64_t percent(std::uint64_t done, std::uint64_t total) {
    return total == 0 ? 100 : std::min(done, total) * 100 / total;
}

}  // namespace

void Progress::begin(std::string what, std::uint64_t done, std::uint64_t total) {
    end();
    what_ = std::move(what);
    first_ = done;
    total_ = total;
    begin_ = world_.clock.now();
    told_ = begin_;
}

/// "2m 5s left", by the pace since begin(); "" while there is none.
std::string Progress::left(std::uint64_t done) const {
    const auto spent = duration_cast<milliseconds>(world_.clock.now() - begin_).count();
    if (done <= first_ || done >= total_ || spent < kDrawEvery.count()) {
        return "";
    }
    const double pace = static_cast<double>(spent) / static_cast<double>(done - first_);
    const double rest = pace * static_cast<double>(total_ - done) / 1000;
    return ", " + core::format_duration(static_cast<std::uint64_t>(rest)) + " left";
}

void Progress::at(std::uint64_t done) {
    if (quiet_) {
        return;
    }
    const auto now = world_.clock.now();
    if (now - told_ < (world_.err_is_terminal ? kDrawEvery : kTellEvery)) {
        return;
    }
    told_ = now;
    if (world_.err_is_terminal) {
        draw(done);
    } else {
        say(world_, fmt::format("{}: {} of {} ({} %{})", what_, done, total_, percent(done, total_),
                                left(done)));
    }
}

void Progress::draw(std::uint64_t done) {
    const auto filled = static_cast<unsigned>(percent(done, total_) * kBarColumns / 100);
    draw_line(world_, fmt::format("{} [{}{}] {} %{}", what_, std::string(filled, '#'),
                                  std::string(kBarColumns - filled, '.'), percent(done, total_),
                                  left(done)));
    is_drawn_ = true;
}

void Progress::end() {
    if (is_drawn_) {
        clear_line(world_);
        is_drawn_ = false;
    }
}

void Progress::tell(const std::string& line) {
    end();
    if (!quiet_) {
        say(world_, line);
    }
}

}  // namespace margrave::app
