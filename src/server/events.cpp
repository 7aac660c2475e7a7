#include "server/events.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "core/errors.hpp"

namespace margrave::server {
namespace {

/// The number of "RUN-NUMBER"; nullopt of another run, or of what is no id.
std::optional<std::uint64_t> number_of(std::string_view id, std::string_view run) {
    if (id.size() <= run.size() + 1 || !id.starts_with(run) || id[run.size()] != '-') {
        return std::nullopt;
    }
    const std::string_view digits = id.substr(run.size() + 1);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
    return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace

void Mailbox::put(std::string_view frame) {
    bool was_empty = false;
    {
        const std::lock_guard guard(mutex_);
        was_empty = frames_.empty() && !is_overrun_;
        if (frames_.size() + frame.size() > kBytesMax) {
            is_overrun_ = true;
            frames_.clear();
        }
        if (!is_overrun_) {
            frames_ += frame;
        }
    }
    if (was_empty) {
        wake_();
    }
}

std::string Mailbox::take() {
    const std::lock_guard guard(mutex_);
    return std::exchange(frames_, {});
}

bool Mailbox::is_overrun() const {
    const std::lock_guard guard(mutex_);
    return is_overrun_;
}

void EventHub::tell(std::string_view event, std::string_view data) {
    core::ensure(data.find_first_of("\r\n") == std::string_view::npos, "an event is one line");
    const std::lock_guard guard(mutex_);
    ++told_;
    kept_.push_back(
        {.number = told_,
         .frame = fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", run_, told_, event, data)});
    if (kept_.size() > kKept) {
        kept_.pop_front();
    }
    for (const auto& [key, box] : boxes_) {
        box->put(kept_.back().frame);
    }
}

void EventHub::listen(const std::shared_ptr<Mailbox>& box, std::string_view last_event_id) {
    const std::lock_guard guard(mutex_);
    if (!last_event_id.empty()) {
        catch_up(*box, last_event_id);
    }
    boxes_.emplace(box.get(), box);
}

void EventHub::catch_up(Mailbox& box, std::string_view last_event_id) const {
    const auto last = number_of(last_event_id, run_);
    const std::uint64_t oldest = kept_.empty() ? told_ + 1 : kept_.front().number;
    if (!last || *last > told_ || *last + 1 < oldest) {
        box.put("event: gap\ndata: {}\n\n");
        return;
    }
    for (const Kept& one : kept_) {
        if (one.number > *last) {
            box.put(one.frame);
        }
    }
}

void EventHub::leave(const std::shared_ptr<Mailbox>& box) {
    const std::lock_guard guard(mutex_);
    boxes_.erase(box.get());
}

}  // namespace margrave::server
