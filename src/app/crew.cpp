#include "app/crew.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace margrave::app {

void Crew::add(std::function<void()> work) {
    threads_.emplace_back([this, work = std::move(work)] {
        try {
            work();
        } catch (const std::exception& error) {
            // Nothing is lost: what was not written is evaluated, or sent, again.
            say(world_, fmt::format("the watch ends: {}", error.what()));
            has_failed_ = true;
            is_ended_ = true;
        }
    });
}

void Crew::rest(std::chrono::milliseconds time) const {
    constexpr std::chrono::milliseconds kSlice{50};
    const auto until = world_.clock.now() + time;
    while (!is_asked_to_stop() && world_.clock.now() < until) {
        world_.clock.sleep_for(std::min(kSlice, time));
    }
}

void Crew::wait() {
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

void Crew::end() {
    is_ended_ = true;
    wait();
}

}  // namespace margrave::app
