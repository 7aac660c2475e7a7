#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/standing.hpp"
#include "app/watch_listener.hpp"
#include "app/world.hpp"
#include "channels/channel.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Brings the messages of one channel to it, one after the other.
class Courier {
  public:
    /// `others` are channels that are told of what this one never takes.
    Courier(World& world, store::WatchFile& file, std::string name, channels::Channel& channel,
            WatchListener& listener = WatchListener::nobody(),
            std::vector<std::string> others = {});

    /// Until nothing is due, or `is_asked_to_stop`. What the receiver does not take now is tried
    /// again after 1, 2, 4 … 60 s, or when it asks to, without an end, and the channel rests
    /// meanwhile; what it refuses is tried as often while others go past it, and after an hour, or
    /// when it says that it is for nobody any more, kept apart, said, and told to the others. What
    /// waits beyond kPatience is told to them, too, and tried on. A receiver that forgets is told
    /// again what stands, when it is time. Throws InputError where the file cannot be used.
    void deliver(const std::function<bool()>& is_asked_to_stop);

    /// Long enough to move a receiver, or to give it another key.
    static constexpr std::chrono::seconds kRefusedFor{3600};
    /// So many messages may rest alone before the channel rests with the next one.
    static constexpr std::size_t kRestAloneMax = 8;
    /// A receiver that asks for it is left alone for so long.
    static constexpr std::uint64_t kAskedRestMaxS = 900;

  private:
    using Moment = std::chrono::steady_clock::time_point;

    /// Those that rest alone.
    [[nodiscard]] std::vector<std::int64_t> resting();
    void note(const store::Outgoing& message, const channels::Delivery& came, std::uint64_t now_s);
    void try_again(const store::Outgoing& message, const channels::Delivery& came,
                   std::uint64_t now_s);
    void tell_of_the_late();
    void repeat();
    void say_of(const store::Outgoing& message, std::string_view what, const std::string& why);

    World& world_;
    store::WatchFile& file_;
    std::string name_;
    channels::Channel& channel_;
    WatchListener& listener_;
    std::vector<std::string> others_;
    /// Delivered, which the file could not be told yet: it is not sent again.
    std::optional<std::int64_t> unmarked_;
    std::optional<Standing> standing_;  ///< of a receiver that forgets
    std::uint64_t repeat_at_s_ = 0;
    bool is_repeat_refused_ = false;
    /// Since when a message is refused, without another word between, and until when one rests
    /// alone; by the clock that nobody sets. A new watch waits anew.
    std::map<std::int64_t, Moment> refused_since_;
    std::map<std::int64_t, Moment> rests_until_;
    /// As the receiver asks. The file has a minute of it.
    Moment left_alone_until_;
    std::optional<Moment> looked_for_late_at_;
};

/// Seconds before the next try of a message that failed so many times. Spread by its key, so that
/// many do not come back at once.
[[nodiscard]] std::uint64_t retry_delay_s(std::uint64_t attempts, std::string_view key);

}  // namespace margrave::app
