#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// Where messages go. A channel sends one message once and says what came of it; when it is tried
/// again is its owner's business.
namespace margrave::channels {

struct Message {
    std::string key;   ///< the same at every try: a receiver that has seen it need not act again
    std::string body;  ///< JSON
};

struct Delivery {
    enum class Outcome : std::uint8_t {
        Delivered,
        Later,    ///< worth another try
        Refused,  ///< as it is refused while a receiver is being moved, or for good
        Never,    ///< the receiver says that it is gone, or will never take this
    };
    Outcome outcome = Outcome::Later;
    /// Of what is not delivered, or not to everybody, or not where it was sent to; without any
    /// secret.
    std::string why = {};
    std::optional<std::uint64_t> retry_after_s = std::nullopt;  ///< as the receiver asks
    /// Of Later: the receiver is well, and takes others meanwhile.
    bool is_alone = false;
};

/// How often a receiver that forgets is told again.
struct Repeats {
    std::uint64_t every_s = 0;      ///< what stands
    std::uint64_t ended_for_s = 0;  ///< what ended, for so long
};

class Channel {
  public:
    virtual ~Channel() = default;
    /// `now_s` is the time of this try, on the wall. Never throws for what the receiver does.
    [[nodiscard]] virtual Delivery send(const Message& message, std::uint64_t now_s) = 0;

    /// Of a receiver that forgets what it is not told again; else nullopt.
    [[nodiscard]] virtual std::optional<Repeats> repeats() const { return std::nullopt; }
    /// Messages that it took before and that stand, or ended a short while ago, once more. Only of
    /// a channel with repeats().
    [[nodiscard]] virtual Delivery repeat(std::span<const Message> /*messages*/,
                                          std::uint64_t /*now_s*/) {
        return {.outcome = Delivery::Outcome::Delivered};
    }
};

}  // namespace margrave::channels
