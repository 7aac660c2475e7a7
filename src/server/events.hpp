#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace margrave::server {

/// What one listener has not been sent yet. Bounded: who reads too slowly is let go, and keeps
/// neither memory nor those who tell.
class Mailbox {
  public:
    static constexpr std::size_t kBytesMax = std::size_t{256} * 1024;

    /// `wake` is called after something was put into an empty box; it must not take long.
    explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    void put(std::string_view frame);
    /// All that is in it.
    [[nodiscard]] std::string take();
    /// It was too much at some time: something is lost.
    [[nodiscard]] bool is_overrun() const;

  private:
    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::string frames_;
    bool is_overrun_ = false;
};

/// Events for all who listen, as text/event-stream frames. Thread-safe; telling never waits for a
/// listener.
class EventHub {
  public:
    /// So many are kept for those who come back with the last id that they saw.
    static constexpr std::size_t kKept = 256;

    /// `run` tells this run's ids apart from those of another.
    explicit EventHub(std::string run) : run_(std::move(run)) {}

    /// `data` is one line; anything else would end the frame early, and throws InvariantError.
    void tell(std::string_view event, std::string_view data);

    /// `box` first gets what came after `last_event_id`, or, where that cannot be known any more,
    /// an event "gap"; for an empty id nothing.
    void listen(const std::shared_ptr<Mailbox>& box, std::string_view last_event_id);
    void leave(const std::shared_ptr<Mailbox>& box);

  private:
    struct Kept {
        std::uint64_t number = 0;
        std::string frame;
    };
    void catch_up(Mailbox& box, std::string_view last_event_id) const;

    const std::string run_;
    std::mutex mutex_;
    std::uint64_t told_ = 0;
    std::deque<Kept> kept_;
    std::map<Mailbox*, std::shared_ptr<Mailbox>> boxes_;
};

}  // namespace margrave::server
