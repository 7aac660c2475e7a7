#include "app/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/given_up.hpp"
#include "core/text.hpp"

namespace margrave::app {

using channels::Delivery;

std::uint64_t retry_delay_s(std::uint64_t attempts, std::string_view key) {
    constexpr std::uint64_t kDoublingsMax = 6;
    const std::uint64_t longest = std::min(store::WatchFile::kRestMaxS,
                                           std::uint64_t{1} << std::min(attempts, kDoublingsMax));
    // 2^64 over the golden ratio, which tells tries of one message apart.
    const std::uint64_t chance =
        std::hash<std::string_view>{}(key) ^ (attempts * 0x9e3779b97f4a7c15);
    return 1 + chance % longest;
}

Courier::Courier(World& world, store::WatchFile& file, std::string name, channels::Channel& channel,
                 WatchListener& listener, std::vector<std::string> others)
    : world_(world),
      file_(file),
      name_(std::move(name)),
      channel_(channel),
      listener_(listener),
      others_(std::move(others)) {
    std::erase(others_, name_);
    if (const auto repeats = channel_.repeats()) {
        standing_.emplace(file_, name_, *repeats);
    }
}

void Courier::deliver(const std::function<bool()>& is_asked_to_stop) {
    while (!is_asked_to_stop()) {
        if (unmarked_) {
            file_.mark_sent(*unmarked_, world_.wall_s());
            unmarked_.reset();
        }
        const bool is_left_alone = world_.clock.now() < left_alone_until_;
        const auto message =
            is_left_alone ? std::nullopt : file_.next(name_, world_.wall_s(), resting());
        if (!message) {
            tell_of_the_late();
            repeat();
            listener_.rests(name_);
            return;
        }
        const std::uint64_t now_s = world_.wall_s();
        const auto begun = world_.clock.now();
        const Delivery came = channel_.send({.key = message->key, .body = message->body}, now_s);
        listener_.sent(name_, came.outcome, world_.clock.now() - begun);
        note(*message, came, now_s);
        tell_of_the_late();
        repeat();  // also where there is more to deliver than time
    }
}

std::vector<std::int64_t> Courier::resting() {
    const auto now = world_.clock.now();
    std::erase_if(rests_until_, [&](const auto& one) { return one.second <= now; });
    std::vector<std::int64_t> out;
    out.reserve(rests_until_.size());
    for (const auto& [id, until] : rests_until_) {
        out.push_back(id);
    }
    return out;
}

void Courier::note(const store::Outgoing& message, const Delivery& came, std::uint64_t now_s) {
    const bool is_refused = came.outcome == Delivery::Outcome::Refused;
    const auto now = world_.clock.now();
    const auto since = is_refused ? refused_since_.emplace(message.id, now).first->second : now;
    const bool is_refused_for_good =
        came.outcome == Delivery::Outcome::Never || (is_refused && now - since > kRefusedFor);
    if (!is_refused || is_refused_for_good) {
        refused_since_.erase(message.id);
    }
    if (came.outcome == Delivery::Outcome::Delivered) {
        unmarked_ = message.id;
        file_.mark_sent(message.id, now_s);
        unmarked_.reset();
        if (message.done_at != 0) {
            take_back_late(file_, message, others_, now_s);
        }
        if (!came.why.empty()) {
            say_of(message, "is delivered, but", came.why);
        }
        if (standing_) {
            standing_->note(message, now_s);
        }
    } else if (is_refused_for_good) {
        file_.mark_dead(message.id, came.why, now_s,
                        [&] { return tell_others(file_, message, came.why, others_, now_s); });
        say_of(message, "is given up", came.why);
    } else {
        try_again(message, came, now_s);
    }
}

void Courier::try_again(const store::Outgoing& message, const Delivery& came, std::uint64_t now_s) {
    // A receiver that asks for no rest gets one all the same.
    const std::uint64_t wait =
        std::clamp(came.retry_after_s.value_or(retry_delay_s(message.attempts, message.key)),
                   std::uint64_t{1}, kAskedRestMaxS);
    // Where many are refused it is not about them: the receiver is not asked ever more often.
    const bool is_about_it = came.outcome == Delivery::Outcome::Refused || came.is_alone;
    if (is_about_it && rests_until_.size() < kRestAloneMax) {
        constexpr std::uint64_t kAtOnce = 0;
        rests_until_[message.id] = world_.clock.now() + std::chrono::seconds(wait);
        file_.mark_failed(message.id, came.why, kAtOnce);  // as far as the file knows
    } else {
        if (came.retry_after_s) {
            left_alone_until_ = world_.clock.now() + std::chrono::seconds(wait);
        }
        file_.mark_failed(message.id, came.why,
                          now_s + std::min(wait, store::WatchFile::kRestMaxS));
    }
    say_of(message, fmt::format("is tried again in {} s", wait), came.why);
}

void Courier::tell_of_the_late() {
    constexpr std::chrono::seconds kBetweenLooks{1};
    const auto now = world_.clock.now();
    if (others_.empty() || (looked_for_late_at_ && now - *looked_for_late_at_ < kBetweenLooks)) {
        return;
    }
    looked_for_late_at_ = now;
    const std::uint64_t now_s = world_.wall_s();
    for (const store::Outgoing& message : file_.late(name_, now_s, kPatience)) {
        file_.mark_late(message.id, now_s, tell_of_late(file_, message, others_, now_s));
    }
}

void Courier::repeat() {
    const std::uint64_t now_s = world_.wall_s();
    const std::uint64_t every_s = standing_ ? channel_.repeats()->every_s : 0;
    // A clock that was set back makes nobody wait.
    if (!standing_ || (now_s < repeat_at_s_ && repeat_at_s_ - now_s <= every_s)) {
        return;
    }
    repeat_at_s_ = now_s + every_s;
    const auto messages = standing_->due(now_s);
    if (messages.empty()) {
        return;
    }
    const Delivery came = channel_.repeat(messages, now_s);
    if (!came.why.empty() && !is_repeat_refused_) {
        say(world_, fmt::format("channel {}: what stands could not be told again: {}",
                                core::printable(name_), core::printable(came.why)));
    }
    is_repeat_refused_ = !came.why.empty();
}

void Courier::say_of(const store::Outgoing& message, std::string_view what,
                     const std::string& why) {
    say(world_, fmt::format("channel {}: {} {}: {}", core::printable(name_), message.key, what,
                            core::printable(why)));
}

}  // namespace margrave::app
