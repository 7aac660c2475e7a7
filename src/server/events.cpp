#include "server/events.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/errors.hpp"
#include "core/u256.hpp"

namespace margrave::server {
namespace {

/// The number of "RUN-NUMBER"; nullopt of another run, or of what is no id.
std::optional<std::uint64_t> number_of(std::string_view id, std::string_view run) {
    if (id.size() <= run.size() || !id.starts_with(run) || id[run.size()] != '-') {
        return std::nullopt;
    }
    return core::parse_u64(id.substr(run.size() + 1));
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
    const bool is_gap = !last || *last > told_ || *last + 1 < oldest;
    std::string missed;
    for (const Kept& one : kept_) {
        if (!is_gap && one.number > *last) {
            missed += one.frame;
        }
    }
    // With more than a box holds, who came back would be let go at once, for ever.
    if (is_gap || missed.size() > Mailbox::kBytesMax) {
        // Its id is where things are now: who comes back again has missed nothing since.
        missed = fmt::format("id: {}-{}\nevent: gap\ndata: {{}}\n\n", run_, told_);
    }
    if (!missed.empty()) {
        box.put(missed);
    }
}

void EventHub::leave(const std::shared_ptr<Mailbox>& box) {
    const std::lock_guard guard(mutex_);
    boxes_.erase(box.get());
}

}  // namespace margrave::server
